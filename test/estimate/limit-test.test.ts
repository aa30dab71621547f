import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { boundClustered, type ClusteredUnit, summarizeClusters } from '../../src/estimate/clustered-bounds.ts'
import { testAboveLimit, testAboveLimitClustered } from '../../src/estimate/limit-test.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { expectClose } from './close.ts'

function makeUnits(events: number, turns: number, size: number): ClusteredUnit[] {
  return Array.from({ length: turns }, (_, index) => ({
    event: index < events,
    weight: 1 + (index % 3),
    cluster: `c${Math.floor(index / size)}`,
  }))
}

describe('testAboveLimit', () => {
  // scipy 1.17: stats.binomtest(events, trials, limit, alternative='greater').
  it.each([
    [12, 1000, 0.005, 0.005330011206256366],
    [3, 20, 0.05, 0.07548367378849626],
    [28, 19_439, 0.001, 0.039505899905320455],
    [5, 2000, 0.0001, 2.2478353456530655e-6],
    [500, 10_000, 0.03, 4.753644969268502e-27],
  ])('of %p in %p against %p is %p', (events, trials, limit, expected) => {
    expectClose(testAboveLimit({ events, trials, limit }), expected, 1e-10)
  })

  it('is 1 without events, without trials and at a limit of 1, and 0 for events at a limit of 0', () => {
    expect(testAboveLimit({ events: 0, trials: 10, limit: 0.1 })).toBe(1)
    expect(testAboveLimit({ events: 0, trials: 0, limit: 0.1 })).toBe(1)
    expect(testAboveLimit({ events: 10, trials: 10, limit: 1 })).toBe(1)
    expect(testAboveLimit({ events: 0, trials: 10, limit: 0 })).toBe(1)
    expect(testAboveLimit({ events: 1, trials: 10, limit: 0 })).toBe(0)
  })

  it('is the alpha whose lower bound is the limit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.nat(10_000),
        fc.double({ min: 1e-9, max: 0.5, noNaN: true }),
        (events, others, alpha) => {
          const trials = events + others
          const { lower } = boundProportion({ events, trials, alpha })
          expectClose(testAboveLimit({ events, trials, limit: lower }), alpha, 1e-8)
        },
      ),
    )
  })

  it.each([
    { events: 11, trials: 10, limit: 0.1 },
    { events: -1, trials: 10, limit: 0.1 },
    { events: 1.5, trials: 10, limit: 0.1 },
    { events: 1, trials: 10, limit: Number.NaN },
    { events: 1, trials: 10, limit: 1.1 },
  ])('refuses $events of $trials against $limit', (sample) => {
    expect(() => testAboveLimit(sample)).toThrow(RangeError)
  })
})

/** By way of the summary. */
function testUnits({ units, limit }: { units: readonly ClusteredUnit[]; limit: number }): number {
  return testAboveLimitClustered({ summary: summarizeClusters(units), limit })
}

describe('testAboveLimitClustered', () => {
  it('is the smallest alpha whose lower bound is above the limit', () => {
    const limits = fc.double({ min: 0.001, max: 0.4, noNaN: true })
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 1, max: 4 }), limits, (events, size, limit) => {
        const units = makeUnits(events, 200, size)
        const p = testUnits({ units, limit })
        if (p === 1) {
          expect(boundClustered({ units, alpha: 0.5 }).lower).toBeLessThanOrEqual(limit)
          return
        }
        expect(boundClustered({ units, alpha: p }).lower).toBeGreaterThan(limit)
        const smaller = p * (1 - 1e-9)
        if (smaller > 1e-12)
          expect(boundClustered({ units, alpha: smaller }).lower).toBeLessThanOrEqual(limit)
      }),
      { numRuns: 60 },
    )
  })

  it('is near the exact test for equal weights and one turn per cluster', () => {
    const units = makeUnits(12, 1000, 1).map((unit) => ({ ...unit, weight: 1 }))
    const exact = testAboveLimit({ events: 12, trials: 1000, limit: 0.005 })
    const clustered = testUnits({ units, limit: 0.005 })
    // The Poisson bound is the wider one.
    expect(clustered).toBeGreaterThan(exact)
    expect(clustered).toBeLessThan(1.1 * exact)
  })

  it('ends at 1e-12 for an overwhelming excess', () => {
    expect(testUnits({ units: makeUnits(150, 200, 1), limit: 0.001 })).toBe(1e-12)
  })

  it('is 1 without events, without turns, and where the rate is not above the limit', () => {
    expect(testUnits({ units: makeUnits(0, 200, 2), limit: 0.01 })).toBe(1)
    expect(testUnits({ units: [], limit: 0.01 })).toBe(1)
    expect(testUnits({ units: makeUnits(2, 200, 1), limit: 0.01 })).toBe(1)
    expect(testUnits({ units: makeUnits(200, 200, 2), limit: 1 })).toBe(1)
  })

  it('refuses a limit outside [0, 1] and bad weights', () => {
    const units: ClusteredUnit[] = [{ event: 1, weight: Number.NaN, cluster: 'a' }]
    expect(() => testUnits({ units, limit: 0.1 })).toThrow(RangeError)
    expect(() => testUnits({ units: [], limit: Number.NaN })).toThrow(RangeError)
  })
})
