import { describe, expect, it } from '@jest/globals'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { collectCalls, collectNewCalls } from '../../src/tools/calls.ts'

function call(id: string, name = 'search') {
  return { id, type: 'function' as const, function: { name, arguments: `{"q":"${id}"}` } }
}

function result(id: string, content: string) {
  return { role: 'tool' as const, tool_call_id: id, content }
}

const parallel: Conversation = {
  id: 'c',
  messages: [
    { role: 'user', content: 'Look.' },
    { role: 'assistant', tool_calls: [call('a'), call('b'), call('never')] },
    result('b', 'Error: timed out'),
    result('a', '{"hits": 3}'),
    { role: 'assistant', content: 'Found.' },
    result('a', 'a second time'),
    result('nobody', 'asked'),
  ],
  tool_latency_ms: { a: 120, b: 30_000, constructor: 1 },
}

describe('the calls of a conversation', () => {
  it('have the results of parallel calls in any order, and none where the log has none', () => {
    const { calls, strayResults } = collectCalls(parallel)
    expect(calls.map(({ written, response }) => [written, response?.text, response?.messageIndex])).toEqual([
      ['{"q":"a"}', '{"hits": 3}', 3],
      ['{"q":"b"}', 'Error: timed out', 2],
      ['{"q":"never"}', undefined, undefined],
    ])
    expect(calls.map(({ messageIndex }) => messageIndex)).toEqual([1, 1, 1])
    expect(strayResults).toBe(2)
  })

  it('know errors by their form, and how long a tool took where the log says it', () => {
    const { calls } = collectCalls(parallel)
    expect(calls.map(({ response }) => response?.isError)).toEqual([false, true, undefined])
    expect(calls.map(({ latencyMs }) => latencyMs)).toEqual([120, 30_000, null])
  })

  it('are told apart where a log uses an id again', () => {
    const { calls, strayResults } = collectCalls({
      id: 'c',
      messages: [
        { role: 'user', content: 'Look.' },
        { role: 'assistant', tool_calls: [call('a', 'first')] },
        result('a', 'one'),
        { role: 'assistant', tool_calls: [call('a', 'second')] },
        result('a', 'two'),
      ],
    })
    expect(calls.map(({ tool, response }) => [tool, response?.text])).toEqual([
      ['first', 'one'],
      ['second', 'two'],
    ])
    expect(strayResults).toBe(0)
  })
})

// What a log of model calls holds of one conversation: a row for each answer, with all that was said before it.
it('counts each call of a log of single model calls once', () => {
  const messages: Conversation['messages'] = [
    { role: 'user', content: 'Look.' },
    { role: 'assistant', tool_calls: [call('a')] },
    result('a', 'one'),
    { role: 'assistant', tool_calls: [call('b'), call('c')] },
    result('c', 'three'),
    result('b', 'two'),
    { role: 'assistant', content: 'Found.' },
    { role: 'user', content: 'Again.' },
    { role: 'assistant', tool_calls: [call('d')] },
  ]
  const rows = [1, 3, 6, 8].map((answer) => ({
    id: `row-${answer}`,
    messages: messages.slice(0, answer + 1),
    firstTurn: answer,
  }))
  const texts = rows.map((row) => collectNewCalls(row).calls.map(({ response }) => response?.text))
  expect(texts).toEqual([[], ['one'], ['two', 'three'], []])
})
