import '../support/seed.ts'
import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { deriveSeed, makePlan } from '../../src/plan/plan.ts'
import { parseRegistration } from '../../src/registration/load.ts'
import { rankTurn } from '../../src/sample/rank.ts'
import { edit, policyText, readPolicy } from '../policy/policies.ts'
import { registrationText } from '../registration/registrations.ts'
import { noDigests } from '../support/plans.ts'
import { converse, converseAll, countOnly, draw, drawIds, shuffle } from './conversations.ts'

const lengths = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 40 })
const seeds = fc.string({ minLength: 1, maxLength: 8 })
const counts = fc.integer({ min: 1, max: 45 })

describe('the rank of a turn', () => {
  it('is the first 52 bits of SHA-256(seed ‖ turn id), as a share of one', () => {
    fc.assert(
      fc.property(seeds, fc.string(), (seed, id) => {
        const hex = createHash('sha256').update(`${seed}\0${id}`).digest('hex')
        const bits = BigInt(`0x${hex}`) >> 204n
        expect(rankTurn(seed, id)).toBe(Number(bits) / 2 ** 52)
      }),
    )
  })

  it('is spread evenly over [0, 1)', () => {
    const ranks = Array.from({ length: 20_000 }, (_, index) => rankTurn('seed', `c#${index}`))
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const found = ranks.filter((rank) => rank >= tenth / 10 && rank < (tenth + 1) / 10).length
      // 20,000 draws at 1/10: a standard deviation of 42.
      expect(Math.abs(found - 2000)).toBeLessThan(4 * 42.5)
    }
  })
})

