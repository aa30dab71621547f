import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { describeCorpus } from '../../src/corpus/describe.ts'
import type { Manifest } from '../../src/corpus/manifest.ts'
import { readCorpus } from '../../src/corpus/read.ts'
import type { CorpusFiles, Stretch } from '../../src/corpus/readers/reader.ts'
import { noTombstones } from '../../src/corpus/tombstones.ts'
import { drawSample, type Sample } from '../../src/sample/draw.ts'
import { drawCorpus } from '../../src/sample/draw-corpus.ts'
import { takeFirst } from '../../src/sample/take-first.ts'
import { createMemoryFiles, digest } from '../corpus/corpora.ts'
import { writeIndexed } from '../corpus/indexed.ts'
import { makeConversations, toLines, writers } from '../corpus/stored-rows.ts'
import { takeRefusal } from '../support/refusal.ts'

const now = new Date('2026-11-02T00:00:00Z')
const settings = { seed: 'seed', turns: 25, slices: ['surface'], strata: ['surface'], now }
const conversations = makeConversations(60)

type Stored = Record<string, Uint8Array | string>

/** A sample with everything unpacked, to be compared. */
function unfold({ turns, counts }: Sample) {
  return {
    counts,
    turns: turns.map(({ id, conversation, weight, stratum, slice, prefix, tools }) => ({
      ...{ id, conversation, weight, stratum, slice, prefix, tools },
    })),
  }
}

async function draw(
  stored: { manifest: Manifest; files: Stored },
  more: Partial<Parameters<typeof drawCorpus>[0]> = {},
) {
  const files = createMemoryFiles(stored.files)
  return unfold(await drawCorpus({ ...settings, tombstones: noTombstones, ...stored, files, ...more }))
}

async function describeOnly(files: Stored): Promise<{ manifest: Manifest; files: Stored }> {
  const paths = Object.keys(files)
  return {
    manifest: await describeCorpus({ name: 'support', paths, files: createMemoryFiles(files) }),
    files,
  }
}

async function drawWhole(files: Stored) {
  const ports = createMemoryFiles(files)
  const { manifest } = await describeOnly(files)
  return unfold(await drawSample({ ...settings, corpus: readCorpus(manifest, ports) }))
}

/** A block of an index without the column of consent. */
function leaveOutConsent(line: string): string {
  const { consent: _, ...block } = JSON.parse(line)
  return JSON.stringify(block)
}

describe('a draw from stored files', () => {
  it.each(Object.keys(writers))(
    'is that from the conversations at hand, with and without index: %s',
    async (path) => {
      const files = { [path]: writers[path]?.(conversations) ?? '' }
      const expected = await drawWhole({ 'a.jsonl': toLines(conversations) })
      expect(expected.turns).toHaveLength(25)
      expect(await draw(await describeOnly(files))).toEqual(expected)
      expect(await draw(await writeIndexed(files))).toEqual(expected)
    },
  )

  it('is the same however the corpus is cut into files of any format, in any order', async () => {
    const expected = await drawWhole({ 'a.jsonl': toLines(conversations) })
    const kinds = Object.keys(writers)
    const places = fc.array(fc.nat(kinds.length - 1), { minLength: 60, maxLength: 60 })
    const orders = fc.shuffledSubarray(kinds, { minLength: kinds.length })
    await fc.assert(
      fc.asyncProperty(places, orders, async (kindOf, order) => {
        const stored = order.map((path) => {
          const own = conversations.filter((_, index) => kinds[kindOf[index] ?? 0] === path)
          return [path, writers[path]?.(own) ?? ''] as const
        })
        expect(await draw(await writeIndexed(Object.fromEntries(stored)))).toEqual(expected)
      }),
      { numRuns: 10 },
    )
  })

  it('is the same with all turns of a conversation, and in its first turns', async () => {
    const files = { 'a.jsonl.gz': writers['a.jsonl.gz']?.(conversations) ?? '' }
    const all = { turnsPerConversation: 'all', turns: 40 } as const
    const [read, indexed] = [await describeOnly(files), await writeIndexed(files)]
    expect(await draw(indexed, all)).toEqual(await draw(read, all))
    const first = async (stored: typeof indexed) =>
      unfold(
        takeFirst(
          await drawCorpus({
            ...settings,
            tombstones: noTombstones,
            ...stored,
            files: createMemoryFiles(stored.files),
          }),
          7,
        ),
      )
    const taken = await first(indexed)
    expect(taken.turns.map(({ prefix }) => prefix.length > 0)).toEqual(Array(7).fill(true))
    expect(taken).toEqual(await first(read))
  })

  it('is the same where too few of many conversations may be drawn, and their index is listed again', async () => {
    const files = { 'a.jsonl': toLines(makeConversations(400)) }
    const gone = new Set(
      Array.from({ length: 400 }, (_, index) => `c-${index}`).filter((id) => !id.endsWith('7')),
    )
    const options = { strata: [], turns: 12, tombstones: gone }
    const expected = await draw(await describeOnly(files), options)
    expect(expected.turns).toHaveLength(12)
    const stored = await writeIndexed(files)
    let opened = 0
    const memory = createMemoryFiles(stored.files)
    const ports = {
      ...memory,
      openCorpusFile: (path: string) => {
        if (path === 'support.index.jsonl') opened += 1
        return memory.openCorpusFile(path)
      },
    }
    expect(await draw(stored, { ...options, files: ports })).toEqual(expected)
    expect(opened).toBe(2)
    opened = 0
    const few = { strata: [], turns: 12 }
    expect(await draw(stored, { ...few, files: ports })).toEqual(await draw(await describeOnly(files), few))
    expect(opened).toBe(1)
  })

  it('reads nothing of a plain file but what was drawn', async () => {
    const stored = await writeIndexed({ 'a.jsonl': toLines(conversations) })
    const asked: Stretch[] = []
    const bytes = Buffer.from(String(stored.files['a.jsonl']))
    const files: CorpusFiles = {
      openCorpusFile: (path) => {
        expect(path).toBe('support.index.jsonl')
        return createMemoryFiles(stored.files).openCorpusFile(path)
      },
      async *openCorpusStretches(_, stretches) {
        asked.push(...stretches)
        for (const { start, end } of stretches) yield bytes.subarray(start, end)
      },
    }
    expect(await draw(stored, { files: { ...createMemoryFiles({}), ...files }, turns: 5 })).toEqual(
      await draw(stored, { turns: 5 }),
    )
    expect(asked).toHaveLength(5)
    expect(asked.toSorted((a, b) => a.start - b.start)).toEqual(asked)
  })
})

