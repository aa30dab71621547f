import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { containsQuote, renderCompletion, renderPrefix } from '../../src/grade/evidence.ts'
import { completeWith } from '../fakes/scripted-client.ts'

const call = (name: string, text: string) => ({
  id: 'a',
  type: 'function' as const,
  function: { name, arguments: text },
})

describe('renderCompletion', () => {
  it('shows text, refusal and tool calls, each where there is one', () => {
    const toolCalls = [call('find', '{"q":1}'), call('send', '')]
    expect(renderCompletion(completeWith({ text: 'one\ntwo', refusal: 'no', toolCalls }))).toBe(
      'one\ntwo\n[refusal] no\n[tool call] find({"q":1})\n[tool call] send()',
    )
    expect(renderCompletion(completeWith({ text: 'x' }))).toBe('x')
    expect(renderCompletion(completeWith({ refusal: 'no' }))).toBe('[refusal] no')
  })
})

describe('renderPrefix', () => {
  it('shows every message with its role, tool calls and refusals', () => {
    const prefix = renderPrefix([
      { role: 'system', content: 'be kind' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [call('find', '{}')] },
      { role: 'tool', content: 'found', tool_call_id: 'a' },
      { role: 'assistant', content: null, refusal: 'I will not' },
      { role: 'user', content: 'why?' },
    ])
    expect(prefix).toBe(
      '[system]\nbe kind\n\n[user]\nab\n\n[assistant]\n[tool call] find({})\n\n[tool]\nfound\n\n[assistant]\n[refusal] I will not\n\n[user]\nwhy?',
    )
  })
})

describe('containsQuote', () => {
  it.each([
    ['I ran\n  the tests.', 'I ran the tests'],
    ['I ran the tests.', ' I  ran\tthe\u00a0tests. '],
    ['caf\u0065\u0301 time', 'caf\u00e9'],
    ['[tool call] find({"q":1})', 'find({"q":1})'],
  ])('finds %j in %j whatever the white space', (text, quote) => {
    expect(containsQuote(text, quote)).toBe(true)
  })

  it.each([
    ['I ran the tests.', 'I ran the test suite'],
    ['I ran the tests.', 'i ran the tests'],
    ['I ran the tests.', 'Iranthetests'],
    ['I ran the tests.', ''],
    ['I ran the tests.', ' \n '],
    ['', 'x'],
  ])('does not find in %j the quote %j', (text, quote) => {
    expect(containsQuote(text, quote)).toBe(false)
  })

  it('finds every passage of a text that is more than white space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), fc.nat(), (text, from, length) => {
        const characters = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment)
        const quote = characters
          .slice(from % (characters.length + 1))
          .slice(0, 1 + (length % 9))
          .join('')
        expect(containsQuote(text, quote)).toBe(quote.trim() !== '')
      }),
    )
  })
})
