import { describe, expect, it } from '@jest/globals'
import type { ChatRequest } from '../../src/replay/completion.ts'
import { estimateUsage, reserveTokens } from '../../src/replay/tokens.ts'
import { completeWith } from '../fakes/scripted-client.ts'

const ask = (content: string, parts: Partial<ChatRequest> = {}): ChatRequest => ({
  customId: 'c#1',
  model: 'ckpt-2',
  messages: [{ role: 'user', content }],
  ...parts,
})

describe('reserveTokens', () => {
  it('takes a token for every two bytes, and the longest answer that is asked for', () => {
    expect(reserveTokens(ask('x'.repeat(1000), { maxTokens: 64 }), 5000)).toEqual({
      promptTokens: 508,
      completionTokens: 64,
    })
  })

  it('counts what is sent beside the messages', () => {
    const plain = reserveTokens(ask('hello'), 0).promptTokens
    const tools = [{ type: 'function' as const, function: { name: 'find', description: 'x'.repeat(200) } }]
    expect(reserveTokens(ask('hello', { tools }), 0).promptTokens).toBeGreaterThan(plain + 100)
    const responseFormat = { name: 'grade', schema: { description: 'x'.repeat(200) } }
    expect(reserveTokens(ask('hello', { responseFormat }), 0).promptTokens).toBeGreaterThan(plain + 100)
    const call = {
      id: 'a',
      type: 'function' as const,
      function: { name: 'find', arguments: 'x'.repeat(200) },
    }
    const called = ask('hello', { messages: [{ role: 'assistant', tool_calls: [call] }] })
    expect(reserveTokens(called, 0).promptTokens).toBeGreaterThan(100)
  })

  it('takes an answer that nobody limits for twice the longest so far, and for 2,048 tokens at least', () => {
    expect(reserveTokens(ask('hello'), 0).completionTokens).toBe(2048)
    expect(reserveTokens(ask('hello'), 3000).completionTokens).toBe(6000)
  })

  it('takes an address that is no chat for its body', () => {
    const post = { customId: 'c#1', path: '/moderations', body: { input: 'x'.repeat(100) } }
    expect(reserveTokens(post, 0)).toEqual({ promptTokens: 56, completionTokens: 0 })
  })

  it('is more than texts in several scripts really take', () => {
    // Tokens of OpenAI's encoding o200k_base.
    const known: [string, number][] = [
      ['The quick brown fox jumps over the lazy dog.', 10],
      ['素早い茶色の狐はのろまな犬を飛び越える。', 19],
      ['Съешь же ещё этих мягких французских булок, да выпей чаю.', 19],
      ['for (let i = 0; i < 10; i += 1) { console.log(i) }', 24],
    ]
    for (const [text, tokens] of known) {
      expect(reserveTokens(ask(text), 0).promptTokens - 8).toBeGreaterThanOrEqual(tokens)
    }
  })
})

describe('estimateUsage', () => {
  it('takes four bytes for a token, of the prompt and of all that was answered', () => {
    const answer = completeWith({ text: 'x'.repeat(40), reasoning: 'x'.repeat(20), usage: null })
    expect(estimateUsage(ask('x'.repeat(400)), answer)).toEqual({ promptTokens: 108, completionTokens: 15 })
  })

  it('takes what was never answered for its prompt', () => {
    expect(estimateUsage(ask('x'.repeat(400)), null)).toEqual({ promptTokens: 108, completionTokens: 0 })
  })
})
