import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { describeCorpus } from '../../src/corpus/describe.ts'
import { readCorpus } from '../../src/corpus/read.ts'
import { findReader, readers } from '../../src/corpus/readers/index.ts'
import { drawSample, type Sample } from '../../src/sample/draw.ts'
import { collect, createMemoryFiles } from './corpora.ts'
import { makeConversations, toLines, writers } from './stored-rows.ts'

const now = new Date('2026-11-02T00:00:00Z')
async function drawFrom(files: Record<string, Uint8Array>, paths = Object.keys(files)): Promise<Sample> {
  const ports = createMemoryFiles(files)
  const manifest = await describeCorpus({ name: 'support', paths, files: ports })
  return drawSample({
    corpus: readCorpus(manifest, ports),
    seed: 'seed',
    turns: 25,
    slices: ['surface'],
    strata: ['surface'],
    now,
  })
}

describe('a corpus', () => {
  const conversations = makeConversations(60)

  it.each(Object.keys(writers))('gives the conversations that were written: %s', async (path) => {
    const files = { [path]: writers[path]?.(conversations) ?? '' }
    const ports = createMemoryFiles(files)
    const manifest = await describeCorpus({ name: 'support', paths: [path], files: ports })
    expect(await collect(readCorpus(manifest, ports))).toEqual(conversations)
  })

  it('gives the same draw in every format', async () => {
    const expected = await drawFrom({ 'a.jsonl': Buffer.from(toLines(conversations)) })
    expect(expected.turns).toHaveLength(25)
    expect(expected.counts).toMatchObject({ conversationsExpired: 9 })
    for (const [path, write] of Object.entries(writers)) {
      expect({ path, sample: await drawFrom({ [path]: write(conversations) }) }).toEqual({
        path,
        sample: expected,
      })
    }
  })

  it('gives the same draw however it is cut into files of any format, in any order', async () => {
    const expected = await drawFrom({ 'a.jsonl': Buffer.from(toLines(conversations)) })
    const kinds = Object.keys(writers)
    const places = fc.array(fc.nat(kinds.length - 1), {
      minLength: conversations.length,
      maxLength: conversations.length,
    })
    const orders = fc.shuffledSubarray(kinds, { minLength: kinds.length })
    await fc.assert(
      fc.asyncProperty(places, orders, async (kindOf, order) => {
        const files = Object.fromEntries(
          kinds.map((path, kind) => [
            path,
            writers[path]?.(conversations.filter((_, index) => kindOf[index] === kind)) ?? new Uint8Array(),
          ]),
        )
        expect(await drawFrom(files, order)).toEqual(expected)
      }),
      { numRuns: 10 },
    )
  })
})

describe('the format of a file', () => {
  it.each([
    ['a.jsonl', 'jsonl'],
    ['2026/a.jsonl.gz', 'jsonl.gz'],
    ['a.gz', 'jsonl.gz'],
    ['a.jsonl.zst', 'jsonl.zst'],
    ['train-00000-of-00014.parquet', 'parquet'],
    ['a.json', 'jsonl'],
    ['a', 'jsonl'],
  ])('is told by its name: %s', (path, format) => {
    expect(findReader({ path }).format).toBe(format)
  })

  it('is what the manifest says, whatever the name', () => {
    for (const { format } of readers) expect(findReader({ path: 'a.gz', format }).format).toBe(format)
  })
})
