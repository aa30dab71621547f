import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { describeCorpus, type FileReport } from '../../src/corpus/describe.ts'
import { parseManifest } from '../../src/corpus/manifest.ts'
import { readCorpus } from '../../src/corpus/read.ts'
import { formatError } from '../../src/errors.ts'
import { takeRefusal } from '../support/refusal.ts'
import { collect, createMemoryFiles, writeConversation } from './corpora.ts'
import { exampleRows } from './rows.ts'
import { writeTable } from './tables.ts'

const row = (name: string) => `${JSON.stringify(exampleRows[name])}\n`
const span = { id: 'o-2', trace_id: 't', type: 'SPAN' }
const cut = { id: 'o-3', trace_id: 't', type: 'GENERATION', input: 'q', output: '' }

async function describeFiles(
  files: Record<string, Uint8Array | string>,
  words: { format?: string; shape?: string } = {},
) {
  const reports: FileReport[] = []
  const ports = createMemoryFiles(files)
  const manifest = await describeCorpus({
    name: 'support',
    paths: Object.keys(files),
    files: ports,
    onFile: (report) => reports.push(report),
    ...words,
  })
  const text = JSON.stringify(manifest)
  expect(parseManifest({ file: 'm', text })).toEqual(manifest)
  return {
    manifest,
    reports,
    conversations: await collect(readCorpus(parseManifest({ file: 'm', text }), ports)),
  }
}

