import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { readStratum } from '../../src/sample/stratum.ts'
import { converse, countOnly, countTurns, type DrawOptions, draw, drawIds, shuffle } from './conversations.ts'
import { sum } from './statistics.ts'

const surfaces = ['chat', 'api', 'voice', 'mail', 'web']
const strata = ['metadata.surface']

/** A conversation of so many turns on the surface with this number; without a surface past the last one. */
function converseOn(id: string, turns: number, surface: number): Conversation {
  const name = surfaces[surface]
  return converse(id, turns, name === undefined ? {} : { metadata: { surface: name } })
}

const corpora = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(surfaces.length)), { minLength: 1, maxLength: 60 })
  .map((entries) => entries.map(([turns, surface], index) => converseOn(`c-${index}`, turns, surface)))
const options: fc.Arbitrary<DrawOptions> = fc.record({
  seed: fc.string({ minLength: 1, maxLength: 8 }),
  turns: fc.integer({ min: 1, max: 80 }),
  turnsPerConversation: fc.constantFrom('one', 'all'),
  strata: fc.constant(strata),
  target: fc.constantFrom<Record<string, number> | null>(
    null,
    { chat: 0.5, api: 0.2, none: 0.2, fax: 0.1 },
    { none: 1, chat: 1, mail: 4 },
  ),
})

/** 1,200 conversations: chats of one turn, and half as many calls of three. */
const mixed = Array.from({ length: 1200 }, (_, index) =>
  index % 3 === 0 ? converseOn(`c-${index}`, 3, 2) : converseOn(`c-${index}`, 1, 0),
)

/** Whether the corpus has anything of what the target names. */
function isCovered(conversations: readonly Conversation[], { target }: DrawOptions): boolean {
  return (
    !target ||
    conversations.some((conversation) => readStratum(conversation, strata).slice('surface='.length) in target)
  )
}