describe('conversations that may not be replayed', () => {
  const user = 'ab'.repeat(16)
  const marked: Conversation[] = conversations.map((one, index) => ({
    ...one,
    ...(index % 5 === 0 ? { consent: false } : {}),
    ...(index % 5 === 1 ? { consent: true } : {}),
    ...(index % 11 === 3 ? { user } : {}),
  }))
  const files = { 'a.jsonl': toLines(marked) }

  it('are counted by their reason, whichever way they are listed', async () => {
    for (const stored of [await writeIndexed(files), await describeOnly(files)]) {
      const tombstones = new Set(['c-1', 'c-5', user, 'nobody'])
      const { counts, turns } = await draw(stored, { tombstones, turns: 60 })
      expect(counts).toMatchObject({
        conversationsErased: 8,
        conversationsWithoutConsent: 10,
        conversationsExpired: 6,
        conversations: 36,
      })
      expect(turns).toHaveLength(36)
      const required = { ...stored, manifest: { ...stored.manifest, consent: 'required' as const } }
      expect((await draw(required, { tombstones, turns: 60 })).counts.conversations).toBeLessThan(12)
    }
  })

  it('move only the turns concerned when one is erased', async () => {
    const stored = await writeIndexed(files)
    const options = { strata: [], turns: 20 }
    const before = await draw(stored, options)
    const erased = before.turns[3]?.conversation ?? ''
    const after = await draw(stored, { ...options, tombstones: new Set([erased]) })
    const ids = ({ turns }: typeof before) => turns.map(({ id }) => id)
    const kept = ids(before).filter((id) => !id.startsWith(`${erased}#`))
    expect(kept).toHaveLength(19)
    expect(ids(after)).toEqual(expect.arrayContaining(kept))
    expect(after.turns).toHaveLength(20)
  })
})

describe('a file that is another than was listed', () => {
  it.each(Object.keys(writers))('is refused when a drawn row has changed: %s', async (path) => {
    const stored = await writeIndexed({ [path]: writers[path]?.(conversations) ?? '' })
    const changed = conversations.map((one) => ({
      ...one,
      messages: one.messages.map((message) =>
        message.role === 'user'
          ? { ...message, content: String(message.content).replace('question', 'quastion') }
          : message,
      ),
    }))
    const files = { ...stored.files, [path]: writers[path]?.(changed) ?? '' }
    const error = await takeRefusal(() => draw({ ...stored, files }))
    expect(error.code).toBe('corpus')
    expect(error.message).toBe(
      'the row is not what it was when the corpus was listed: its SHA-256 is another',
    )
    expect(error.where?.file).toBe(path)
    expect(error.where?.line).toBeGreaterThanOrEqual(1)
  })

  it.each(['a.jsonl', 'a.parquet'])('is refused when it ends early: %s', async (path) => {
    const stored = await writeIndexed({ [path]: writers[path]?.(conversations) ?? '' })
    const files = { ...stored.files, [path]: writers[path]?.(conversations.slice(0, 20)) ?? '' }
    const error = await takeRefusal(() => draw({ ...stored, files }))
    expect(error.message).toMatch(/^the file (ends before this line does|has no such row)/)
  })

  it('is refused where an index was edited to let be replayed what its rows do not', async () => {
    const silent = conversations.map((each) => ({ ...each, consent: false }))
    const stored = await writeIndexed({ 'a.jsonl': toLines(silent) })
    const path = stored.manifest.index?.path ?? ''
    const edited = String(stored.files[path])
      .split('\n')
      .map((line) => (line.includes('"consent"') ? leaveOutConsent(line) : line))
      .join('\n')
    const manifest = { ...stored.manifest, index: { path, sha256: digest(edited) } }
    const files = { ...stored.files, [path]: edited }
    const refusal = await takeRefusal(() => draw({ manifest, files }))
    expect(refusal.message).toMatch(/^conversation ".*" must not be replayed, as its row says/)
  })

  it('is refused when it changes between listing and reading', async () => {
    const stored = await describeOnly({ 'a.jsonl': toLines(conversations) })
    let opened = 0
    const files = {
      ...createMemoryFiles({}),
      openCorpusFile(path: string) {
        opened += 1
        const text = String(stored.files[path])
        return createMemoryFiles({
          [path]: opened === 1 ? text : text.replaceAll('answer', 'ANSWER'),
        }).openCorpusFile(path)
      },
    }
    const error = await takeRefusal(() => draw(stored, { files }))
    expect(error.message).toBe(
      'the row is not what it was when the corpus was listed: its SHA-256 is another',
    )
    expect(opened).toBe(2)
  })
})
