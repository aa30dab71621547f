import { describe, expect, it } from '@jest/globals'
import { toResponsesBody } from '../../src/replay/responses-body.ts'

const ask = { customId: 'c#1', model: 'ckpt-2', api: 'responses' as const }

describe('toResponsesBody', () => {
  it('writes each message as an item, and calls and their results as items of their own', () => {
    const { input } = toResponsesBody({
      ...ask,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: 'Use tools.', name: 'ops' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Where is ' },
            { type: 'text', text: 'it?' },
          ],
        },
        {
          role: 'assistant',
          content: 'Let me look.',
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'track', arguments: '{"id":1}' } },
            { id: 'call_2', type: 'function', function: { name: 'track', arguments: '{"id":2}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'in Bremen' },
        { role: 'tool', tool_call_id: 'call_2', content: 'in Kiel' },
      ],
    })
    expect(input).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: 'Use tools.' },
      { role: 'user', content: 'Where is it?' },
      { role: 'assistant', content: 'Let me look.' },
      { type: 'function_call', call_id: 'call_1', name: 'track', arguments: '{"id":1}' },
      { type: 'function_call', call_id: 'call_2', name: 'track', arguments: '{"id":2}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'in Bremen' },
      { type: 'function_call_output', call_id: 'call_2', output: 'in Kiel' },
    ])
  })

  it.each([
    [{ content: null, refusal: 'I cannot.' }, [{ role: 'assistant', content: 'I cannot.' }]],
    [{ content: 'Well.', refusal: 'No.' }, [{ role: 'assistant', content: 'Well.\nNo.' }]],
    [{ content: '', refusal: null }, []],
  ])('writes what the assistant said: %j', (said, items) => {
    expect(toResponsesBody({ ...ask, messages: [{ role: 'assistant', ...said }] }).input).toEqual(items)
  })

  it('is not stricter about tools than chat is, and takes one without parameters for one that has none', () => {
    const tools = [
      { type: 'function' as const, function: { name: 'now' } },
      {
        type: 'function' as const,
        function: { name: 'find', description: 'Finds.', parameters: { type: 'object' }, strict: true },
      },
    ]
    expect(toResponsesBody({ ...ask, messages: [], tools }).tools).toEqual([
      { type: 'function', name: 'now', parameters: { type: 'object', properties: {} }, strict: false },
      {
        type: 'function',
        name: 'find',
        description: 'Finds.',
        parameters: { type: 'object' },
        strict: true,
      },
    ])
  })

  it('sends settings only where there are some, and stores nothing', () => {
    expect(toResponsesBody({ ...ask, messages: [] })).toEqual({ model: 'ckpt-2', input: [], store: false })
    const responseFormat = { name: 'grade', schema: { type: 'object' } }
    expect(
      toResponsesBody({ ...ask, messages: [], temperature: 0, maxTokens: 64, responseFormat }),
    ).toMatchObject({
      temperature: 0,
      max_output_tokens: 64,
      text: { format: { type: 'json_schema', name: 'grade', schema: { type: 'object' }, strict: true } },
    })
  })
})
