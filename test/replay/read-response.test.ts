import { describe, expect, it } from '@jest/globals'
import { readResponse } from '../../src/replay/read-response.ts'
import { writeResponse } from '../fakes/responses-endpoint.ts'

const write = (script: Parameters<typeof writeResponse>[0]) => writeResponse(script, 'ckpt-2', 0)
const message = (...content: unknown[]) => ({ type: 'message', role: 'assistant', content })
const say = (text: string) => ({ type: 'output_text', text })

describe('readResponse', () => {
  it('reads text, model and tokens, those of reasoning among them', () => {
    expect(readResponse(write({ text: 'hi' }))).toEqual({
      kind: 'completed',
      model: 'ckpt-2',
      text: 'hi',
      reasoning: null,
      toolCalls: [],
      refusal: null,
      finishReason: 'stop',
      usage: { promptTokens: 10, completionTokens: 5 },
      systemFingerprint: null,
    })
  })

  it('joins the texts of all messages, and passes over items of tools that the server has', () => {
    const output = [
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { content: 7 } },
      message(say('one, '), say('two')),
      message(say(', three')),
    ]
    expect(readResponse(write({ output }))).toMatchObject({ text: 'one, two, three', finishReason: 'stop' })
  })

  it.each([
    [{ content: [{ type: 'reasoning_text', text: 'hm' }], summary: [] }, 'hm'],
    [
      {
        summary: [
          { type: 'summary_text', text: 'it' },
          { type: 'summary_text', text: 'adds up' },
        ],
      },
      'it\nadds up',
    ],
    [{ summary: [] }, null],
    [{ summary: 'odd' }, null],
  ])('reads reasoning %j', (parts, reasoning) => {
    const output = [{ type: 'reasoning', id: 'rs_1', ...parts }, message(say('hi'))]
    expect(readResponse(write({ output }))).toMatchObject({ text: 'hi', reasoning })
  })

  it('reads calls of functions, and names those without an id', () => {
    const output = [
      { type: 'function_call', call_id: 'call_9', name: 'find', arguments: '{}' },
      { type: 'function_call', name: 'now' },
    ]
    expect(readResponse(write({ output }))).toMatchObject({
      text: '',
      finishReason: 'tool_calls',
      toolCalls: [
        { id: 'call_9', type: 'function', function: { name: 'find', arguments: '{}' } },
        { id: 'call-1', type: 'function', function: { name: 'now', arguments: '' } },
      ],
    })
  })

  it('takes a refusal for an answer', () => {
    expect(readResponse(write({ refusal: 'I cannot.' }))).toMatchObject({ text: '', refusal: 'I cannot.' })
  })

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
  ])('says why an answer was cut short: %s', (incomplete, finishReason) => {
    expect(readResponse(write({ text: 'hi', incomplete }))).toMatchObject({ kind: 'completed', finishReason })
  })

  it.each([
    [write({ output: [] }), 'empty-answer'],
    [write({ text: ' \u200b' }), 'empty-answer'],
    [
      write({ output: [{ type: 'reasoning', summary: [] }], incomplete: 'max_output_tokens' }),
      'empty-answer',
    ],
    [{ ...write({ text: 'hi' }), status: 'in_progress' }, 'unreadable-answer'],
    [{ ...write({ text: 'hi' }), output: undefined }, 'unreadable-answer'],
    [write({ output: [{ type: 'message', content: 'hi' }] }), 'unreadable-answer'],
    [write({ output: [{ type: 'function_call', arguments: '{}' }] }), 'unreadable-answer'],
    [{ choices: [{ message: { content: 'hi' } }] }, 'unreadable-answer'],
    [{ ...write({}), status: 'failed', error: { code: 'server_error', message: 'x' } }, 'server-error'],
    [
      { ...write({}), status: 'failed', error: { code: 'rate_limit_exceeded', message: 'x' } },
      'rate-limited',
    ],
    [{ ...write({}), status: 'failed', error: { code: 'invalid_prompt', message: 'x' } }, 'bad-request'],
    [{ ...write({}), status: 'failed', error: null }, 'server-error'],
  ])('has no completion in %j', (body, cause) => {
    expect(readResponse(body)).toMatchObject({ kind: 'failed', cause })
  })

  it('does not lose an answer to a token count that can not be read', () => {
    const body = { ...write({ text: 'hi' }), usage: { input_tokens: -1 } }
    expect(readResponse(body)).toMatchObject({ kind: 'completed', usage: null })
    expect(readResponse(write({ text: 'hi', usage: null, model: null }))).toMatchObject({
      usage: null,
      model: null,
    })
  })
})
