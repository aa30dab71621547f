import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { messageList, struct, text, writeTable } from './tables.ts'

const tool = {
  type: 'function' as const,
  function: { name: 'look_up', description: 'looks up', parameters: { type: 'object', properties: {} } },
}

/** Conversations with all that the gate's shape has; every seventh has expired. */
export function makeConversations(count: number): Conversation[] {
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

/** Conversations as JSON lines. */
export const toLines = (rows: Conversation[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** The same rows as each format has them; tables once with nested columns and once with JSON texts. */
export const writers: Record<string, (rows: Conversation[]) => Uint8Array> = {
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
