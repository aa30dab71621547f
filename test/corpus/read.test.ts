import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { readCorpus } from '../../src/corpus/read.ts'
import { formatError } from '../../src/errors.ts'
import { takeRefusal } from '../support/refusal.ts'
import { collect, createMemoryFiles, describeFiles, parseConversation, writeConversation } from './corpora.ts'

const file = 'conversations.jsonl'

function read(files: Record<string, Uint8Array | string>, counts: Parameters<typeof describeFiles>[1]) {
  return collect(readCorpus(describeFiles(files, counts), createMemoryFiles(files)))
}

function write(count: number): string[] {
  return Array.from({ length: count }, (_, index) => writeConversation(`c-${index + 1}`))
}

describe('a corpus', () => {
  it('is the conversations of its files in order', async () => {
    const files = {
      'a.jsonl': `${writeConversation('a', 2)}\n\n${writeConversation('b')}\n`,
      'b.jsonl.gz': gzipSync(writeConversation('c', 3)),
    }
    const conversations = await read(files, {
      'a.jsonl': { conversations: 2, turns: 3 },
      'b.jsonl.gz': { conversations: 1, turns: 3 },
    })
    expect(conversations.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(conversations[0]).toEqual(JSON.parse(writeConversation('a', 2)))
  })

  it('may be written on Windows', async () => {
    const text = `\ufeff${write(3).join('\r\n')}\r\n`
    const conversations = await read({ [file]: text }, { [file]: { conversations: 3, turns: 3 } })
    expect(conversations).toHaveLength(3)
  })

  it('may be empty, if the manifest says so', async () => {
    expect(await read({ [file]: '' }, {})).toEqual([])
    expect(await read({ [file]: '\n\n' }, {})).toEqual([])
  })

  it('is refused at a malformed line, by its number', async () => {
    const lines = write(20)
    lines[16] = '{"id": "c-17", "messages": ['
    const error = await takeRefusal(() =>
      read({ [file]: lines.join('\n') }, { [file]: { conversations: 20, turns: 20 } }),
    )
    expect(formatError(error)).toBe(
      'conversations.jsonl:17: not a JSON object\n  → write one whole conversation a line',
    )
  })

  it('is refused when a file is not what the manifest describes, once it is read to its end', async () => {
    const text = write(3).join('\n')
    const manifest = describeFiles({ [file]: `${text}\n` }, { [file]: { conversations: 3, turns: 3 } })
    const seen: string[] = []
    const error = await takeRefusal(async () => {
      for await (const { id } of readCorpus(manifest, createMemoryFiles({ [file]: text }))) seen.push(id)
    })
    expect(error.message).toMatch(/^its SHA-256 is /)
    expect(seen).toHaveLength(3)
  })

  it.each([
    [{ conversations: 3, turns: 4 }, 'it has 2 conversations, the manifest says 3'],
    [{ conversations: 1, turns: 4 }, 'it has 2 conversations, the manifest says 1'],
    [{ conversations: 2, turns: 5 }, 'it has 4 turns, the manifest says 5'],
    [{ conversations: 2, turns: 3 }, 'it has 4 turns, the manifest says 3'],
  ])('is refused when its counts differ: %j', async (counts, message) => {
    const text = `${writeConversation('a')}\n${writeConversation('b', 3)}`
    const error = await takeRefusal(() => read({ [file]: text }, { [file]: counts }))
    expect(error).toMatchObject({ code: 'corpus', message, where: { file } })
  })

  it('is refused when a file is missing', async () => {
    const manifest = describeFiles({ 'gone.jsonl': '' }, {})
    const error = await takeRefusal(() => collect(readCorpus(manifest, createMemoryFiles({}))))
    expect(error.where).toEqual({ file: 'gone.jsonl' })
  })

  it('is refused when an id comes twice, in one file or in two', async () => {
    const text = `${writeConversation('a')}\n\n${writeConversation('b')}\n${writeConversation('a', 2)}`
    const within = await takeRefusal(() => read({ [file]: text }, { [file]: { conversations: 3, turns: 4 } }))
    expect(within.message).toBe('the id "a" was used before (conversations.jsonl:1)')
    expect(within.where).toEqual({ file, line: 4, field: 'id' })
    const files = { 'a.jsonl': writeConversation('x'), 'b.jsonl': writeConversation('x') }
    const one = { conversations: 1, turns: 1 }
    const across = await takeRefusal(() => read(files, { 'a.jsonl': one, 'b.jsonl': one }))
    expect(across.message).toBe('the id "x" was used before (a.jsonl:1)')
    expect(across.where).toEqual({ file: 'b.jsonl', line: 1, field: 'id' })
  })
})

describe('a line that is no JSON', () => {
  it.each([
    ['{"id": "a" secret}', 12],
    ['{"id": "a", "messages": [secret', undefined],
    ['secret', undefined],
    ['{"id": "secret', 15],
    ['{"id": "a"} {"secret": 1}', 13],
    ["{'id': 'secret'}", 2],
  ])('is refused without its text, which is somebody’s: %j', async (text, column) => {
    const error = await takeRefusal(() => parseConversation({ file, line: 17, text }))
    expect(error.message).toBe('not a JSON object')
    expect(error.where).toEqual({ file, line: 17, column })
    expect(formatError(error)).not.toContain('secret')
    expect(String(error.cause)).not.toContain('secret')
  })
})

describe('a line that is no conversation', () => {
  const messages = [
    { role: 'user', content: 'q' },
    { role: 'assistant', content: 'a' },
  ]
  const user = messages[0]
  it.each<[unknown, string, string | undefined]>([
    [[], 'expected object, received array', undefined],
    ['text', 'expected object, received string', undefined],
    [null, 'expected object, received null', undefined],
    [5, 'expected object, received number', undefined],
    [{}, 'it is missing', 'id'],
    [{ id: 'a' }, 'it is missing', 'messages'],
    [{ id: 7, messages }, 'expected string, received number', 'id'],
    [{ id: 'a b', messages }, 'an id is 1 to 128 letters', 'id'],
    [{ id: 'a#1', messages }, 'an id is 1 to 128 letters', 'id'],
    [{ id: 'a|b', messages }, 'an id is 1 to 128 letters', 'id'],
    [{ id: '../a', messages }, 'an id is 1 to 128 letters', 'id'],
    [{ id: '', messages }, 'an id is 1 to 128 letters', 'id'],
    [{ id: 'a'.repeat(129), messages }, 'an id is 1 to 128 letters', 'id'],
    [{ id: 'a', messages: [] }, 'Too small', 'messages'],
    [{ id: 'a', messages: 'hello' }, 'expected array, received string', 'messages'],
    [{ id: 'a', messages: [user, { role: 'bot', content: 'x' }] }, 'Expected', 'messages[1].role'],
    [{ id: 'a', messages: [user, { content: 'x' }] }, 'Expected', 'messages[1].role'],
    [{ id: 'a', messages: [{ role: 'user' }] }, 'expected text, or a list', 'messages[0].content'],
    [
      { id: 'a', messages: [{ role: 'user', content: null }] },
      'expected text, or a list',
      'messages[0].content',
    ],
    [{ id: 'a', messages: [{ ...user, contnt: 'x' }] }, 'did you mean "content"?', 'messages[0].contnt'],
    [
      { id: 'a', messages: [...messages, { role: 'tool', content: 'x' }] },
      'missing',
      'messages[2].tool_call_id',
    ],
    [{ id: 'a', messages, tool: [] }, 'unknown key "tool"; did you mean "tools"?', 'tool'],
    [{ id: 'a', messages, tools: [] }, 'Too small', 'tools'],
    [{ id: 'a', messages, expires_at: 'soon' }, 'ISO datetime', 'expires_at'],
    [{ id: 'a', messages, expires_at: '2026-11-02' }, 'ISO datetime', 'expires_at'],
    [{ id: 'a', messages, collected_at: '2026-13-01T00:00:00Z' }, 'ISO datetime', 'collected_at'],
    [{ id: 'a', messages, metadata: { surface: null } }, 'expected a text of at most', 'metadata.surface'],
    [{ id: 'a', messages, metadata: { note: 'x'.repeat(201) } }, 'Too big', 'metadata.note'],
  ])('is refused by its field: %#', async (value, message, field) => {
    const text = JSON.stringify(value)
    const error = await takeRefusal(() => parseConversation({ file, line: 3, text }))
    expect(error.code).toBe('corpus')
    expect(error.message).toContain(message)
    expect(error.where).toEqual({ file, line: 3, field })
    expect(error.remedy).not.toBe('')
  })

  it('is refused when it has a picture', async () => {
    const content = [{ type: 'image_url', image_url: { url: 'data:' } }]
    const text = JSON.stringify({ id: 'a', messages: [{ role: 'user', content }] })
    const error = await takeRefusal(() => parseConversation({ file, line: 1, text }))
    expect(error.where?.field).toMatch(/^messages\[0\]\.content/)
  })

  it.each<[string, object[]]>([
    ['nobody but a user', [{ role: 'user', content: 'q' }]],
    ['an assistant that speaks first', [{ role: 'assistant', content: 'a' }]],
    [
      'an assistant after a system message',
      [
        { role: 'system', content: 's' },
        { role: 'assistant', content: 'a' },
      ],
    ],
  ])('is refused when it has %s: there is no turn to replay', async (_, wrong) => {
    const text = JSON.stringify({ id: 'a', messages: wrong })
    const error = await takeRefusal(() => parseConversation({ file, line: 9, text }))
    expect(error.message).toBe('the conversation has no assistant turn that answers a user or a tool')
    expect(error.where).toEqual({ file, line: 9, field: 'messages' })
  })
})
