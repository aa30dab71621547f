import { describe, expect, it } from '@jest/globals'
import type { RecordSummary } from '../../src/record/schema.ts'
import { formatPlain } from '../../src/report/text.ts'
import { makeView } from './fixture.ts'

const plain = { id: 'a', baseline: { events: 3 }, candidate: { events: 3 } }

function viewOf(sample: Partial<RecordSummary['sample']>, policy: Partial<SamplePolicy> = {}) {
  return makeView({
    turns: 400,
    categories: [plain],
    change: (summary) => ({
      ...summary,
      sample: { ...summary.sample, ...sample },
      plan: {
        ...summary.plan,
        policy: {
          ...summary.plan.policy,
          sample: { ...summary.plan.policy.sample, ...policy },
        },
      },
    }),
  })
}

type SamplePolicy = RecordSummary['plan']['policy']['sample']

const facts = (...request: Parameters<typeof viewOf>) =>
  Object.fromEntries(viewOf(...request).sample.map(({ name, value }) => [name, formatPlain(value)]))
const banners = (...request: Parameters<typeof viewOf>) => viewOf(...request).banners.map(formatPlain)

describe('the facts of a sample', () => {
  it('say what it is worth', () => {
    const sample = { effectiveTurns: 312.4, effectiveConversations: 288.6, designEffect: 1.2804 }
    expect(facts(sample).Worth).toBe(
      '312 equally weighted turns, 289 equally heavy conversations (design effect 1.28)',
    )
  })

  it('say how turns of a conversation are drawn', () => {
    const name = 'Turns of a conversation'
    expect(facts({})[name]).toBe('at most one, weighted by how likely it was drawn')
    expect(facts({}, { turnsPerConversation: 'all' })[name]).toBe(
      'wherever they are: a conversation is a cluster',
    )
  })

  it('list the strata with their shares, and with their weight where it differs', () => {
    const stratum = { turnsEligible: 9000, conversations: 900 }
    const strata = [
      { ...stratum, name: 'surface=chat', drawn: 240, share: 0.6, weightShare: 0.6 },
      { ...stratum, name: 'surface=api', drawn: 160, share: 0.3, weightShare: 0.4 },
    ]
    expect(facts({ strata }).Strata).toBe(
      'surface=chat 240 drawn for 60 % of the traffic; surface=api 160 drawn for 30 % of the traffic, 40 % of the weight',
    )
    expect(facts({}).Strata).toBeUndefined()
    const many = Array.from({ length: 200 }, (_, index) => ({
      ...stratum,
      name: `s${index}`,
      drawn: 2,
      share: 0.005,
      weightShare: 0.005,
    }))
    expect(facts({ strata: many }).Strata).toMatch(/; 180 more$/)
  })

  it('count one thing as one', () => {
    const one = { turnsDrawn: 1, turnsAsked: 1, conversations: 1, turnsEligible: 1, conversationsExpired: 1 }
    expect(facts(one)).toMatchObject({
      'Turns drawn': '1 of 1 turn asked for',
      Conversations: '1 conversation with 1 turn to draw from',
      Expired: '1 conversation left out',
    })
    expect(formatPlain(viewOf(one).comparison)).toMatch(/on the same 1 turn\.$/)
  })
})

describe('the banners of a sample', () => {
  it('name strata of which nothing was drawn, with their share of the traffic', () => {
    const uncovered = [
      { name: 'surface=voice', share: 0.12 },
      { name: 'surface=fax', share: 0.002 },
    ]
    expect(banners({ uncovered })).toEqual([
      'Not covered: surface=voice (12 % of the traffic), surface=fax (0.2 % of the traffic). No turn was drawn there, so that nothing here speaks of that traffic.',
    ])
    const many = Array.from({ length: 9 }, (_, index) => ({ name: `s${index}`, share: 0.01 }))
    expect(banners({ uncovered: many })[0]).toContain('s4 (1 % of the traffic), 4 more. No turn')
  })

  it('warn of very unequal weights, and of no others', () => {
    expect(banners({ designEffect: 2.55, effectiveTurns: 156.9 })).toEqual([
      'The weights of the turns are very unequal (design effect 2.5): 400 drawn are worth 157 turns of equal weight.',
    ])
    expect(banners({ designEffect: 2, effectiveTurns: 200 })).toEqual([])
  })

  it('say that fewer turns were drawn than asked for, and why if it is the corpus', () => {
    expect(banners({ turnsAsked: 5000, turnsDrawn: 412, conversations: 412 })).toEqual([
      'The corpus has 412 conversations: all are used, 5,000 turns were asked.',
    ])
    expect(banners({ turnsAsked: 5000, turnsDrawn: 400 })).toEqual([
      'The corpus gave 400 turns (8 %), 5,000 turns were asked.',
    ])
    const all = { turnsPerConversation: 'all' as const }
    expect(banners({ turnsAsked: 5000, turnsDrawn: 412, conversations: 412 }, all)).toEqual([
      'The corpus gave 412 turns (8.2 %), 5,000 turns were asked.',
    ])
  })
})
