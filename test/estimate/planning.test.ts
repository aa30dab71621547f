import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { binomialCdf, binomialUpperTail } from '../../src/estimate/distributions.ts'
import {
  criticalCounts,
  planTurnsToFail,
  planTurnsToPass,
  smallestPassableLimit,
} from '../../src/estimate/planning.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { expectClose } from './close.ts'

const alphas = fc.constantFrom(0.001, 0.01, 0.05, 0.3)
const powers = fc.constantFrom(0.5, 0.8, 0.95)

/** The smallest passing sample by trying every number of turns. */
function scanToPass(plan: { limit: number; rate: number; power: number; alpha: number; maxTurns: number }) {
  const { limit, rate, power, alpha } = plan
  let events = 0
  for (let turns = 1; turns <= plan.maxTurns; turns += 1) {
    if (binomialCdf({ events, trials: turns, rate: limit }) > alpha) continue
    if (binomialCdf({ events, trials: turns, rate }) >= power) return { turns, allowedEvents: events }
    // With one event more the bound is above the limit again at these turns.
    events += 1
  }
  return null
}

describe('planTurnsToPass', () => {
  it.each([
    [1e-5, 0.5, 1_944_254, 12],
    [1e-4, 0.1, 47_437, 1],
    [1e-3, 0.75, 87_591, 72],
    [1e-2, 0, 299, 0],
    [1e-2, 0.25, 773, 3],
  ])('at a limit of %p and %p of it as the rate needs %p turns', (limit, share, turns, allowedEvents) => {
    const plan = planTurnsToPass({ limit, rate: share * limit, power: 0.8, alpha: 0.05 })
    expect(plan).toEqual({ turns, allowedEvents })
  })

  // scipy 1.17: a scan over c with special.betaincc for both conditions.
  it.each([
    { limit: 0.3, rate: 0.2, power: 0.9, alpha: 0.01, turns: 251, allowedEvents: 58 },
    { limit: 0.9, rate: 0.8, power: 0.8, alpha: 0.05, turns: 78, allowedEvents: 65 },
  ])('finds the scanned answer at a limit of $limit', ({ turns, allowedEvents, ...question }) => {
    expect(planTurnsToPass(question)).toEqual({ turns, allowedEvents })
  })

  it('is what trying every sample finds', () => {
    const limits = fc.double({ min: 0.02, max: 0.9, noNaN: true })
    const shares = fc.double({ min: 0, max: 0.9, noNaN: true })
    fc.assert(
      fc.property(limits, shares, powers, alphas, (limit, share, power, alpha) => {
        const question = { limit, rate: limit * share, power, alpha, maxTurns: 3000 }
        expect(planTurnsToPass(question)).toEqual(scanToPass(question))
      }),
    )
  })

  it('finds none above the most turns, nor for a rate that is not under the limit', () => {
    const question = { limit: 1e-5, power: 0.8, alpha: 0.05 }
    expect(planTurnsToPass({ ...question, rate: 0.95e-5 })).toBeNull()
    expect(planTurnsToPass({ ...question, rate: 0.5e-5, maxTurns: 1_944_254 })?.turns).toBe(1_944_254)
    expect(planTurnsToPass({ ...question, rate: 0.5e-5, maxTurns: 1_944_253 })).toBeNull()
    expect(planTurnsToPass({ ...question, rate: 1e-5 })).toBeNull()
    expect(planTurnsToPass({ ...question, rate: 1 })).toBeNull()
    expect(planTurnsToPass({ ...question, rate: 0, maxTurns: 0 })).toBeNull()
  })

  it('allows exactly the events of the critical counts, and the bound of those is within the limit', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-5, max: 0.5, noNaN: true }), alphas, (limit, alpha) => {
        const plan = planTurnsToPass({ limit, rate: limit / 2, power: 0.8, alpha })
        expect(plan).not.toBeNull()
        if (plan === null) return
        const { turns, allowedEvents } = plan
        expect(criticalCounts({ turns, limit, alpha }).maxPass).toBe(allowedEvents)
        const { upper } = boundProportion({ events: allowedEvents, trials: turns, alpha })
        expect(upper).toBeLessThanOrEqual(limit * (1 + 1e-9))
      }),
    )
  })

  it.each([
    { limit: 0, rate: 0, power: 0.8, alpha: 0.05 },
    { limit: 1, rate: 0, power: 0.8, alpha: 0.05 },
    { limit: Number.NaN, rate: 0, power: 0.8, alpha: 0.05 },
    { limit: 0.1, rate: -0.1, power: 0.8, alpha: 0.05 },
    { limit: 0.1, rate: Number.NaN, power: 0.8, alpha: 0.05 },
    { limit: 0.1, rate: 0, power: 1, alpha: 0.05 },
    { limit: 0.1, rate: 0, power: 0.8, alpha: 0 },
    { limit: 0.1, rate: 0, power: 0.8, alpha: 0.05, maxTurns: Number.POSITIVE_INFINITY },
  ])('refuses a limit of $limit, a rate of $rate, a power of $power, an alpha of $alpha', (question) => {
    expect(() => planTurnsToPass(question)).toThrow(RangeError)
    expect(() => planTurnsToFail(question)).toThrow(RangeError)
  })
})