describe('describing files of other sources', () => {
  it('finds the format by the name and the shape by the first row, and says so', async () => {
    const { manifest, reports, conversations } = await describeFiles({
      'own.jsonl.zst': zstdCompressSync(writeConversation('c-1', 2)),
      'wild.parquet': writeTable([
        { name: 'conversation_hash', values: ['h1', 'h2'] },
        {
          name: 'conversation',
          values: Array(2).fill(
            JSON.stringify([
              { role: 'user', content: 'q' },
              { role: 'assistant', content: 'a' },
            ]),
          ),
        },
      ]),
      'traces.jsonl.gz': gzipSync(`${JSON.stringify(span)}\n${row('langfuse')}${JSON.stringify(cut)}\n`),
    })
    expect(manifest.files).toEqual([
      { path: 'own.jsonl.zst', sha256: expect.any(String), conversations: 1, turns: 2 },
      { path: 'wild.parquet', shape: 'wildchat', sha256: expect.any(String), conversations: 2, turns: 2 },
      {
        path: 'traces.jsonl.gz',
        shape: 'langfuse',
        sha256: expect.any(String),
        conversations: 1,
        turns: 1,
        left_out: 2,
      },
    ])
    expect(reports.map(({ format, shape }) => [format, shape])).toEqual([
      [
        { title: 'JSON lines, zstd', by: 'name' },
        { title: "the gate's own conversations", by: 'first row' },
      ],
      [
        { title: 'Parquet', by: 'name' },
        { title: 'WildChat rows', by: 'first row' },
      ],
      [
        { title: 'JSON lines, gzip', by: 'name' },
        { title: 'Langfuse observations', by: 'first row' },
      ],
    ])
    expect([...(reports[2]?.counts.leftOut ?? [])]).toEqual([
      ['no model call', 1],
      ['no answer was recorded', 1],
    ])
    expect(conversations.map(({ id }) => id)).toEqual(['c-1', 'h1', 'h2', 'obs-1'])
  })

  it.each(Object.keys(exampleRows))(
    'writes a manifest by which a row is read as it was: %s',
    async (name) => {
      const { manifest, conversations } = await describeFiles({ 'a.jsonl': row(name) })
      expect(manifest.files[0]?.shape).toBe(name === 'conversation' ? undefined : name)
      expect(conversations).toHaveLength(1)
    },
  )

  it('takes the format and the shape that are asked for, and writes down what the name does not tell', async () => {
    const files = {
      'a.bin': gzipSync(
        `{"id": "x", "extra": 1, "messages": ${JSON.stringify([
          { role: 'user', content: 'q' },
          { role: 'assistant', content: 'a' },
        ])}}`,
      ),
    }
    const { manifest, reports } = await describeFiles(files, { format: 'jsonl.gz', shape: 'openai' })
    expect(manifest.files).toEqual([
      {
        path: 'a.bin',
        format: 'jsonl.gz',
        shape: 'openai',
        sha256: expect.any(String),
        conversations: 1,
        turns: 1,
      },
    ])
    expect(reports[0]).toMatchObject({ format: { by: 'order' }, shape: { by: 'order' } })
  })

  it('takes a file without conversations beside others', async () => {
    const { manifest } = await describeFiles({
      'a.jsonl': `${JSON.stringify(span)}\n`,
      'b.jsonl': row('langfuse'),
    })
    expect(manifest.files.map((file) => [file.conversations, file.left_out])).toEqual([
      [0, 1],
      [1, undefined],
    ])
  })

  it('refuses a corpus without conversations, unless it has no rows either', async () => {
    const error = await takeRefusal(() => describeFiles({ 'a.jsonl': `${JSON.stringify(span)}\n` }))
    expect(error.message).toBe('none of its rows holds a conversation that can be replayed')
    expect(error.where).toEqual({ file: 'a.jsonl' })
    expect((await describeFiles({ 'a.jsonl': '' })).manifest.files).toHaveLength(1)
  })

  it('refuses rows that look like none, with what to do', async () => {
    const error = await takeRefusal(() =>
      describeFiles({ 'a.jsonl': '\n{"prompt": "secret", "completion": "x"}\n' }),
    )
    expect(formatError(error)).toBe(
      'a.jsonl:2: the first row looks like none of the shapes that are known\n  → name its shape (--shape: conversation, openai, sharegpt, wildchat, lmsys-chat, langfuse, langsmith, otel-genai), or write its rows as docs/corpus.md says',
    )
  })

  it('refuses a mistyped key as ever, with the one that was meant', async () => {
    const error = await takeRefusal(() => describeFiles({ 'a.jsonl': '{"id": "a", "mesages": []}' }))
    expect(error.message).toContain('unknown key "mesages"; did you mean "messages"?')
  })

  it('refuses a row of another shape than the first by its number and field', async () => {
    const text = `${row('wildchat')}${row('sharegpt')}`
    const error = await takeRefusal(() => describeFiles({ 'a.jsonl': text }))
    expect(error.where).toEqual({ file: 'a.jsonl', line: 2, field: 'conversation' })
    expect(error.message).toBe('it is missing')
  })

  it('refuses an id that comes twice, in a table and a file, with both places', async () => {
    const messages = JSON.stringify([
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'a' },
    ])
    const error = await takeRefusal(() =>
      describeFiles({
        'a.parquet': writeTable([
          { name: 'id', values: ['x', 'y'] },
          { name: 'messages', values: [messages, messages] },
        ]),
        'b.jsonl': `${writeConversation('z')}\n${writeConversation('y')}`,
      }),
    )
    expect(error.message).toBe('the id "y" was used before (a.parquet:2)')
    expect(error.where).toEqual({ file: 'b.jsonl', line: 2, field: 'id' })
  })
})

describe('a manifest of files of other sources', () => {
  const text = row('langfuse') + JSON.stringify(span)
  it.each([
    ['left_out', 2, 'it has 1 rows left out, the manifest says 2'],
    ['left_out', undefined, 'it has 1 rows left out, the manifest says 0'],
    ['conversations', 2, 'it has 1 conversations, the manifest says 2'],
  ])('is not believed when its counts differ: %s %s', async (key, value, message) => {
    const { manifest } = await describeFiles({ 'a.jsonl': text })
    const files = manifest.files.map((file) => ({ ...file, [key]: value }))
    const error = await takeRefusal(() =>
      collect(readCorpus({ ...manifest, files }, createMemoryFiles({ 'a.jsonl': text }))),
    )
    expect(error.message).toBe(message)
  })

  it.each([
    ['format', 'parket', 'files[0].format'],
    ['shape', 'langfus', 'files[0].shape'],
    ['left_out', 0, 'files[0].left_out'],
  ])('is refused with its place: %s %j', async (key, value, field) => {
    const file = { path: 'a', sha256: '0'.repeat(64), conversations: 1, turns: 1, [key]: value }
    const error = await takeRefusal(() =>
      parseManifest({ file: 'm', text: JSON.stringify({ version: 1, name: 'a', files: [file] }) }),
    )
    expect(error.where).toMatchObject({ file: 'm', field })
  })
})
