import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isTransportFailure } from '../../src/replay/completion.ts'
import { failByStatus, isPlainAnswer, readAnyAnswer, readChatAnswer } from '../../src/replay/read-answer.ts'

const answer = (message: unknown, rest: Record<string, unknown> = {}) =>
  readChatAnswer({ choices: [{ message, finish_reason: 'stop' }], ...rest })

describe('readChatAnswer', () => {
  it.each(['   \n', '\u200b\u200b', '\ufeff\u00ad', ' \u2060\t'])(
    'takes invisible text for no answer: %j',
    (content) => {
      expect(answer({ content })).toMatchObject({ kind: 'failed', cause: 'empty-answer' })
      expect(answer({ content: `${content}.` })).toMatchObject({ kind: 'completed', text: `${content}.` })
    },
  )

  it('reads a whole answer', () => {
    const body = {
      model: 'served',
      system_fingerprint: 'fp_1',
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: 'hello',
            refusal: null,
            tool_calls: [{ id: 'a', type: 'function', function: { name: 'find', arguments: '{}' } }],
          },
        },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    }
    expect(readChatAnswer(body)).toEqual({
      kind: 'completed',
      model: 'served',
      text: 'hello',
      reasoning: null,
      toolCalls: [{ id: 'a', type: 'function', function: { name: 'find', arguments: '{}' } }],
      refusal: null,
      finishReason: 'tool_calls',
      usage: { promptTokens: 7, completionTokens: 3 },
      systemFingerprint: 'fp_1',
    })
  })

  it.each([
    ['reasoning_content', 'vLLM and DeepSeek'],
    ['reasoning', 'OpenRouter'],
  ])('reads what the model thought, as %s names it (%s)', (key) => {
    const message = { content: 'x', [key]: 'first, then' }
    expect(readChatAnswer({ choices: [{ message }] })).toMatchObject({ reasoning: 'first, then' })
    const blank = { choices: [{ message: { content: 'x', [key]: ' \u200b' } }] }
    expect(readChatAnswer(blank)).toMatchObject({ reasoning: null })
    const odd = { choices: [{ message: { content: 'x', [key]: [{ step: 1 }] } }] }
    expect(readChatAnswer(odd)).toMatchObject({ text: 'x', reasoning: null })
  })

  it('is no completion where a model only thought', () => {
    const body = { choices: [{ message: { content: null, reasoning_content: 'hm' } }] }
    expect(readChatAnswer(body)).toMatchObject({ cause: 'empty-answer' })
  })

  it('takes what may be absent as absent', () => {
    expect(readChatAnswer({ choices: [{ message: { content: 'x' } }] })).toEqual({
      kind: 'completed',
      model: null,
      text: 'x',
      reasoning: null,
      toolCalls: [],
      refusal: null,
      finishReason: 'unknown',
      usage: null,
      systemFingerprint: null,
    })
  })

  it.each([
    { prompt_tokens: null },
    { completion_tokens: 4 },
    { prompt_tokens: 1.5, completion_tokens: 2 },
    [],
  ])('does not lose an answer to a token count that can not be read: %j', (usage) => {
    expect(answer({ content: 'x' }, { usage })).toMatchObject({ kind: 'completed', text: 'x', usage: null })
  })

  it.each([
    ['length', { content: 'cut sho' }],
    ['content_filter', { content: 'partly' }],
    ['content_filter', { content: null, refusal: 'I will not' }],
    ['stop', { content: null, refusal: 'I will not' }],
    ['tool_calls', { content: null, tool_calls: [{ function: { name: 'find' } }] }],
  ])('takes an answer that ended with %s for a completion', (finishReason, message) => {
    const read = readChatAnswer({ choices: [{ message, finish_reason: finishReason }] })
    expect(read).toMatchObject({ kind: 'completed', finishReason })
  })

  it('takes an empty refusal for none', () => {
    expect(answer({ content: 'x', refusal: '' })).toMatchObject({ kind: 'completed', refusal: null })
  })

  it('names tool calls that have no id of their own', () => {
    const calls = [{ function: { name: 'a' } }, { id: '', function: { name: 'b', arguments: null } }]
    expect(answer({ tool_calls: calls })).toMatchObject({
      toolCalls: [
        { id: 'call-0', function: { name: 'a', arguments: '' } },
        { id: 'call-1', function: { name: 'b', arguments: '' } },
      ],
    })
  })

  it('gives each kind of emptiness its own cause', () => {
    for (const body of [{ choices: [] }, { choices: null }, {}]) {
      expect(readChatAnswer(body)).toMatchObject({ kind: 'failed', cause: 'empty-choices' })
    }
    for (const message of [{ content: null }, { content: '' }, {}, { content: null, tool_calls: [] }]) {
      expect(answer(message)).toMatchObject({ kind: 'failed', cause: 'empty-answer' })
    }
    for (const body of [null, undefined, 'text', [], { choices: [{}] }, { choices: 'x' }, { error: {} }]) {
      const read = readChatAnswer(body)
      expect(read.kind).toBe('failed')
    }
    expect(answer({ content: [{ type: 'text', text: 'x' }] })).toMatchObject({ cause: 'unreadable-answer' })
  })

  it('never throws, and never makes a completion of nothing', () => {
    const message = fc.record(
      {
        content: fc.oneof(fc.string(), fc.constant(null)),
        refusal: fc.string(),
        tool_calls: fc.constant([]),
      },
      { requiredKeys: [] },
    )
    const body = fc.oneof(fc.jsonValue(), fc.record({ choices: fc.array(fc.record({ message })) }))
    fc.assert(
      fc.property(body, (value) => {
        const read = readChatAnswer(value)
        if (read.kind === 'completed') expect(`${read.text}${read.refusal ?? ''}`).not.toBe('')
      }),
    )
  })
})