describe('planTurnsToFail', () => {
  // nY and the critical events, as the project's statistics document them.
  it.each([
    [2, 9.25, 15],
    [3, 3.29, 7],
    [5, 1.37, 4],
    [10, 0.36, 2],
  ])('at %p times the limit needs %p over the limit', (times, expected, criticalEvents) => {
    const limit = 1e-4
    const plan = planTurnsToFail({ limit, rate: times * limit, power: 0.8, alpha: 0.05 })
    expect(Number(((plan?.turns ?? 0) * limit).toFixed(2))).toBe(expected)
    expect(plan?.criticalEvents).toBe(criticalEvents)
  })

  it('is consistent with the critical counts, and tight', () => {
    const limits = fc.double({ min: 1e-4, max: 0.4, noNaN: true })
    const times = fc.double({ min: 1.3, max: 2.4, noNaN: true })
    fc.assert(
      fc.property(limits, times, powers, alphas, (limit, factor, power, alpha) => {
        const rate = limit * factor
        const plan = planTurnsToFail({ limit, rate, power, alpha })
        expect(plan).not.toBeNull()
        if (plan === null) return
        const { turns, fewestTurns, criticalEvents } = plan
        const tail = (trials: number) => binomialUpperTail({ events: criticalEvents, trials, rate })
        expect(criticalCounts({ turns, limit, alpha }).minFail).toBe(criticalEvents)
        expect(criticalCounts({ turns: turns + 1, limit, alpha }).minFail ?? turns).toBeGreaterThan(
          criticalEvents,
        )
        expect(criticalCounts({ turns: fewestTurns, limit, alpha }).minFail).toBe(criticalEvents)
        expect(fewestTurns).toBeLessThanOrEqual(turns)
        expect(tail(fewestTurns)).toBeGreaterThanOrEqual(power)
        expect(tail(fewestTurns - 1)).toBeLessThan(power)
      }),
    )
  })

  it('has no smaller sample with that power', () => {
    const question = { limit: 0.02, rate: 0.06, power: 0.8, alpha: 0.05 }
    const fewest = planTurnsToFail(question)?.fewestTurns ?? 0
    const powersBelow = Array.from({ length: fewest - 1 }, (_, index) => {
      const turns = index + 1
      const { minFail } = criticalCounts({ turns, limit: question.limit, alpha: question.alpha })
      return minFail === null ? 0 : binomialUpperTail({ events: minFail, trials: turns, rate: question.rate })
    })
    expect(powersBelow.length).toBeGreaterThan(100)
    expect(Math.max(...powersBelow)).toBeLessThan(question.power)
  })

  it('finds none above the most turns, nor for a rate that is not above the limit', () => {
    const question = { limit: 1e-5, power: 0.8, alpha: 0.05 }
    expect(planTurnsToFail({ ...question, rate: 1.05e-5 })).toBeNull()
    expect(planTurnsToFail({ ...question, rate: 1e-5 })).toBeNull()
    expect(planTurnsToFail({ ...question, rate: 0 })).toBeNull()
    const { fewestTurns = 0 } = planTurnsToFail({ ...question, rate: 2e-5 }) ?? {}
    expect(planTurnsToFail({ ...question, rate: 2e-5, maxTurns: fewestTurns })?.turns).toBe(fewestTurns)
    expect(planTurnsToFail({ ...question, rate: 2e-5, maxTurns: fewestTurns - 1 })).toBeNull()
  })
})

