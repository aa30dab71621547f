import { describe, expect, it } from '@jest/globals'
import { type Conversation, conversationSchema, readText } from '../../src/corpus/conversation.ts'
import { findTurns } from '../../src/corpus/turns.ts'

function converse(roles: string): Conversation {
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
  const messages = [...roles].map((role) => {
    if (role === 'u') return { role: 'user', content: 'q' }
    if (role === 's') return { role: 'system', content: 's' }
    if (role === 't') return { role: 'tool', content: '1', tool_call_id: 'c' }
    if (role === 'c') return { role: 'assistant', content: null, tool_calls: [call] }
    return { role: 'assistant', content: 'a' }
  })
  return conversationSchema.parse({ id: 'x', messages })
}

describe('the turns of a conversation', () => {
  it.each([
    ['ua', [1]],
    ['suaua', [2, 4]],
    ['ucta', [1, 3]],
    ['ucttaua', [1, 4, 6]],
    ['uaa', [1]],
    ['auaa', [2]],
    ['uau', [1]],
    ['usa', []],
    ['sa', []],
    ['u', []],
    ['uuaa', [2]],
  ])('are the assistant messages that answer a user or a tool: %s', (roles, indices) => {
    expect(findTurns(converse(roles))).toEqual(indices)
  })
})

describe('the text of a message', () => {
  it('is its content, the parts joined', () => {
    expect(readText('a')).toBe('a')
    expect(
      readText([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ]),
    ).toBe('ab')
    expect(readText(null)).toBe('')
    expect(readText(undefined)).toBe('')
  })
})