describe('a draw', () => {
  it('is the same whatever the order of the corpus', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths,
        seeds,
        counts,
        fc.infiniteStream(fc.double({ noNaN: true })),
        async (all, seed, turns, keys) => {
          const conversations = converseAll(all)
          const shuffled = shuffle(conversations, keys)
          expect(await draw(shuffled, { seed, turns })).toEqual(await draw(conversations, { seed, turns }))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('takes at most one turn of a conversation, the turns of least rank', async () => {
    await fc.assert(
      fc.asyncProperty(lengths, seeds, counts, async (all, seed, turns) => {
        const conversations = converseAll(all)
        const firsts = conversations.map(({ id, messages }) =>
          messages
            .flatMap(({ role }, index) => (role === 'assistant' ? [`${id}#${index}`] : []))
            .toSorted((a, b) => rankTurn(seed, a) - rankTurn(seed, b))
            .at(0),
        )
        const expected = firsts
          .toSorted((a, b) => rankTurn(seed, a ?? '') - rankTurn(seed, b ?? ''))
          .slice(0, turns)
        const sample = await draw(conversations, { seed, turns })
        expect(sample.turns.map(({ id }) => id).toSorted()).toEqual(expected.toSorted())
        expect(new Set(sample.turns.map(({ conversation }) => conversation)).size).toBe(sample.turns.length)
      }),
      { numRuns: 60 },
    )
  })

  it('is the same when the corpus is far longer than what is kept of it', async () => {
    const conversations = converseAll(Array.from({ length: 4000 }, (_, index) => 1 + (index % 5)))
    const best = conversations
      .flatMap(({ id, messages }) =>
        messages.flatMap((_, index) => (index % 2 === 1 ? [`${id}#${index}`] : [])),
      )
      .map((id) => ({ id, rank: rankTurn('seed', id) }))
      .toSorted((a, b) => a.rank - b.rank)
    const expected: string[] = []
    const seen = new Set<string>()
    for (const { id } of best) {
      const conversation = id.slice(0, id.indexOf('#'))
      if (!seen.has(conversation)) expected.push(id)
      seen.add(conversation)
      if (expected.length === 7) break
    }
    expect((await drawIds(conversations, { turns: 7 })).toSorted()).toEqual(expected.toSorted())
    expect(await drawIds(conversations.toReversed(), { turns: 7 })).toEqual(
      await drawIds(conversations, { turns: 7 }),
    )
  })

  it('is moved by seed: repository, corpus name and epoch choose the turns, and nothing else', async () => {
    const seedOf = (changes: { epoch?: string; repository?: string; name?: string; candidate?: string }) => {
      const policy = readPolicy(edit('epoch: 2026-11', `epoch: ${changes.epoch ?? '2026-11'}`))
      return deriveSeed(
        makePlan({
          policy,
          registration: parseRegistration({ file: 'r', text: registrationText }, readPolicy(policyText)),
          rubrics: {},
          calibrations: {},
          controls: null,
          corpus: { name: changes.name ?? 'support', manifestSha256: 'a' },
          repository: changes.repository ?? 'acme/models',
          baseline: 'ckpt-41',
          candidate: changes.candidate ?? 'ckpt-42',
          digests: noDigests,
        }),
      )
    }
    const conversations = converseAll(Array.from({ length: 200 }, () => 3))
    const first = await drawIds(conversations, { seed: seedOf({}), turns: 50 })
    expect(await drawIds(conversations, { seed: seedOf({ candidate: 'ckpt-43' }), turns: 50 })).toEqual(first)
    for (const changes of [{ epoch: '2026-12' }, { repository: 'acme/other' }, { name: 'sales' }]) {
      const other = await drawIds(conversations, { seed: seedOf(changes), turns: 50 })
      // By chance 4 of the 50 are the same: a quarter of the conversations, a third of their turns.
      expect(countOnly(other, first)).toBeGreaterThan(30)
    }
  })

  it('loses at most one turn and gains at most the new one when a conversation comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths,
        seeds,
        counts,
        fc.integer({ min: 1, max: 30 }),
        async (all, seed, turns, length) => {
          const conversations = converseAll(all)
          const before = await drawIds(conversations, { seed, turns })
          const after = await drawIds([converse('new', length), ...conversations], { seed, turns })
          const gained = after.filter((id) => !before.includes(id))
          expect(gained.every((id) => id.startsWith('new#'))).toBe(true)
          expect(gained.length).toBeLessThanOrEqual(1)
          expect(countOnly(before, after)).toBe(before.length < turns ? 0 : gained.length)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('moves for its own conversation alone when that one goes on', async () => {
    await fc.assert(
      fc.asyncProperty(lengths, seeds, counts, fc.nat(), async (all, seed, turns, chosen) => {
        const index = chosen % all.length
        const longer = all.map((length, at) => (at === index ? length + 1 : length))
        const before = await drawIds(converseAll(all), { seed, turns })
        const after = await drawIds(converseAll(longer), { seed, turns })
        expect(after.filter((id) => !before.includes(id)).every((id) => id.startsWith(`c-${index}#`))).toBe(
          true,
        )
        expect(countOnly(before, after)).toBeLessThanOrEqual(1)
      }),
      { numRuns: 100 },
    )
  })

  it('contains the draw of fewer turns', async () => {
    const conversations = converseAll(Array.from({ length: 60 }, (_, index) => 1 + (index % 4)))
    const many = await drawIds(conversations, { turns: 40 })
    expect(many).toEqual(expect.arrayContaining(await drawIds(conversations, { turns: 15 })))
  })

  it('of conversations of one length is in the order of rank, and begins with the draw of fewer turns', async () => {
    const conversations = converseAll(Array.from({ length: 60 }, () => 3))
    const many = await drawIds(conversations, { turns: 40 })
    expect(many.toSorted((a, b) => rankTurn('seed', a) - rankTurn('seed', b))).toEqual(many)
    expect(await drawIds(conversations, { turns: 15 })).toEqual(many.slice(0, 15))
  })

  it('is of all conversations when there are fewer than the turns asked', async () => {
    const sample = await draw(converseAll([1, 2, 3]), { turns: 50 })
    expect(sample.turns).toHaveLength(3)
    expect(sample.counts).toEqual({
      turnsAsked: 50,
      turnsDrawn: 3,
      conversations: 3,
      turnsEligible: 6,
      conversationsExpired: 0,
      conversationsErased: 0,
      conversationsWithoutConsent: 0,
      strata: [],
      uncovered: [],
      effectiveTurns: expect.closeTo(36 / 14, 12),
      designEffect: expect.closeTo(14 / 12, 12),
      effectiveConversations: expect.closeTo(36 / 14, 12),
    })
    expect(sample.turns.map(({ weight }) => weight).toSorted()).toEqual([1, 2, 3])
  })

  it('of nothing is empty', async () => {
    const sample = await draw([])
    expect(sample.turns).toEqual([])
    expect(sample.counts).toMatchObject({
      turnsDrawn: 0,
      conversations: 0,
      turnsEligible: 0,
      effectiveTurns: 0,
    })
    expect((await draw([], { strata: ['surface'], target: { chat: 1 } })).counts).toMatchObject({
      turnsDrawn: 0,
      strata: [],
      uncovered: [{ name: 'chat', share: 1 }],
    })
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses to draw %p turns', async (turns) => {
    await expect(draw(converseAll([1]), { turns })).rejects.toThrow(RangeError)
  })
})