describe('criticalCounts', () => {
  it('has no passing count in a small sample, and no failing one under a high limit', () => {
    expect(criticalCounts({ turns: 2000, limit: 0.001, alpha: 0.05 })).toEqual({ maxPass: null, minFail: 6 })
    expect(criticalCounts({ turns: 3, limit: 0.9, alpha: 0.05 })).toEqual({ maxPass: 1, minFail: null })
    expect(criticalCounts({ turns: 0, limit: 0.1, alpha: 0.05 })).toEqual({ maxPass: null, minFail: null })
  })

  it('lets a bound that equals the limit pass and not fail', () => {
    // One event in one turn: the lower bound is alpha itself. No event: the upper bound is 1 − alpha.
    expect(criticalCounts({ turns: 1, limit: 0.25, alpha: 0.25 }).minFail).toBeNull()
    expect(criticalCounts({ turns: 1, limit: 0.75, alpha: 0.25 }).maxPass).toBe(0)
  })

  it('divides the counts where the bounds cross the limit', () => {
    const limits = fc.double({ min: 1e-4, max: 0.9, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50_000 }), limits, alphas, (turns, limit, alpha) => {
        const { maxPass, minFail } = criticalCounts({ turns, limit, alpha })
        const bound = (events: number) => boundProportion({ events, trials: turns, alpha })
        const near = 1e-8
        if (maxPass !== null) expect(bound(maxPass).upper).toBeLessThanOrEqual(limit * (1 + near))
        expect(bound((maxPass ?? -1) + 1).upper).toBeGreaterThan(limit * (1 - near))
        if (minFail !== null) expect(bound(minFail).lower).toBeGreaterThan(limit * (1 - near))
        expect(bound((minFail ?? turns + 1) - 1).lower).toBeLessThanOrEqual(limit * (1 + near))
        expect(maxPass ?? -1).toBeLessThan(minFail ?? turns + 1)
      }),
    )
  })

  it.each([
    { turns: -1, limit: 0.1, alpha: 0.05 },
    { turns: 1.5, limit: 0.1, alpha: 0.05 },
    { turns: 10, limit: 0, alpha: 0.05 },
    { turns: 10, limit: 0.1, alpha: Number.NaN },
  ])('refuses $turns turns, a limit of $limit, an alpha of $alpha', (plan) => {
    expect(() => criticalCounts(plan)).toThrow(RangeError)
  })
})

describe('smallestPassableLimit', () => {
  it('is the upper bound without events', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000_000 }), alphas, (turns, alpha) => {
        const { upper } = boundProportion({ events: 0, trials: turns, alpha })
        expectClose(smallestPassableLimit({ turns, alpha }), upper, 1e-10)
      }),
    )
  })

  it('is 1 without turns, and 1 − alpha with one', () => {
    expect(smallestPassableLimit({ turns: 0, alpha: 0.05 })).toBe(1)
    expectClose(smallestPassableLimit({ turns: 1, alpha: 0.05 }), 0.95, 1e-15)
  })

  it('refuses a fraction of a turn', () => {
    expect(() => smallestPassableLimit({ turns: 0.5, alpha: 0.05 })).toThrow(RangeError)
  })
})
