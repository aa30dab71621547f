import '../support/seed.ts'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { describeCorpus } from '../../src/corpus/describe.ts'
import { readCorpus } from '../../src/corpus/read.ts'
import { findReader, readers } from '../../src/corpus/readers/index.ts'
import { drawSample, type Sample } from '../../src/sample/draw.ts'
import { collect, createMemoryFiles } from './corpora.ts'
import { messageList, struct, text, writeTable } from './tables.ts'

const now = new Date('2026-11-02T00:00:00Z')
const tool = {
  type: 'function' as const,
  function: { name: 'look_up', description: 'looks up', parameters: { type: 'object', properties: {} } },
}

/** Conversations with all that the gate's shape has; every seventh has expired. */
function makeConversations(count: number): Conversation[] {
  return Array.from({ length: count }, (_, index) => {
    const call = {
      id: 'call-1',
      type: 'function' as const,
      function: { name: 'look_up', arguments: `{"number":${index}}` },
    }
    const messages: Conversation['messages'] = [
      { role: 'system', content: 'Be brief. Grüße, 你好 🙂' },
      { role: 'user', content: `question ${index}` },
      ...(index % 3 === 0
        ? [
            { role: 'assistant' as const, tool_calls: [call] },
            { role: 'tool' as const, content: 'found', tool_call_id: 'call-1' },
          ]
        : []),
      { role: 'assistant', content: `answer ${index}` },
      { role: 'user', content: 'and then?' },
      { role: 'assistant', content: 'the end' },
    ]
    return {
      id: `c-${index}`,
      messages,
      ...(index % 3 === 0 ? { tools: [tool] } : {}),
      metadata: { surface: index % 2 === 0 ? 'chat' : 'phone' },
      ...(index % 7 === 0 ? { expires_at: '2026-11-01T00:00:00Z' } : {}),
    }
  })
}

const toLines = (rows: Conversation[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** The same rows as each format has them; tables once with nested columns and once with JSON texts. */
const writers: Record<string, (rows: Conversation[]) => Uint8Array> = {
  'a.jsonl': (rows) => Buffer.from(toLines(rows)),
  'a.jsonl.gz': (rows) => gzipSync(toLines(rows)),
  'a.jsonl.zst': (rows) => zstdCompressSync(toLines(rows)),
  'a.parquet': (rows) =>
    writeTable(
      [
        { name: 'id', values: rows.map(({ id }) => id) },
        { name: 'messages', values: rows.map(({ messages }) => messages), schema: messageList('messages') },
        { name: 'tools', values: rows.map(({ tools }) => (tools ? JSON.stringify(tools) : null)) },
        {
          name: 'metadata',
          values: rows.map(({ metadata }) => metadata),
          schema: struct('metadata', [[text('surface')]]),
        },
        { name: 'expires_at', values: rows.map((row) => row.expires_at ?? null) },
      ],
      { codec: 'SNAPPY', rowGroupSize: 7, pageSize: 500 },
    ),
  'texts.parquet': (rows) =>
    writeTable(
      (['id', 'messages', 'tools', 'metadata', 'expires_at'] as const).map((name) => ({
        name,
        values: rows.map((row) =>
          typeof row[name] === 'object' ? JSON.stringify(row[name]) : (row[name] ?? null),
        ),
      })),
      { codec: 'ZSTD', rowGroupSize: 100 },
    ),
}

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
