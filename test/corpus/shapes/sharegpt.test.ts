import { describe, expect, it } from '@jest/globals'
import { sharegpt } from '../../../src/corpus/shapes/sharegpt.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { readRow } from '../corpora.ts'

const question = { role: 'user', content: 'q' }
const answer = { role: 'assistant', content: 'a' }

describe('ShareGPT', () => {
  const read = (row: object) => {
    const [reading] = readRow(sharegpt, row)
    if (reading?.kind !== 'conversation') throw new Error(reading?.reason)
    return reading.conversation
  }

  it('has its speakers as roles, and calls with their results', () => {
    const row = {
      id: 'QWJhYvA_0',
      system: 'be kind',
      tools: '[{"name": "f", "description": "does f", "parameters": {"type": "object"}}]',
      conversations: [
        { from: 'human', value: 'q' },
        {
          from: 'function_call',
          value: '[{"name": "f", "arguments": {"x": 1}}, {"name": "f", "arguments": "{}"}]',
        },
        { from: 'observation', value: 'one' },
        { from: 'observation', value: 'two' },
        { from: 'gpt', value: 'a' },
      ],
    }
    expect(read(row)).toEqual({
      id: 'QWJhYvA_0',
      messages: [
        { role: 'system', content: 'be kind' },
        question,
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call_2_0', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
            { id: 'call_2_1', type: 'function', function: { name: 'f', arguments: '{}' } },
          ],
        },
        { role: 'tool', content: 'one', tool_call_id: 'call_2_0' },
        { role: 'tool', content: 'two', tool_call_id: 'call_2_1' },
        answer,
      ],
      tools: [
        { type: 'function', function: { name: 'f', description: 'does f', parameters: { type: 'object' } } },
      ],
    })
  })

  it('prefers a system prompt among what was said', () => {
    const conversations = [
      { from: 'system', value: 'inner' },
      { from: 'user', value: 'q' },
      { from: 'chatgpt', value: 'a' },
    ]
    expect(read({ system: 'outer', conversations }).messages[0]).toEqual({ role: 'system', content: 'inner' })
  })

  it('is left out where nobody was answered', () => {
    for (const conversations of [[], [{ from: 'gpt', value: 'a' }], [{ from: 'human', value: 'q' }]]) {
      expect(readRow(sharegpt, { id: 'x', conversations })).toEqual([
        { kind: 'left-out', reason: 'no assistant turn that answers a user or a tool' },
      ])
    }
  })

  it.each<[object, string]>([
    [{ conversations: 'text' }, 'conversations'],
    [{ conversations: [{ from: 'human' }] }, 'conversations[0].value'],
    [{ conversations: [{ value: 'q' }] }, 'conversations[0].from'],
    [{ conversations: [{ from: 'alien', value: 'q' }] }, 'conversations[0].from'],
    [{ conversations: [{ from: 'constructor', value: 'q' }] }, 'conversations[0].from'],
    [{ conversations: [{ from: 'function_call', value: 'no JSON' }] }, 'conversations[0].value'],
    [
      { conversations: [{ from: 'function_call', value: '{"arguments": {}}' }] },
      'conversations[0].value[0].name',
    ],
    [{ conversations: [{ from: 'observation', value: 'r' }] }, 'conversations[0].from'],
    [{ conversations: [], tools: '[{' }, 'tools'],
  ])('is refused by its field: %j', async (row, field) => {
    const error = await takeRefusal(() => readRow(sharegpt, row, 3))
    expect(error.where).toEqual({ file: 'rows.jsonl', line: 3, field })
  })
})
