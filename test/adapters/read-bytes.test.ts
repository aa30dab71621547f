import '../support/seed.ts'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createFiles } from '../../src/adapters/files.ts'
import { readFileBytes } from '../../src/adapters/read-bytes.ts'
import { takeRefusal } from '../support/refusal.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(Buffer.from(chunk))
  return Buffer.concat(all)
}

const bytes = Buffer.from(
  Array.from({ length: 5_000_000 }, (_, index) => (index * 7919 + (index >> 8)) & 255),
)

/** Stretches that are ascending and apart, from the lengths of gaps and stretches. */
const stretchLists = fc
  .array(fc.tuple(fc.oneof(fc.nat(200), fc.nat(400_000)), fc.oneof(fc.nat(50), fc.nat(1_500_000))), {
    maxLength: 12,
  })
  .map((lengths) => {
    let at = 0
    return lengths.map(([gap, length]) => {
      const start = at + gap
      at = start + length
      return { start, end: at }
    })
  })

describe('a file', () => {
  const chunk = 2 ** 18
  it.each([0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, bytes.length])(
    'of %d bytes is read from its beginning, or its last bytes are',
    async (length) => {
      const file = join(await makeFolder(), 'a.jsonl')
      const expected = bytes.subarray(0, length)
      await writeFile(file, expected)
      const read = (last?: number) => readAll(readFileBytes({ file, path: 'a.jsonl', last }))
      expect((await read()).equals(expected)).toBe(true)
      for (const last of [0, 1, chunk, length + 1]) {
        expect((await read(last)).equals(expected.subarray(Math.max(0, length - last)))).toBe(true)
      }
    },
  )

  it('is read in a memory that does not grow with it, and no further than somebody asks', async () => {
    const file = join(await makeFolder(), 'a.jsonl')
    await writeFile(file, bytes)
    const buffers = new Set<unknown>()
    for await (const { buffer } of readFileBytes({ file, path: 'a.jsonl' })) buffers.add(buffer)
    expect(buffers.size).toBe(2)
    for await (const first of readFileBytes({ file, path: 'a.jsonl' })) {
      expect(first.length).toBe(chunk)
      break
    }
  })
})

describe('stretches of a file', () => {
  it('are their bytes, one after the other, as far as the file goes', async () => {
    const file = join(await makeFolder(), 'a.jsonl')
    await writeFile(file, bytes)
    await fc.assert(
      fc.asyncProperty(stretchLists, async (stretches) => {
        const expected = Buffer.concat(stretches.map(({ start, end }) => bytes.subarray(start, end)))
        const read = await readAll(readFileBytes({ file, path: 'a.jsonl', stretches }))
        expect(read.equals(expected)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('are refused when the file changes meanwhile, and not when nobody reads on', async () => {
    const folder = await makeFolder()
    const file = join(folder, 'a.jsonl')
    await writeFile(file, bytes)
    const files = createFiles({ corpus: folder, rubrics: folder })
    const open = () => files.openCorpusStretches?.('a.jsonl', [{ start: 0, end: 3_000_000 }]) ?? []
    const error = await takeRefusal(async () => {
      let changed = false
      for await (const _ of open()) {
        if (!changed) await appendFile(file, 'more')
        changed = true
      }
    })
    expect(error).toMatchObject({ message: 'the file changed while it was read', where: { file: 'a.jsonl' } })
    for await (const _ of open()) {
      await appendFile(file, 'more')
      break
    }
  })

  it('of a file that is not there are refused', async () => {
    const folder = await makeFolder()
    const files = createFiles({ corpus: folder, rubrics: folder })
    const error = await takeRefusal(() => readAll(files.openCorpusStretches?.('a.jsonl', []) as never))
    expect(error.message).toContain('the corpus file is not in')
    expect(error.remedy).toContain('corpus-urls')
  })
})
