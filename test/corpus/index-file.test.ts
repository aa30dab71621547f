import { describe, expect, it } from '@jest/globals'
import { describeCorpus } from '../../src/corpus/describe.ts'
import { listFromIndex } from '../../src/corpus/index-file/read.ts'
import { type ConversationPlace, listConversations } from '../../src/corpus/listing.ts'
import type { Manifest } from '../../src/corpus/manifest.ts'
import { takeRefusal } from '../support/refusal.ts'
import { createMemoryFiles, digest, writeConversation } from './corpora.ts'
import { writeIndexed } from './indexed.ts'

const user = 'ab'.repeat(16)
const lines = [
  writeConversation('a', 2, { metadata: { surface: 'chat', size: 3 }, consent: true, user }),
  '',
  writeConversation('b', 1, {
    metadata: { surface: 'chat', new: false },
    expires_at: '2026-11-01T00:00:00Z',
  }),
  writeConversation('c', 3, { consent: false }),
]

interface Seen {
  id: string
  turns: readonly number[]
  metadata: object
  expiresAt: string | undefined
  consent: boolean | undefined
  user: string | undefined
  place: ConversationPlace
}

async function list(
  indexed: { manifest: Manifest; files: Record<string, Uint8Array | string> },
  keys?: string[],
): Promise<Seen[]> {
  const { manifest } = indexed
  const files = createMemoryFiles(indexed.files)
  const batches =
    keys === undefined || manifest.index === undefined
      ? listConversations({ manifest, files })
      : listFromIndex({ manifest, index: manifest.index, files, keys })
  const seen: Seen[] = []
  for await (const batch of batches) {
    for (const one of batch) {
      const { id, turns, metadata, expiresAt, consent, user: hmac } = one
      seen.push({ id, turns, metadata, expiresAt, consent, user: hmac, place: one.locate() })
    }
  }
  return seen
}

describe('an index', () => {
  it('lists what reading the corpus lists, with the metadata that is asked for', async () => {
    const indexed = await writeIndexed({ 'a.jsonl': lines.join('\n'), 'b.jsonl': writeConversation('d') })
    const read = await list(indexed)
    expect(read.map(({ id, place }) => [id, place.file, place.number, place.start])).toEqual([
      ['a', 0, 1, 0],
      ['b', 0, 3, (lines[0] ?? '').length + 2],
      ['c', 0, 4, (lines[0] ?? '').length + (lines[2] ?? '').length + 3],
      ['d', 1, 1, 0],
    ])
    expect(await list(indexed, ['surface', 'size', 'new'])).toEqual(read)
    expect((await list(indexed, ['size'])).map(({ metadata }) => metadata)).toEqual([{ size: 3 }, {}, {}, {}])
  })

  it('lists several blocks, and all conversations of a row', async () => {
    const many = Array.from({ length: 2500 }, (_, index) => writeConversation(`c-${index}`, 1 + (index % 4)))
    const indexed = await writeIndexed({ 'a.jsonl': `${many.join('\n')}\n` })
    expect(await list(indexed, [])).toEqual(await list(indexed))
    const span = (id: string) => ({
      traceId: 't',
      spanId: id,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: `hello ${id}` }] }],
        'gen_ai.output.messages': [{ role: 'assistant', parts: [{ type: 'text', content: 'hi' }] }],
      },
    })
    const row = {
      resourceSpans: [{ scopeSpans: [{ spans: [span('1'), { ...span('2'), attributes: {} }, span('3')] }] }],
    }
    const spans = await writeIndexed({ 'spans.jsonl': JSON.stringify(row) })
    expect((await list(spans, [])).map(({ id, place }) => [id, place.part])).toEqual([
      ['t-1', 0],
      ['t-3', 1],
    ])
    expect((await list(spans, [])).map(({ place }) => place)).toEqual(
      (await list(spans)).map(({ place }) => place),
    )
  })

  it('is the same whenever the corpus is, and one line a block', async () => {
    const files = { 'a.jsonl': lines.join('\n') }
    const [one, two] = [await writeIndexed(files), await writeIndexed(files)]
    expect(one).toEqual(two)
    const text = String(one.files['support.index.jsonl'])
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => Object.keys(JSON.parse(line))[0]),
    ).toEqual(['kind', 'of', 'file'])
    expect(text).not.toContain('question')
  })

  it('of no conversations is one too', async () => {
    const indexed = await writeIndexed({ 'a.jsonl': '' })
    expect(await list(indexed, [])).toEqual([])
  })
})

