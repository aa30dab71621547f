import '../../support/seed.ts'
import { gzipSync, constants as zlibConstants, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { corpusLimits } from '../../../src/corpus/limits.ts'
import { createZstdReader } from '../../../src/corpus/readers/zstd.ts'
import { cutFrames } from '../../../src/corpus/readers/zstd-frames.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { chunk, collect, readFileRows } from '../corpora.ts'

const lines = Array.from({ length: 5000 }, (_, index) => `{"n":${index},"text":"${index * 7919}"}`).join('\n')
const values = lines.split('\n').map((line) => JSON.parse(line))

async function readValues(bytes: Uint8Array | string, file: string, size?: number): Promise<unknown[]> {
  return (await collect(readFileRows(bytes, { file, ...(size === undefined ? {} : { size }) }))).map(
    ({ value }) => value,
  )
}

const packers: Record<string, (text: string | Uint8Array) => Buffer> = {
  gz: (text) => gzipSync(text),
  zst: (text) => zstdCompressSync(text),
}

describe.each(['gz', 'zst'])('an archive (.%s)', (kind) => {
  const pack = packers[kind] ?? gzipSync
  const file = `a.jsonl.${kind}`
  const name = kind === 'gz' ? 'gzip' : 'zstd'
  const whole = pack(lines)

  it.each([1, 7, 1000, 65_536])('gives its rows in chunks of %d bytes', async (size) => {
    const small = pack('{"a":1}\n\n{"a":2}\n')
    expect(await collect(readFileRows(small, { file, size }))).toEqual([
      { number: 1, value: { a: 1 } },
      { number: 3, value: { a: 2 } },
    ])
    if (size > 1) expect(await readValues(whole, file, size)).toEqual(values)
  })

  it.each([0, 3, 10, 500, whole.length - 1])(
    'that is cut off after %d bytes is refused, with the line that was reached',
    async (size) => {
      const error = await takeRefusal(() => readValues(whole.subarray(0, size), file, 100))
      expect(error.code).toBe('corpus')
      expect(error.message).toMatch(new RegExp(`^the ${name} archive is damaged or cut off \\(`))
      expect(error.where?.file).toBe(file)
      expect(error.where?.line).toBeGreaterThanOrEqual(1)
      expect(error.remedy).toBe('transfer the file again')
    },
  )

  it('must be one', async () => {
    const error = await takeRefusal(() => readValues('{"a":1}\n', file))
    expect(error.message).toMatch(new RegExp(`^the ${name} archive is damaged`))
  })

  it('may be several, one after the other', async () => {
    const archive = Buffer.concat([pack('{"a":1}\n{"b"'), pack(':2}\n'), pack(''), pack('{"c":3}')])
    for (const size of [1, 5, 65_536]) {
      expect(await readValues(archive, file, size)).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }])
    }
  })

  it.each(['garbage', '\0\0\0\0'.repeat(50_000)])(
    'is not followed by other bytes, however they arrive: %#',
    async (rest) => {
      const archive = Buffer.concat([pack('{"a":1}\n'), Buffer.from(rest)])
      for (const size of [10, 1000, 65_536]) {
        const error = await takeRefusal(() => readValues(archive, file, size))
        expect(error.message).toMatch(/^other bytes follow the end|is damaged or cut off/)
      }
    },
  )

  it('that unpacks to far more than its size is refused before it has', async () => {
    const limits = { unpackedFree: 200_000, unpackedRatio: 50 }
    const bomb = pack('{"a":1}\n'.repeat(1_000_000))
    let rows = 0
    const error = await takeRefusal(async () => {
      for await (const _ of readFileRows(bomb, { file, limits })) rows += 1
    })
    expect(error.message).toBe(
      'the archive unpacks to more than 200000 bytes and to more than 50 times its size',
    )
    expect(error.where).toEqual({ file, line: rows + 1 })
    expect(rows * 8).toBeLessThan(50 * bomb.length + 400_000)
    // What is small, or packs as text does, is none.
    await collect(readFileRows(pack('{"a":1}\n'.repeat(20_000)), { file, limits }))
    await collect(readFileRows(whole, { file, limits: { unpackedFree: 0, unpackedRatio: 20 } }))
  })

  it('is read no further than its rows are asked for', async () => {
    const random = Array.from({ length: 40_000 }, (_, index) => `{"n":${(index * 2654435761) % 4294967296}}`)
    const bytes = pack(random.join('\n'))
    let given = 0
    async function* source() {
      for await (const piece of chunk(bytes, 1000)) {
        given += piece.length
        yield piece
      }
    }
    for await (const _ of readFileRows(bytes, { file, source: source() })) break
    expect(given).toBeLessThan(bytes.length / 2)
  })
})

