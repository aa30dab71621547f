import { readFile } from 'node:fs/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { beforeAll, expect, it } from '@jest/globals'
import { convertHhRlhf, pairSchema } from '../../examples/real-data/convert-hh-rlhf.ts'
import { readJsonLines } from '../../examples/real-data/read-source.ts'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { describeCorpus } from '../../src/corpus/describe.ts'
import { readCorpus } from '../../src/corpus/read.ts'
import { drawSample } from '../../src/sample/draw.ts'
import { readTrajectories } from '../real-data/convert-tau-bench.ts'
import { takeRefusal } from '../support/refusal.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { collect, createMemoryFiles } from './corpora.ts'
import { type Column, messageList, text, writeTable } from './tables.ts'

type Row = Record<string, unknown>

/** The same rows in every format. A table has messages nested, other objects as texts. */
function writeAll(rows: Row[]): Record<string, Uint8Array> {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const columns = names.map((name): Column => {
    const values = rows.map((row) => row[name] ?? null)
    if (name === 'messages') return { name, values, schema: messageList(name, [[text('name')]]) }
    return {
      name,
      values: values.map((value) => (typeof value === 'object' && value ? JSON.stringify(value) : value)),
    }
  })
  return {
    'a.jsonl': Buffer.from(lines),
    'a.jsonl.gz': gzipSync(lines),
    'a.jsonl.zst': zstdCompressSync(lines),
    'a.parquet': writeTable(columns, { codec: 'SNAPPY', rowGroupSize: 40 }),
  }
}

/** What a corpus of one file holds, and which turns are drawn from it. */
async function readBack(path: string, bytes: Uint8Array) {
  const files = createMemoryFiles({ [path]: bytes })
  const manifest = await describeCorpus({ name: 'stored', paths: [path], files })
  const conversations = await collect(readCorpus(manifest, files))
  const now = new Date('2026-11-02T00:00:00Z')
  const corpus = readCorpus(manifest, files)
  const { turns } = await drawSample({ corpus, seed: 'seed', turns: 100, slices: [], now })
  return { entry: manifest.files[0], conversations, turns }
}

describeWithShared('150 tau-bench trajectories, as OpenAI messages without ids', () => {
  let trajectories: Conversation[] = []
  beforeAll(async () => {
    trajectories = await readTrajectories(sharedPath('data/tau-bench/gpt-4o-airline.trials-0-2.json'))
  })

  it('are the same conversations, and give the same draw, in every format', async () => {
    const files = writeAll(trajectories.map(({ messages }) => ({ messages })))
    const expected = await readBack('a.jsonl', files['a.jsonl'] ?? new Uint8Array())
    expect(expected.entry).toMatchObject({ shape: 'openai', conversations: 150, turns: 1808 })
    expect(expected.conversations.map(({ messages }) => messages)).toEqual(
      trajectories.map(({ messages }) => messages),
    )
    expect(expected.turns).toHaveLength(100)
    for (const [path, bytes] of Object.entries(files)) {
      const { entry, conversations, turns } = await readBack(path, bytes)
      expect({ path, conversations, turns }).toEqual({ ...expected, entry: undefined, path })
      expect(entry?.turns).toBe(1808)
    }
  })
})

describeWithShared('2,264 transcripts of hh-rlhf, as ShareGPT', () => {
  it('are the same conversations, and give the same draw, in every format', async () => {
    const path = sharedPath('data/hh-rlhf/harmless-base-test.jsonl')
    const { conversations: given } = convertHhRlhf(await readJsonLines({ path, schema: pairSchema }))
    const rows = given.map(({ id, messages }) => ({
      id,
      conversations: messages.map(({ role, content }) => ({
        from: role === 'user' ? 'human' : 'gpt',
        value: content,
      })),
    }))
    const files = writeAll(rows)
    const expected = await readBack('a.jsonl', files['a.jsonl'] ?? new Uint8Array())
    expect(expected.conversations.map(({ id, messages }) => ({ id, messages }))).toEqual(
      given.map(({ id, messages }) => ({ id, messages })),
    )
    expect(expected.entry).toMatchObject({ shape: 'sharegpt', conversations: 2264 })
    for (const [name, bytes] of Object.entries(files)) {
      const { conversations, turns } = await readBack(name, bytes)
      expect({ name, conversations, turns }).toEqual({ ...expected, entry: undefined, name })
    }
  })
})

describeWithShared('answers of Arena-Hard, whose texts are objects', () => {
  it('are refused by the row and field', async () => {
    const bytes = await readFile(sharedPath('data/arena-hard/answer_gpt-4-0613.jsonl'))
    const error = await takeRefusal(() => readBack('a.jsonl', bytes))
    expect(error.where).toEqual({ file: 'a.jsonl', line: 1, field: 'messages[1].content' })
    expect(error.message).toBe('expected text, or a list of parts')
  })
})