describe('an index that is not of the corpus', () => {
  const replace = async (
    change: (text: string) => string,
    alter: (manifest: Manifest) => Manifest = (same) => same,
  ) => {
    const { manifest, files } = await writeIndexed({ 'a.jsonl': lines.join('\n') })
    const text = change(String(files['support.index.jsonl']))
    const index = { path: 'support.index.jsonl', sha256: digest(text) }
    const changed = { manifest: alter({ ...manifest, index }), files: { ...files, [index.path]: text } }
    return takeRefusal(() => list(changed, []))
  }

  it.each<[string, (text: string) => string, string, number | undefined]>([
    [
      'of another version',
      (text) => text.replace('"version":1', '"version":2'),
      'the index is of version 2, and this gate reads version 1',
      1,
    ],
    [
      'of another corpus',
      (text) => text.replace('"corpus":"support"', '"corpus":"sales"'),
      'the index is of another corpus than "support"',
      1,
    ],
    ['that is none', () => writeConversation('a'), 'the file is no index of a corpus', 1],
    ['that is empty', () => '', 'the index does not have all files of the manifest', undefined],
    [
      'that is cut off',
      (text) => `${text.split('\n').slice(0, 2).join('\n')}\n`,
      'the index does not have all files of the manifest',
      undefined,
    ],
    ['cut off inside a line', (text) => text.slice(0, 300), 'the line is not JSON', 2],
    [
      'with lists of different lengths',
      (text) => text.replace('"rows":[1,', '"rows":[1,1,'),
      'the line is none of an index',
      2,
    ],
    [
      'with a place that is none',
      (text) => text.replace('"at":[0,1,2]', '"at":[0,1,3]'),
      'the line is none of an index',
      2,
    ],
    [
      'without a block',
      (text) =>
        text
          .split('\n')
          .filter((_, index) => index !== 1)
          .join('\n'),
      'the index lists 0 conversations and says 3',
      2,
    ],
  ])('is refused: one %s', async (_, change, message, line) => {
    const error = await replace(change)
    expect(error.message).toBe(message)
    expect(error.where).toEqual({ file: 'support.index.jsonl', ...(line === undefined ? {} : { line }) })
    expect(error.remedy).toContain('corpus index')
  })

  it.each<[string, Partial<Manifest['files'][number]>, string]>([
    ['stale for its file', { sha256: digest('other') }, 'the index is stale: it is of another "a.jsonl"'],
    ['of another file', { path: 'b.jsonl' }, 'the index is of other files than the manifest'],
    [
      'that counts otherwise',
      { turns: 7 },
      'the index counts other conversations or turns of "a.jsonl" than the manifest',
    ],
  ])('is refused: one %s', async (_, change, message) => {
    const alter = (manifest: Manifest) => ({
      ...manifest,
      files: manifest.files.map((file) => ({ ...file, ...change })),
    })
    expect((await replace((text) => text, alter)).message).toBe(message)
  })

  it('is refused by its digest', async () => {
    const { manifest, files } = await writeIndexed({ 'a.jsonl': lines.join('\n') })
    const text = String(files['support.index.jsonl']).replace('"a","b"', '"a","x"')
    const error = await takeRefusal(() =>
      list({ manifest, files: { ...files, 'support.index.jsonl': text } }, []),
    )
    expect(error.message).toMatch(/^its SHA-256 is /)
    expect(error.where).toEqual({ file: 'support.index.jsonl' })
  })
})

it('is no part of a manifest that is written without one', async () => {
  const manifest = await describeCorpus({
    name: 'support',
    paths: ['a.jsonl'],
    files: createMemoryFiles({ 'a.jsonl': lines.join('\n') }),
  })
  expect(Object.keys(manifest)).toEqual(['version', 'name', 'files'])
})