describe('failByStatus', () => {
  it.each([
    [400, 'bad-request', false],
    [401, 'unauthorized', false],
    [403, 'unauthorized', false],
    [404, 'not-found', false],
    [408, 'timeout', true],
    [413, 'bad-request', false],
    [422, 'bad-request', false],
    [429, 'rate-limited', true],
    [500, 'server-error', true],
    [503, 'server-error', true],
    [529, 'server-error', true],
    [302, 'unreadable-answer', true],
  ] as const)('calls status %d %s', (status, cause, transport) => {
    const failed = failByStatus(status, 'why')
    const overloaded = status === 503 || status === 529 ? { overloaded: true } : {}
    expect(failed).toEqual({ kind: 'failed', cause, detail: 'why', retryAfterMs: null, ...overloaded })
    expect(isTransportFailure(failed)).toBe(transport)
  })
})

describe('isPlainAnswer', () => {
  const odd = fc.constantFrom<unknown>(undefined, null, '', 0, -1, 1.5, Number.NaN, true, [], {}, ['x'])
  const text = fc.oneof({ weight: 8, arbitrary: fc.constantFrom<unknown>('x', '', ' ', null) }, odd)
  const count = fc.oneof({ weight: 8, arbitrary: fc.constantFrom<unknown>(0, 7, -0, 2 ** 53) }, odd)
  const some = (fields: Record<string, fc.Arbitrary<unknown>>) =>
    fc.oneof({ weight: 12, arbitrary: fc.record(fields, { requiredKeys: [] }) }, odd)
  const call = some({ id: text, function: some({ name: text, arguments: text }) })
  const message = some({
    content: text,
    refusal: text,
    reasoning: text,
    reasoning_content: text,
    tool_calls: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(undefined, null) }, fc.array(call), odd),
    more: odd,
  })
  const choice = some({ finish_reason: text, message, index: count })
  const choices = fc.oneof({ weight: 8, arbitrary: fc.array(choice, { minLength: 1, maxLength: 2 }) }, odd)
  const usage = some({ prompt_tokens: count, completion_tokens: count, total_tokens: count })
  const body = some({ model: text, system_fingerprint: text, choices, usage, id: odd })

  it('has nothing read otherwise than the schema does', () => {
    let plain = 0
    fc.assert(
      fc.property(body, (written) => {
        if (isPlainAnswer(written)) plain += 1
        expect(readChatAnswer(written)).toEqual(readAnyAnswer(written))
      }),
      { numRuns: 5000 },
    )
    expect(plain).toBeGreaterThan(50)
  })

  it('knows the answers that most servers give', () => {
    const message = { role: 'assistant', content: 'hi', refusal: null }
    const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }]
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
    expect(isPlainAnswer({ id: 'c', object: 'chat.completion', model: 'm', choices, usage })).toBe(true)
    const calls = [{ id: 'x', type: 'function', function: { name: 'find', arguments: '{}' } }]
    const calling = [{ index: 0, message: { ...message, content: null, tool_calls: calls } }]
    expect(isPlainAnswer({ model: 'm', choices: calling, usage })).toBe(true)
    const nameless = [{ id: 'x', type: 'function', function: { arguments: '{}' } }]
    const broken = [{ index: 0, message: { ...message, tool_calls: nameless } }]
    expect(isPlainAnswer({ model: 'm', choices: broken, usage })).toBe(false)
  })
})