describe('a line', () => {
  it.each(['a.jsonl', 'a.jsonl.gz', 'a.jsonl.zst'])(
    'of 50 MB is refused, and no more of it is held than the limit: %s',
    async (file) => {
      const text = `{"a":1}\n{"b":"${'x'.repeat(50_000_000)}"}\n`
      const bytes = packers[file.split('.')[2] ?? '']?.(text) ?? Buffer.from(text)
      const error = await takeRefusal(() => readValues(bytes, file))
      expect(error).toMatchObject({
        code: 'corpus',
        message: 'the line is longer than 32 MiB',
        where: { file, line: 2 },
      })
      expect(error.remedy).toContain('one conversation a line')
    },
  )

  it('may be as long as the limit', async () => {
    const line = JSON.stringify('x'.repeat(98))
    const read = (row: number) => collect(readFileRows(line, { file: 'a', size: 7, limits: { row } }))
    expect(await read(100)).toHaveLength(1)
    expect((await takeRefusal(() => read(99))).message).toBe('the line is longer than 99 bytes')
  })

  it('that begins a JSON array is refused with what to do', async () => {
    const error = await takeRefusal(() => readValues('[\n{"a":1}\n]', 'a.json'))
    expect(error.message).toBe('not a JSON object')
    expect(error.remedy).toBe('write one whole conversation a line; `jq -c .[]` makes lines of a JSON array')
  })
})

describe('zstd', () => {
  it('is refused with what to do where Node can not unpack it', async () => {
    const reader = createZstdReader(undefined)
    const request = {
      file: 'a.jsonl.zst',
      bytes: chunk(zstdCompressSync('{}')),
      readEnd: async () => new Uint8Array(),
      fields: null,
      limits: corpusLimits,
    }
    const error = await takeRefusal(() => collect(reader.read(request)))
    expect(error.message).toBe('this version of Node.js can not unpack zstd')
    expect(error.where).toEqual({ file: 'a.jsonl.zst' })
    expect(error.remedy).toContain('Node.js 22.15 or later')
  })

  const checksum = { params: { [zlibConstants.ZSTD_c_checksumFlag]: 1 } }
  const skipped = Buffer.concat([Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('abc')])
  const repeated = zstdCompressSync(Buffer.alloc(300_000, 'a'))

  it('with a wrong checksum is refused', async () => {
    const damaged = zstdCompressSync(lines, checksum)
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
    const error = await takeRefusal(() => readValues(damaged, 'a.zst'))
    expect(error.message).toMatch(/checksum/)
  })

  it('may have frames to be skipped, with checksums and without', async () => {
    const archive = Buffer.concat([
      skipped,
      zstdCompressSync('[1]\n', checksum),
      skipped,
      packers.zst?.('[2]') ?? skipped,
    ])
    expect(await readValues(archive, 'a.zst')).toEqual([[1], [2]])
  })

  it('is cut between its frames and nowhere else, however it arrives', async () => {
    const frame = fc.oneof(
      fc.string({ maxLength: 300 }).map((text) => zstdCompressSync(text)),
      fc.string({ maxLength: 300 }).map((text) => zstdCompressSync(text, checksum)),
      fc.constantFrom(skipped, repeated),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(frame, { maxLength: 5 }),
        fc.integer({ min: 1, max: 400 }),
        async (frames, size) => {
          const archive = Buffer.concat(frames)
          const pieces = await collect(copyEach(cutFrames(chunk(archive, size))))
          expect(Buffer.concat(pieces)).toEqual(archive)
          const ends = (parts: readonly Uint8Array[]) => {
            let end = 0
            return parts.map((part) => {
              end += part.length
              return end
            })
          }
          const chunkEnds = Array.from({ length: Math.ceil(archive.length / size) }, (_, index) =>
            Math.min(archive.length, (index + 1) * size),
          )
          const expected = [...new Set([...ends(frames), ...chunkEnds])].toSorted((a, b) => a - b)
          expect(ends(pieces)).toEqual(expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('that is none is passed on as it is', async () => {
    const pieces = await collect(copyEach(cutFrames(chunk('no zstd at all, and long', 5))))
    expect(Buffer.concat(pieces).toString()).toBe('no zstd at all, and long')
  })
})

async function* copyEach(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of chunks) yield Buffer.from(bytes)
}
