import { describe, expect, it } from '@jest/globals'
import { openai } from '../../../src/corpus/shapes/openai.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { readRow } from '../corpora.ts'

const question = { role: 'user', content: 'q' }
const answer = { role: 'assistant', content: 'a' }

describe('OpenAI messages', () => {
  const read = (row: object) => {
    const [reading] = readRow(openai, row)
    if (reading?.kind !== 'conversation') throw new Error(reading?.reason)
    return reading.conversation
  }

  it('are taken with the keys that files for fine-tuning have', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }
    const row = {
      messages: [
        { role: 'developer', content: 'd' },
        question,
        { role: 'assistant', content: null, tool_calls: [call], weight: 0, annotations: [] },
        { role: 'tool', tool_call_id: 'c1', content: 'r' },
        { ...answer, refusal: null, audio: null },
      ],
      tools: [{ type: 'function', function: { name: 'f', strict: null, parameters: { type: 'object' } } }],
      parallel_tool_calls: false,
    }
    expect(read(row)).toEqual({
      id: expect.stringMatching(/^content-[0-9a-f]{32}$/),
      messages: [
        { role: 'developer', content: 'd' },
        question,
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c1', content: 'r' },
        answer,
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
    })
  })

  it('have an id of what they say, unless they have one', () => {
    const messages = [question, answer]
    const { id } = read({ messages })
    expect(read({ messages: [{ content: 'q', role: 'user' }, answer], more: 1 }).id).toBe(id)
    expect(read({ messages: [question, { ...answer, content: 'b' }] }).id).not.toBe(id)
    expect(read({ messages, tools: [{ type: 'function', function: { name: 'f' } }] }).id).not.toBe(id)
    expect(read({ messages, id: 'x-1' }).id).toBe('x-1')
    expect(read({ messages, id: 17 }).id).toBe('17')
  })

  it('have ids that a turn can be called by', () => {
    const ids = ['_a', 'a/b', 'a b', 'a#1', 'ä', 'x'.repeat(129)].map(
      (id) => read({ id, messages: [question, answer] }).id,
    )
    expect(new Set(ids).size).toBe(6)
    for (const id of ids) expect(id).toMatch(/^id-[0-9a-f]{32}$/)
  })

  it('keep texts, numbers and booleans as metadata, and the time', () => {
    const metadata = { a: 'x', b: 1, c: true, d: null, e: ['x'], f: 'x'.repeat(201), g: '' }
    expect(read({ messages: [question, answer], metadata, created_at: 1700000000 })).toMatchObject({
      metadata: { a: 'x', b: 1, c: true },
      collected_at: '2023-11-14T22:13:20.000Z',
    })
  })

  it('may have their text in parts', () => {
    const content = [
      { type: 'input_text', text: 'one' },
      { type: 'text', text: 'two' },
    ]
    const thought = [
      { type: 'thinking', thinking: 'hm' },
      { type: 'output_text', text: 'a', annotations: [] },
    ]
    expect(
      read({
        messages: [
          { role: 'user', content },
          { role: 'assistant', content: thought },
        ],
      }).messages,
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
      answer,
    ])
  })

  it.each<[string, object[], string]>([
    [
      'a picture',
      [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }, answer],
      'more than text and function calls',
    ],
    [
      'a call of no function',
      [question, { role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: {} }] }],
      'more than text and function calls',
    ],
    ['nothing to replay', [question], 'no assistant turn that answers a user or a tool'],
  ])('are left out with %s', (_, messages, reason) => {
    expect(readRow(openai, { messages })).toEqual([{ kind: 'left-out', reason }])
  })

  it('are left out with tools that are no functions', () => {
    expect(readRow(openai, { messages: [question, answer], tools: [{ type: 'web_search' }] })).toEqual([
      { kind: 'left-out', reason: 'more than text and function calls' },
    ])
  })

  it.each<[object, string]>([
    [{ messages: [] }, 'messages'],
    [{ messages: [question, { content: 'a' }] }, 'messages[1].role'],
    [{ messages: [question, { role: 'bot', content: 'a' }] }, 'messages[1].role'],
    [{ messages: [question, 'a'] }, 'messages[1]'],
    [{ messages: [{ role: 'user' }, answer] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: null }, answer] }, 'messages[0].content'],
    [{ messages: [question, { role: 'assistant', content: { answer: 'a' } }] }, 'messages[1].content'],
    [
      { messages: [question, { role: 'assistant', content: [{ type: 'text' }] }] },
      'messages[1].content[0].content',
    ],
    [{ messages: [question, { role: 'assistant', content: [5] }] }, 'messages[1].content[0]'],
    [{ messages: [question, answer, { role: 'tool', content: 'r' }] }, 'messages[2].tool_call_id'],
    [
      { messages: [question, { role: 'assistant', tool_calls: [{ id: 'c', function: {} }] }] },
      'messages[1].tool_calls[0].function.name',
    ],
    [{ messages: [question, answer], tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ messages: [question, answer], tools: 'secret' }, 'tools'],
    [{ messages: [question, answer], created_at: 'soon' }, 'created_at'],
    [{ messages: [question, answer], id: {} }, 'id'],
  ])('are refused by their field: %j', async (row, field) => {
    const error = await takeRefusal(() => readRow(openai, row, 3))
    expect(error.where).toEqual({ file: 'rows.jsonl', line: 3, field })
    expect(error.remedy).not.toBe('')
  })
})