describe('a draw with strata', () => {
  it('is the same whatever the order of the corpus', async () => {
    await fc.assert(
      fc.asyncProperty(
        corpora,
        options,
        fc.infiniteStream(fc.double({ noNaN: true })),
        async (conversations, how, keys) => {
          fc.pre(isCovered(conversations, how))
          expect(await draw(shuffle(conversations, keys), how)).toEqual(await draw(conversations, how))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('counts what it drew of what was there', async () => {
    await fc.assert(
      fc.asyncProperty(corpora, options, async (conversations, how) => {
        fc.pre(isCovered(conversations, how))
        const { turns, counts } = await draw(conversations, how)
        expect(turns).toHaveLength(counts.turnsDrawn)
        expect(new Set(turns.map(({ id }) => id)).size).toBe(turns.length)
        expect(sum(counts.strata.map(({ drawn }) => drawn))).toBe(counts.turnsDrawn)
        expect(sum(counts.strata.map((stratum) => stratum.turnsEligible))).toBe(counts.turnsEligible)
        expect(sum(counts.strata.map((stratum) => stratum.conversations))).toBe(counts.conversations)
        expect(counts.turnsEligible).toBe(sum(conversations.map(countTurns)))
        const capacity = counts.strata
          .filter(({ share }) => share > 0)
          .map((stratum) =>
            how.turnsPerConversation === 'one' ? stratum.conversations : stratum.turnsEligible,
          )
        expect(counts.turnsDrawn).toBe(Math.min(how.turns ?? 0, sum(capacity)))
        for (const { name, drawn, share, weightShare } of counts.strata) {
          const own = turns.filter(({ stratum }) => stratum === name)
          expect(own).toHaveLength(drawn)
          expect(weightShare).toBeCloseTo(sum(own.map(({ weight }) => weight)) / turns.length, 9)
          if (share === 0) expect(drawn).toBe(0)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('has weights above 0 with a mean of 1, and the share of each stratum in the traffic', async () => {
    await fc.assert(
      fc.asyncProperty(corpora, options, async (conversations, how) => {
        fc.pre(isCovered(conversations, how))
        const { turns, counts } = await draw(conversations, how)
        expect(turns.every(({ weight }) => weight > 0)).toBe(true)
        expect(sum(turns.map(({ weight }) => weight)) / turns.length).toBeCloseTo(1, 9)
        const uncovered = sum(counts.uncovered.map(({ share }) => share))
        expect(sum(counts.strata.filter(({ drawn }) => drawn > 0).map(({ share }) => share))).toBeCloseTo(
          1 - uncovered,
          9,
        )
        if (how.target) return
        for (const { turnsEligible, share, weightShare, drawn } of counts.strata) {
          expect(share).toBeCloseTo(turnsEligible / counts.turnsEligible, 12)
          if (drawn > 0) expect(weightShare).toBeCloseTo(share / (1 - uncovered), 9)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('takes the first of each stratum, as if it were alone', async () => {
    for (const turnsPerConversation of ['one', 'all'] as const) {
      const { turns, counts } = await draw(mixed, { turns: 90, strata, turnsPerConversation })
      for (const { name, drawn } of counts.strata) {
        const alone = mixed.filter((conversation) => readStratum(conversation, strata) === name)
        expect(turns.flatMap(({ id, stratum }) => (stratum === name ? [id] : []))).toEqual(
          await drawIds(alone, { turns: drawn, turnsPerConversation }),
        )
      }
    }
  })

  it('is in proportion to the turns of each stratum, not to its conversations', async () => {
    const { counts } = await draw(mixed, { turns: 100, strata })
    expect(counts.strata).toEqual([
      {
        name: 'surface=chat',
        turnsEligible: 800,
        conversations: 800,
        drawn: 40,
        share: 0.4,
        weightShare: 0.4,
      },
      {
        name: 'surface=voice',
        turnsEligible: 1200,
        conversations: 400,
        drawn: 60,
        share: 0.6,
        weightShare: 0.6,
      },
    ])
  })

  it('weighs all turns alike when all of them are drawn, and one a conversation by its turns', async () => {
    const every = await draw(mixed, { turns: 5000, strata, turnsPerConversation: 'all' })
    expect(every.turns).toHaveLength(2000)
    for (const { weight } of every.turns) expect(weight).toBeCloseTo(1, 12)
    const one = await draw(mixed, { turns: 5000, strata })
    expect(one.turns).toHaveLength(1200)
    for (const { weight, stratum } of one.turns) {
      expect(weight).toBeCloseTo((stratum === 'surface=voice' ? 3 : 1) * (1200 / 2000), 12)
    }
  })

  it('gives a stratum no turns, and says so, when there are more strata than turns', async () => {
    const conversations = [0, 1, 2].map((surface) => converseOn(`c-${surface}`, 3 - surface, surface))
    const { counts } = await draw(conversations, { turns: 2, strata })
    expect(counts.strata.map(({ drawn }) => drawn)).toEqual([1, 1, 0])
    expect(counts.uncovered).toEqual([{ name: 'surface=voice', share: 1 / 6 }])
  })

  it('moves for few turns beside its own when a conversation is erased', async () => {
    const ids = await drawIds(mixed, { turns: 200, strata })
    for (const index of [0, 1, 2, 3, 500, 501]) {
      const after = await drawIds(mixed.toSpliced(index, 1), { turns: 200, strata })
      // Itself, and a turn that changes the stratum as the shares do.
      expect(countOnly(ids, after)).toBeLessThanOrEqual(2)
      expect(countOnly(after, ids)).toBeLessThanOrEqual(2)
    }
  })
})

describe('the order of a draw with strata', () => {
  const cases: DrawOptions[] = [
    { turns: 240, strata },
    { turns: 240, strata, turnsPerConversation: 'all' },
    // 96 of 1,200 turns and 144 of 800: very unequal thresholds.
    { turns: 240, strata, target: { voice: 0.4, chat: 0.6 } },
    { turns: 240, strata, turnsPerConversation: 'all', target: { voice: 0.4, chat: 0.6 } },
    // All of the calls, and a part of the chats.
    { turns: 600, strata, target: { voice: 9, chat: 1 } },
  ]

  it.each(cases)('mixes the strata in any first turns as in all: %j', async (how) => {
    const found = { voice: 0, expected: 0, variance: 0 }
    for (let seed = 0; seed < 25; seed += 1) {
      const { turns } = await draw(mixed, { ...how, seed: `seed ${seed}` })
      const count = (some: typeof turns) => some.filter(({ stratum }) => stratum === 'surface=voice').length
      const share = count(turns) / turns.length
      found.voice += count(turns.slice(0, 60))
      found.expected += 60 * share
      found.variance += 60 * share * (1 - share)
    }
    // Binomial, or less as a part of a sample.
    expect(Math.abs(found.voice - found.expected)).toBeLessThan(4 * Math.sqrt(found.variance))
  })

  it('is that of a mix already in single batches', async () => {
    const { turns } = await draw(mixed, { turns: 900, strata, turnsPerConversation: 'all' })
    for (let start = 0; start < 900; start += 100) {
      const voice = turns
        .slice(start, start + 100)
        .filter(({ stratum }) => stratum === 'surface=voice').length
      // 60 of 100, give or take 4 standard deviations of 4.9.
      expect(Math.abs(voice - 60)).toBeLessThan(20)
    }
  })
})

describe('a draw for a target mix', () => {
  it('draws what the target says, with equal weights, where the corpus has enough', async () => {
    const { turns, counts } = await draw(mixed, {
      turns: 200,
      strata,
      turnsPerConversation: 'all',
      target: { chat: 0.9, voice: 0.1 },
    })
    expect(counts.strata.map(({ drawn }) => drawn)).toEqual([180, 20])
    expect(counts.designEffect).toBeCloseTo(1, 9)
    for (const { weight } of turns) expect(weight).toBeCloseTo(1, 9)
  })

  it('weighs up what the corpus has too little of, at most by the cap, and says what that costs', async () => {
    const few = [
      ...Array.from({ length: 1000 }, (_, index) => converseOn(`c-${index}`, 1, 0)),
      ...Array.from({ length: 40 }, (_, index) => converseOn(`v-${index}`, 1, 2)),
      ...Array.from({ length: 5 }, (_, index) => converseOn(`m-${index}`, 1, 3)),
    ]
    const mild = await draw(few, { turns: 245, strata, target: { chat: 0.6, voice: 0.4 } })
    expect(
      mild.counts.strata.map(({ drawn, weightShare }) => [drawn, Number(weightShare.toFixed(9))]),
    ).toEqual([
      [205, 0.6],
      // Not named: not drawn.
      [0, 0],
      [40, 0.4],
    ])
    expect(mild.counts.designEffect).toBeCloseTo((0.6 * 0.6 * 245) / 205 + (0.4 * 0.4 * 245) / 40, 9)
    expect(mild.counts.effectiveTurns).toBeCloseTo(245 / mild.counts.designEffect, 9)
    const strong = await draw(few, { turns: 205, strata, target: { chat: 0.6, mail: 0.4 } })
    const weights = new Map(strong.turns.map(({ stratum, weight }) => [stratum, weight]))
    // .6/(200/205) and, for .4/(5/205) = 16.4, the cap.
    expect((weights.get('surface=mail') ?? 0) / (weights.get('surface=chat') ?? 1)).toBeCloseTo(5 / 0.615, 9)
    expect(strong.counts.strata.find(({ name }) => name === 'surface=mail')).toMatchObject({
      share: 0.4,
      drawn: 5,
    })
    expect(strong.counts.strata.find(({ name }) => name === 'surface=mail')?.weightShare).toBeLessThan(0.2)
  })

  it('says of which share of the traffic it knows nothing', async () => {
    const { turns, counts } = await draw(mixed, {
      turns: 100,
      strata,
      target: { fax: 0.25, chat: 0.5, voice: 0.25, telex: 0 },
    })
    expect(counts.uncovered).toEqual([{ name: 'fax', share: 0.25 }])
    expect(counts.strata.map(({ share, drawn }) => [share, drawn])).toEqual([
      [0.5, 67],
      [0.25, 33],
    ])
    expect(sum(turns.map(({ weight }) => weight))).toBeCloseTo(100, 9)
  })
})
