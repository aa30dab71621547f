import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { rankTurn } from '../../src/sample/rank.ts'
import { converse, converseAll, countOnly, countTurns, draw, drawIds, shuffle } from './conversations.ts'

const lengths = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 25 })
const seeds = fc.string({ minLength: 1, maxLength: 8 })
const counts = fc.integer({ min: 1, max: 120 })
const turnsPerConversation = 'all'

/** The turns of the least ranks of a corpus. */
function listLeast(conversations: ReturnType<typeof converseAll>, seed: string, turns: number): string[] {
  return conversations
    .flatMap(({ id, messages }) =>
      messages.flatMap(({ role }, index) => (role === 'assistant' ? [`${id}#${index}`] : [])),
    )
    .toSorted((a, b) => rankTurn(seed, a) - rankTurn(seed, b))
    .slice(0, turns)
}

describe('a draw of all turns', () => {
  it('is of the turns of least rank, in their order, whatever their conversation and that of the corpus', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths,
        seeds,
        counts,
        fc.infiniteStream(fc.double({ noNaN: true })),
        async (all, seed, turns, keys) => {
          const conversations = converseAll(all)
          const options = { seed, turns, turnsPerConversation } as const
          const sample = await draw(conversations, options)
          expect(sample.turns.map(({ id }) => id)).toEqual(listLeast(conversations, seed, turns))
          expect(await draw(shuffle(conversations, keys), options)).toEqual(sample)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is the same when the corpus is far longer than what is kept of it', async () => {
    const conversations = converseAll(Array.from({ length: 2000 }, (_, index) => 1 + (index % 5)))
    const expected = listLeast(conversations, 'seed', 12)
    expect(await drawIds(conversations, { turns: 12, turnsPerConversation })).toEqual(expected)
    expect(await drawIds(conversations.toReversed(), { turns: 12, turnsPerConversation })).toEqual(expected)
  })

  it('weighs every turn alike, and the conversation is the cluster', async () => {
    const conversations = converseAll([...Array<number>(40).fill(1), 60])
    const { turns, counts } = await draw(conversations, { turns: 50, turnsPerConversation })
    expect(new Set(turns.map(({ weight }) => weight))).toEqual(new Set([1]))
    expect(turns.every(({ stratum }) => stratum === null)).toBe(true)
    expect(counts.effectiveTurns).toBeCloseTo(50, 9)
    expect(counts.designEffect).toBeCloseTo(1, 9)
    const long = turns.filter(({ conversation }) => conversation === 'c-40').length
    expect(long).toBeGreaterThan(20)
    expect(counts.effectiveConversations).toBeCloseTo(2500 / (50 - long + long * long), 9)
  })

  it('gives each turn its own prefix, of messages that are kept once', async () => {
    const conversation = converse('a', 6)
    const { turns } = await draw([conversation], { turns: 50, turnsPerConversation })
    expect(turns).toHaveLength(6)
    for (const { id, prefix } of turns) {
      expect(prefix).toEqual(conversation.messages.slice(0, Number(id.split('#')[1])))
      for (const [index, message] of prefix.entries()) expect(message).toBe(conversation.messages[index])
    }
  })

  it('takes all there is when fewer are there than are asked', async () => {
    const { turns, counts } = await draw(converseAll([1, 2, 3]), { turns: 50, turnsPerConversation })
    expect(turns.map(({ weight }) => weight)).toEqual([1, 1, 1, 1, 1, 1])
    expect(counts).toMatchObject({ turnsAsked: 50, turnsDrawn: 6, conversations: 3, turnsEligible: 6 })
  })

  it('moves for the turns of a new conversation alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths,
        seeds,
        counts,
        fc.integer({ min: 1, max: 9 }),
        async (all, seed, turns, more) => {
          const conversations = converseAll(all)
          const added = converse('new', more)
          const options = { seed, turns, turnsPerConversation } as const
          const before = await drawIds(conversations, options)
          const after = await drawIds([added, ...conversations], options)
          const gained = after.filter((id) => !before.includes(id))
          expect(gained.every((id) => id.startsWith('new#'))).toBe(true)
          expect(gained.length).toBeLessThanOrEqual(countTurns(added))
          expect(countOnly(before, after)).toBeLessThanOrEqual(gained.length)
          // What stays keeps its order.
          expect(after.filter((id) => before.includes(id))).toEqual(before.filter((id) => after.includes(id)))
        },
      ),
      { numRuns: 100 },
    )
  })
})
