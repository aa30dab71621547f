import { describe, expect, it } from '@jest/globals'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { rankTurn } from '../../src/sample/rank.ts'
import type { SampledTurn } from '../../src/sample/sample.ts'
import { converse, type DrawOptions, draw } from './conversations.ts'
import { countErrors, sum } from './statistics.ts'

const draws = 120
const strata = ['surface']

/** Many short chats, calls of up to nine turns, and a little mail; the longer, the more events. */
const conversations = Array.from({ length: 420 }, (_, index): Conversation => {
  if (index % 20 === 7) return converse(`c-${index}`, 2, { metadata: { surface: 'mail' } })
  if (index % 5 === 0) return converse(`c-${index}`, 1 + (index % 9), { metadata: { surface: 'voice' } })
  return converse(`c-${index}`, 1 + (index % 2), { metadata: { surface: 'chat' } })
})

/** Whether a turn has the event: with its own chance, and the same in every draw. */
function isEvent(conversation: Conversation, index: number): boolean {
  const chances: Record<string, number> = { chat: 0.1, voice: 0.3, mail: 0.8 }
  const surface = String(conversation.metadata?.surface)
  const chance = (chances[surface] ?? 0) + (conversation.messages.length > 10 ? 0.2 : 0)
  return rankTurn('events', `${conversation.id}#${index}`) < chance
}

const events = new Map<string, number>(
  conversations.flatMap((conversation) =>
    conversation.messages.flatMap(({ role }, index) =>
      role === 'assistant'
        ? [[`${conversation.id}#${index}`, isEvent(conversation, index) ? 1 : 0] as const]
        : [],
    ),
  ),
)
const surfaceOf = new Map(conversations.map(({ id, metadata }) => [id, String(metadata?.surface)]))

/** The share of events among the turns of one surface, or of all. */
function findRate(surface?: string): number {
  const values = [...events].flatMap(([id, event]) =>
    surface === undefined || surfaceOf.get(id.slice(0, id.indexOf('#'))) === surface ? [event] : [],
  )
  return sum(values) / values.length
}

/** The weighted and the plain share of events in many draws. */
async function drawRates(how: DrawOptions): Promise<{ weighted: number[]; plain: number[] }> {
  const weighted: number[] = []
  const plain: number[] = []
  const readEvent = ({ id }: SampledTurn) => events.get(id) ?? Number.NaN
  for (let seed = 0; seed < draws; seed += 1) {
    const { turns } = await draw(conversations, { ...how, seed: `seed ${seed}` })
    weighted.push(
      sum(turns.map((turn) => turn.weight * readEvent(turn))) / sum(turns.map(({ weight }) => weight)),
    )
    plain.push(sum(turns.map(readEvent)) / turns.length)
  }
  return { weighted, plain }
}

describe('the weighted share of events', () => {
  it.each([
    { name: 'one turn a conversation, with strata', how: { turns: 160, strata } },
    { name: 'one turn a conversation, a stratum exhausted', how: { turns: 250, strata } },
    { name: 'one turn a conversation, without strata', how: { turns: 160 } },
  ])('is that of the corpus, where equal weights are off: $name', async ({ how }) => {
    const { weighted, plain } = await drawRates(how)
    const truth = findRate()
    expect(Math.abs(countErrors(weighted, truth))).toBeLessThan(4)
    expect(Math.abs(countErrors(plain, truth))).toBeGreaterThan(6)
  })

  it.each([
    { name: 'without strata', how: { turns: 160 } },
    { name: 'with strata', how: { turns: 160, strata } },
    { name: 'with strata, of a few turns', how: { turns: 12, strata } },
  ])('is that of the corpus with all turns of a conversation: $name', async ({ how }) => {
    const { weighted } = await drawRates({ ...how, turnsPerConversation: 'all' })
    expect(Math.abs(countErrors(weighted, findRate()))).toBeLessThan(4)
  })

  it.each([
    { name: 'one turn a conversation', turnsPerConversation: 'one' as const },
    { name: 'all turns', turnsPerConversation: 'all' as const },
  ])('is that of the target mix, where equal weights and the corpus are off: $name', async (how) => {
    // Mail is a twentieth of the conversations and a fifth of the target.
    const target = { chat: 0.3, mail: 0.2, voice: 0.5 }
    const truth = 0.3 * findRate('chat') + 0.2 * findRate('mail') + 0.5 * findRate('voice')
    const { weighted, plain } = await drawRates({ ...how, turns: 300, strata, target })
    expect(Math.abs(countErrors(weighted, truth))).toBeLessThan(4)
    expect(Math.abs(countErrors(plain, truth))).toBeGreaterThan(6)
    expect(Math.abs(truth - findRate())).toBeGreaterThan(0.05)
  })
})
