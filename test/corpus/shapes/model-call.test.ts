import { describe, expect, it } from '@jest/globals'
import { langfuse } from '../../../src/corpus/shapes/langfuse.ts'
import type { LeftOutReason } from '../../../src/corpus/shapes/shape.ts'
import { findTurns } from '../../../src/corpus/turns.ts'
import { leaveOut, readOne, readRow } from '../corpora.ts'

const question = { role: 'user', content: 'q' }
const answer = { role: 'assistant', content: 'a' }

const history = [question, answer, { role: 'user', content: 'q2' }]

describe('a logged call', () => {
  it('is one turn, the answer: those before it were answers to other calls', () => {
    const row = { id: 'o', trace_id: 't', type: 'GENERATION', input: JSON.stringify(history), output: 'a2' }
    const conversation = readOne(langfuse, row)
    expect(conversation.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant'])
    expect(findTurns(conversation)).toEqual([3])
  })

  it.each<[unknown, unknown[]]>([
    ['q', [question]],
    [JSON.stringify([question]), [question]],
    [[question], [question]],
    [question, [question]],
    [{ messages: [question] }, [question]],
    [JSON.stringify({ messages: [question], temperature: 0 }), [question]],
    [{ instructions: 's', input: 'q' }, [{ role: 'system', content: 's' }, question]],
    [{ input: [{ role: 'user', content: [{ type: 'input_text', text: 'q' }] }] }, [question]],
    [
      { system: [{ type: 'text', text: 's' }], messages: [question] },
      [{ role: 'system', content: 's' }, question],
    ],
    [
      '{"a": "some JSON that a user wrote"}',
      [{ role: 'user', content: '{"a": "some JSON that a user wrote"}' }],
    ],
    ['[1, 2', [{ role: 'user', content: '[1, 2' }]],
  ])('may have been asked with %j', (input, messages) => {
    const row = { id: 'o', trace_id: 't', type: 'GENERATION', input, output: 'a' }
    expect(readOne(langfuse, row).messages.slice(0, -1)).toEqual(messages)
  })

  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }
  const called = { role: 'assistant', content: null, tool_calls: [call] }
  it.each<[unknown, unknown]>([
    ['a', answer],
    [JSON.stringify(answer), answer],
    [answer, answer],
    [{ content: 'a', role: 'assistant', refusal: null }, answer],
    [{ choices: [{ message: answer }] }, answer],
    [{ choices: [{ message: { content: 'a' } }] }, answer],
    [[question, answer], answer],
    [{ messages: [answer] }, answer],
    [
      { output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a' }] }] },
      answer,
    ],
    [{ role: 'assistant', tool_calls: [{ id: 'c', name: 'f', args: { x: 1 }, type: 'tool_call' }] }, called],
    [{ choices: [{ message: called }] }, called],
    [
      { role: 'assistant', content: null, refusal: 'no' },
      { role: 'assistant', content: null, refusal: 'no' },
    ],
    ['{"answer": 42}', { role: 'assistant', content: '{"answer": 42}' }],
    [{ answer: 42 }, { role: 'assistant', content: '{"answer":42}' }],
  ])('may have been answered with %j', (output, message) => {
    const row = { id: 'o', trace_id: 't', type: 'GENERATION', input: 'q', output }
    expect(readOne(langfuse, row).messages.at(-1)).toEqual(message)
  })

  it.each<[object, LeftOutReason]>([
    [{ input: 'q', output: '' }, 'no answer was recorded'],
    [{ input: 'q', output: null }, 'no answer was recorded'],
    [{ input: 'q' }, 'no answer was recorded'],
    [{ input: 'q', output: { role: 'assistant', content: '' } }, 'no answer was recorded'],
    [{ input: 'q', output: [question] }, 'no answer was recorded'],
    [{ input: '', output: 'a' }, 'no messages were recorded'],
    [{ input: null, output: 'a' }, 'no messages were recorded'],
    [{ input: { prompt: 'q' }, output: 'a' }, 'no messages were recorded'],
    [{ input: [answer], output: 'a' }, 'no assistant turn that answers a user or a tool'],
    [
      { input: [{ role: 'user', content: [{ type: 'image_url' }] }], output: 'a' },
      'more than text and function calls',
    ],
    [
      { input: { messages: [question], tools: [{ type: 'web_search' }] }, output: 'a' },
      'more than text and function calls',
    ],
  ])('is left out with %j', (parts, reason) => {
    expect(readRow(langfuse, { id: 'o', trace_id: 't', type: 'GENERATION', ...parts })).toEqual(
      leaveOut(reason),
    )
  })
})
