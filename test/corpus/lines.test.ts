import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { takeRefusal } from '../support/refusal.ts'
import { chunk, collect, digest, readVerifiedLines } from './corpora.ts'

function read(
  bytes: Uint8Array | string,
  options: { file?: string; sha256?: string | null; size?: number } = {},
) {
  const { file = 'a.jsonl', sha256 = null, size } = options
  return collect(readVerifiedLines({ file, bytes: chunk(bytes, size), sha256 }))
}

describe('the lines of a file', () => {
  it('are numbered from 1, empty ones too, with or without an end of the last', async () => {
    const lines = [
      { number: 1, text: 'a' },
      { number: 2, text: '' },
      { number: 3, text: 'b' },
    ]
    expect(await read('a\n\nb')).toEqual(lines)
    expect(await read('a\n\nb\n')).toEqual(lines)
    expect(await read('')).toEqual([])
    expect(await read('\n')).toEqual([{ number: 1, text: '' }])
  })

  it('are the same however the bytes arrive, plain or compressed', async () => {
    const text = fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), fc.boolean(), async (parts, size, end) => {
        const lines = parts.map((part) => part.replaceAll('\n', ' '))
        const bytes = Buffer.from(lines.join('\n') + (end && lines.length > 0 ? '\n' : ''))
        const expected = bytes.toString() === '' ? [] : bytes.toString().replace(/\n$/, '').split('\n')
        const texts = expected.map((line) => line.replace(/^\ufeff/, ''))
        const plain = await read(bytes, { size, sha256: digest(bytes) })
        const packed = gzipSync(bytes)
        const compressed = await read(packed, { file: 'a.jsonl.gz', size, sha256: digest(packed) })
        expect(plain.map((line) => line.text)).toEqual(texts)
        expect(compressed).toEqual(plain)
      }),
      { numRuns: 100 },
    )
  })

  it('are read across the members of an archive', async () => {
    const bytes = Buffer.concat([gzipSync('a\nb'), gzipSync('c\nd\n')])
    expect((await read(bytes, { file: 'a.gz' })).map((line) => line.text)).toEqual(['a', 'bc', 'd'])
  })

  it('begin after a byte order mark', async () => {
    expect(await read('\ufeff{}\n')).toEqual([{ number: 1, text: '{}' }])
  })

  it.each([1, 2, 3, 7, 65_536])('that are not UTF-8 are found by number, in chunks of %d', async (size) => {
    const bytes = Buffer.concat([
      Buffer.from('ä\n'.repeat(16)),
      Buffer.from([0x61, 0xff, 0x62]),
      Buffer.from('\nmore\nand more'),
    ])
    const error = await takeRefusal(() => read(bytes, { size }))
    expect(error).toMatchObject({
      code: 'corpus',
      message: 'the text is not UTF-8',
      where: { file: 'a.jsonl', line: 17 },
    })
  })

  it.each([
    ['a character that is cut off', [0xc3]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['Latin-1', [0xe4, 0x20]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00]],
  ])('are not UTF-8 with %s', async (_, bytes) => {
    const error = await takeRefusal(() => read(Buffer.concat([Buffer.from('a\n'), Buffer.from(bytes)])))
    expect(error.where).toEqual({ file: 'a.jsonl', line: 2 })
  })

  it('that are not UTF-8 are found in an archive too', async () => {
    const bytes = gzipSync(Buffer.concat([Buffer.from('a\nb\n'), Buffer.from([0xff])]))
    const error = await takeRefusal(() => read(bytes, { file: 'a.gz' }))
    expect(error.where).toEqual({ file: 'a.gz', line: 3 })
  })
})

describe('an archive', () => {
  const whole = gzipSync(
    Buffer.from(Array.from({ length: 5000 }, (_, index) => `line ${index * 7919}`).join('\n')),
  )

  it.each([10, 500, whole.length - 8, whole.length - 1])(
    'that is cut off after %d bytes is refused',
    async (size) => {
      const cut = whole.subarray(0, size)
      const error = await takeRefusal(() => read(cut, { file: 'a.jsonl.gz', sha256: digest(cut) }))
      expect(error.code).toBe('corpus')
      expect(error.message).toMatch(/^the gzip archive is damaged or cut off/)
      expect(error.where?.file).toBe('a.jsonl.gz')
      expect(error.where?.line).toBeGreaterThanOrEqual(1)
      expect(error.remedy).toBe('transfer the file again')
    },
  )

  it('that is damaged is refused', async () => {
    const damaged = Buffer.from(whole)
    damaged[damaged.length - 6] = (damaged.at(-6) ?? 0) ^ 0xff
    const error = await takeRefusal(() => read(damaged, { file: 'a.gz' }))
    expect(error.message).toMatch(/^the gzip archive is damaged or cut off \(.*incorrect data check\)/)
  })

  it('must be one', async () => {
    const error = await takeRefusal(() => read('{"id":"a"}\n', { file: 'a.jsonl.gz' }))
    expect(error.message).toMatch(/incorrect header check/)
  })

  it('is told by its name: compressed bytes without it are no text', async () => {
    const error = await takeRefusal(() => read(gzipSync('a'), { file: 'a.jsonl' }))
    expect(error.message).toBe('the text is not UTF-8')
  })
})

describe('the digest', () => {
  const bytes = 'a\nb\n'

  it('is that of the bytes as they lie there', async () => {
    const packed = gzipSync(bytes)
    const seen: string[] = []
    const onDigest = (sha256: string) => seen.push(sha256)
    await collect(readVerifiedLines({ file: 'a.gz', bytes: chunk(packed), sha256: null, onDigest }))
    await collect(readVerifiedLines({ file: 'a', bytes: chunk(bytes), sha256: null, onDigest }))
    expect(seen).toEqual([digest(packed), digest(bytes)])
  })

  it.each(['a\nb', 'a\nc\n', 'b\na\n', '', 'a\nb\n\n'])('refuses other bytes: %j', async (other) => {
    const error = await takeRefusal(() => read(other, { sha256: digest(bytes) }))
    expect(error.code).toBe('corpus')
    expect(error.message).toBe(
      `its SHA-256 is ${digest(other).slice(0, 16)}…, the manifest says ${digest(bytes).slice(0, 16)}…`,
    )
    expect(error.where).toEqual({ file: 'a.jsonl' })
  })
})

describe('the source', () => {
  it.each(['a.jsonl', 'a.jsonl.gz'])('of %s is closed when the reader stops early', async (file) => {
    const bytes = file.endsWith('.gz')
      ? gzipSync('a\n'.repeat(100_000), { level: 0 })
      : Buffer.from('a\n'.repeat(100_000))
    let closed = false
    async function* source() {
      try {
        yield* chunk(bytes, 16)
      } finally {
        closed = true
      }
    }
    for await (const line of readVerifiedLines({ file, bytes: source(), sha256: null })) {
      if (line.number === 2) break
    }
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toBe(true)
  })

  it.each(['a.jsonl', 'a.jsonl.gz'])('of %s that fails says why itself', async (file) => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield gzipSync('a\n').subarray(0, 4)
      throw new Error('the disk is gone')
    }
    const lines = collect(readVerifiedLines({ file, bytes: source(), sha256: null }))
    await expect(lines).rejects.toThrow(/the disk is gone/)
  })
})
