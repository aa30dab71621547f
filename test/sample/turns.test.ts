import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Conversation, conversationSchema } from '../../src/corpus/conversation.ts'
import { findTurns } from '../../src/corpus/turns.ts'
import { converse, draw } from './conversations.ts'

const seeds = fc.string({ minLength: 1, maxLength: 8 })

describe('a conversation that has expired', () => {
  const now = new Date('2026-11-02T12:00:00Z')
  it.each([
    ['2026-11-02T12:00:00Z', false],
    ['2026-11-02T11:59:59Z', false],
    ['2026-11-02T12:00:01Z', true],
    ['2026-11-02T13:00:00+01:00', false],
    ['2026-11-02T12:30:00+01:00', false],
    ['2026-11-02T11:00:00-02:00', true],
  ])('is not drawn: %s', async (expires, drawn) => {
    const conversations = [converse('a', 1), converse('b', 2, { expires_at: expires })]
    const { turns, counts } = await draw(conversations, { now })
    expect(turns.map(({ conversation }) => conversation).includes('b')).toBe(drawn)
    expect(counts).toMatchObject({
      conversations: drawn ? 2 : 1,
      turnsEligible: drawn ? 3 : 1,
      conversationsExpired: drawn ? 0 : 1,
    })
  })
})

describe('a drawn turn', () => {
  const call = { id: 'k', type: 'function' as const, function: { name: 'f', arguments: '{}' } }
  const pieces = fc.array(
    fc.constantFrom<Conversation['messages'][number]>(
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', content: 'r', tool_call_id: 'k' },
    ),
    { maxLength: 12 },
  )

  it('has the messages before it, nothing of itself and nothing after it', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, seeds, async (more, seed) => {
        const start: Conversation['messages'] = [
          { role: 'user', content: 'q' },
          { role: 'assistant', content: 'a' },
        ]
        const conversation = conversationSchema.parse({
          id: 'c',
          messages: [...start, ...more].map((message, index) =>
            message.role === 'tool' ? message : { ...message, name: `m${index}` },
          ),
        })
        const { turns } = await draw([conversation], { seed })
        const turn = turns[0]
        const index = Number(turn?.id.split('#')[1])
        expect(findTurns(conversation)).toContain(index)
        expect(turn?.prefix).toEqual(conversation.messages.slice(0, index))
        expect(conversation.messages[index]?.role).toBe('assistant')
        expect(['user', 'tool']).toContain(turn?.prefix.at(-1)?.role)
        expect(JSON.stringify(turn?.prefix)).not.toContain(`"m${index}"`)
      }),
      { numRuns: 200 },
    )
  })

  it('has the tools of its conversation', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'f' } }]
    const { turns } = await draw([converse('a', 1, { tools }), converse('b', 1)])
    expect(turns.find(({ conversation }) => conversation === 'a')?.tools).toEqual(tools)
    expect(turns.find(({ conversation }) => conversation === 'b')?.tools).toBeNull()
  })

  it('has the metadata that the policy names, and says where there is none', async () => {
    const metadata = { surface: 'api', paid: true, plan: 3, secret: 'x' }
    const slices = ['surface', 'paid', 'plan', 'language', 'constructor', '__proto__']
    const { turns } = await draw([converse('a', 1, { metadata }), converse('b', 1)], { slices })
    expect(turns.find(({ conversation }) => conversation === 'a')?.slice).toEqual(
      Object.fromEntries([
        ['surface', 'api'],
        ['paid', 'true'],
        ['plan', '3'],
        ['language', 'none'],
        ['constructor', 'none'],
        ['__proto__', 'none'],
      ]),
    )
    expect(Object.values(turns.find(({ conversation }) => conversation === 'b')?.slice ?? {})).toEqual(
      Array(6).fill('none'),
    )
  })
})
