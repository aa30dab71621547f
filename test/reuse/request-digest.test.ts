import { describe, expect, it } from '@jest/globals'
import type { ChatRequest } from '../../src/replay/completion.ts'
import { digestRequest } from '../../src/reuse/request-digest.ts'

const asked: ChatRequest = {
  customId: 'c#1',
  model: 'ckpt-1',
  messages: [{ role: 'user', content: 'hello' }],
  temperature: 0.7,
  maxTokens: 64,
}

describe('what was asked', () => {
  it.each<[string, Partial<ChatRequest>]>([
    ['another model', { model: 'ckpt-1b' }],
    ['another message', { messages: [{ role: 'user', content: 'hello!' }] }],
    ['another role', { messages: [{ role: 'system', content: 'hello' }] }],
    ['another temperature', { temperature: 0.8 }],
    ['no temperature', { temperature: undefined }],
    ['a longer answer', { maxTokens: 65 }],
    ['a tool', { tools: [{ type: 'function', function: { name: 'search' } }] }],
    ['another API', { api: 'responses' }],
  ])('is something else with %s', (_, change) => {
    expect(digestRequest({ ...asked, ...change })).not.toBe(digestRequest(asked))
  })

  it('is the same whatever it is called, what is read of its headers, and in which order it is put', () => {
    const { model, ...rest } = asked
    const same = { ...rest, customId: 'x', digestHeader: 'x-digest', tools: undefined, model }
    expect(digestRequest(same)).toBe(digestRequest(asked))
    expect(digestRequest(asked)).toMatch(/^[0-9a-f]{64}$/)
  })
})
