import { describe, expect, it } from '@jest/globals'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { boundSummary, indexClusters, summarizeIndexed } from '../../src/estimate/clustered-bounds.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { makeRandom } from '../verdict/chance.ts'
import { converse, type DrawOptions, draw } from './conversations.ts'
import { sum } from './statistics.ts'

const alpha = 0.05
const draws = 15
const worlds = 80

/** What happens in a conversation of a surface: with a chance the behaviour sets in, and shows in so many turns. */
type Behaviour = Record<string, { sets: number; shows: number }>

/** Of 1,200 worlds, how often the bounds held, and how often they would have with equal turns. */
interface Coverage {
  upper: number
  lower: number
  naiveUpper: number
  naiveLower: number
}

/**
 * Draws from a corpus again and again, lets the behaviour happen in it each time anew, and bounds its rate. One
 * world in each draw is one more chance to miss; the truth is the rate in the traffic, over all worlds.
 */
async function cover(request: {
  conversations: readonly Conversation[]
  how: DrawOptions
  behaviour: Behaviour
  traffic: Record<string, number>
}): Promise<Coverage> {
  const { conversations, how, behaviour, traffic } = request
  const surfaceOf = new Map(conversations.map(({ id, metadata }) => [id, String(metadata?.surface)]))
  const truth = sum(
    Object.entries(traffic).map(
      ([surface, share]) => share * (behaviour[surface]?.sets ?? 0) * (behaviour[surface]?.shows ?? 0),
    ),
  )
  const random = makeRandom(20_261_124)
  const held = { upper: 0, lower: 0, naiveUpper: 0, naiveLower: 0 }
  for (let seed = 0; seed < draws; seed += 1) {
    const { turns } = await draw(conversations, { ...how, seed: `seed ${seed}` })
    const index = indexClusters(
      turns.map(({ weight, conversation, stratum }) => ({ weight, cluster: conversation, stratum })),
    )
    for (let world = 0; world < worlds; world += 1) {
      const affected = new Map<string, boolean>()
      const events = Uint8Array.from(turns, ({ conversation }) => {
        const { sets = 0, shows = 0 } = behaviour[surfaceOf.get(conversation) ?? ''] ?? {}
        const isAffected = affected.get(conversation) ?? random() < sets
        affected.set(conversation, isAffected)
        return isAffected && random() < shows ? 1 : 0
      })
      const bounds = boundSummary({ summary: summarizeIndexed({ index, events }), alpha })
      const naive = boundProportion({ events: sum([...events]), trials: turns.length, alpha })
      held.upper += Number(bounds.upper >= truth)
      held.lower += Number(bounds.lower <= truth)
      held.naiveUpper += Number(naive.upper >= truth)
      held.naiveLower += Number(naive.lower <= truth)
    }
  }
  const share = (count: number) => count / (draws * worlds)
  return {
    upper: share(held.upper),
    lower: share(held.lower),
    naiveUpper: share(held.naiveUpper),
    naiveLower: share(held.naiveLower),
  }
}

/** 95 %, less what 1,200 trials leave to chance: three standard errors of .63 points. */
const atLeast = 0.931

const uneven = Array.from({ length: 900 }, (_, index) =>
  index % 15 === 0
    ? converse(`c-${index}`, 1 + (index % 4), { metadata: { surface: 'voice' } })
    : converse(`c-${index}`, 1 + (index % 2), { metadata: { surface: 'chat' } }),
)

describe('the bounds of a weighted sample', () => {
  it.each([
    { name: 'a rare behaviour, in the heavy stratum', chat: 0.005, voice: 0.08 },
    { name: 'a rare behaviour, in the light stratum', chat: 0.05, voice: 0.005 },
    { name: 'a common behaviour', chat: 0.1, voice: 0.4 },
  ])('hold for a target mix: $name', async ({ chat, voice }) => {
    const { upper, lower, naiveUpper } = await cover({
      conversations: uneven,
      how: { turns: 300, strata: ['surface'], target: { chat: 0.6, voice: 0.4 } },
      behaviour: { chat: { sets: chat, shows: 1 }, voice: { sets: voice, shows: 1 } },
      traffic: { chat: 0.6, voice: 0.4 },
    })
    expect(upper).toBeGreaterThan(atLeast)
    expect(lower).toBeGreaterThan(atLeast)
    // Equal weights take the sample's mix for the traffic's.
    if (voice > chat) expect(naiveUpper).toBeLessThan(0.8)
  })

  it.each([
    { name: 'rare', sets: 0.03 },
    { name: 'common', sets: 0.3 },
  ])(
    'hold for all turns of conversations in which the behaviour comes in bursts: $name',
    async ({ sets }) => {
      const bursty = Array.from({ length: 500 }, (_, index) =>
        converse(`c-${index}`, [1, 1, 2, 3, 5, 9][index % 6] ?? 1, { metadata: { surface: 'chat' } }),
      )
      const { upper, lower, naiveUpper, naiveLower } = await cover({
        conversations: bursty,
        how: { turns: 500, turnsPerConversation: 'all' },
        behaviour: { chat: { sets, shows: 0.9 } },
        traffic: { chat: 1 },
      })
      expect(upper).toBeGreaterThan(atLeast)
      expect(lower).toBeGreaterThan(atLeast)
      expect(Math.min(naiveUpper, naiveLower)).toBeLessThan(0.92)
    },
  )
})
