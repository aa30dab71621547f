import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  boundDifferenceClustered,
  type ClusterDifference,
  estimateDifferenceClustered,
} from '../../src/estimate/paired-clusters.ts'
import { expectClose } from './close.ts'

const differences = [1, 0, 2, -1, 0, 3, 1, 1, -2, 0, 1, 0, 2, 1, -1, 1, 0, 1]
const turns = [2, 1, 4, 3, 1, 5, 2, 1, 6, 2, 2, 1, 3, 1, 2, 2, 1, 1]
const sample = differences.map((difference, index) => ({ difference, turns: turns[index] ?? Number.NaN }))

const clusters = fc.array(
  fc.record({ difference: fc.integer({ min: -5, max: 5 }), turns: fc.integer({ min: 1, max: 9 }) }),
  {
    minLength: 2,
    maxLength: 40,
  },
)

function countNonzero(given: readonly ClusterDifference[]): number {
  return given.filter(({ difference }) => difference !== 0).length
}

describe('estimateDifferenceClustered', () => {
  it('agrees with the delta method on the covariance of differences and turns', () => {
    // numpy 2.4.6 and scipy 1.17.1: numpy.cov of both, the gradient of their ratio, and stats.t.ppf.
    const { difference, standardError, lower, upper } = estimateDifferenceClustered({
      clusters: sample,
      alpha: 0.05,
    })
    expect(difference).toBe(0.25)
    expectClose(standardError, 0.1321137544604916, 1e-13)
    expectClose(lower, 0.020174024133498225, 1e-11)
    expectClose(upper, 0.4798259758665018, 1e-11)
  })

  it('is the paired t interval with one turn a conversation', () => {
    // scipy 1.17.1: stats.ttest_1samp(differences, 0).confidence_interval(.9) and stats.sem.
    const single = differences.map((difference) => ({ difference, turns: 1 }))
    const { difference, standardError, lower, upper } = estimateDifferenceClustered({
      clusters: single,
      alpha: 0.05,
    })
    expectClose(difference, 0.5555555555555556, 1e-15)
    expectClose(standardError, 0.2826372328162047, 1e-13)
    expectClose(lower, 0.0638779243092395, 1e-11)
    expectClose(upper, 1.0472331868018714, 1e-11)
  })

  it('mirrors when the arms change places, widens as alpha falls, and is a point at one half', () => {
    fc.assert(
      fc.property(clusters, (given) => {
        const bounds = estimateDifferenceClustered({ clusters: given, alpha: 0.05 })
        const mirrored = estimateDifferenceClustered({
          clusters: given.map((cluster) => ({ ...cluster, difference: -cluster.difference })),
          alpha: 0.05,
        })
        expect(mirrored.upper).toBeCloseTo(-bounds.lower, 12)
        const wider = estimateDifferenceClustered({ clusters: given, alpha: 0.01 })
        expect(wider.lower).toBeLessThanOrEqual(bounds.lower)
        expect(wider.upper).toBeGreaterThanOrEqual(bounds.upper)
        const point = estimateDifferenceClustered({ clusters: given, alpha: 0.5 })
        expect(point.lower).toBeCloseTo(point.difference, 12)
        expect(point.upper).toBeCloseTo(point.difference, 12)
      }),
    )
  })

  it('depends neither on the order nor on the unit of the turns', () => {
    fc.assert(
      fc.property(clusters, fc.constantFrom(0.001, 3, 1000), (given, unit) => {
        const bounds = estimateDifferenceClustered({ clusters: given, alpha: 0.05 })
        const scaled = estimateDifferenceClustered({
          clusters: [...given].reverse().map((cluster) => ({ ...cluster, turns: cluster.turns * unit })),
          alpha: 0.05,
        })
        expect(scaled.lower * unit).toBeCloseTo(bounds.lower, 10)
        expect(scaled.standardError * unit).toBeCloseTo(bounds.standardError, 10)
      }),
    )
  })

  it.each([[[]], [[{ difference: 1, turns: 1 }]]])('refuses %p, which have no variance', (given) => {
    expect(() => estimateDifferenceClustered({ clusters: given, alpha: 0.05 })).toThrow(RangeError)
  })
})

describe('boundDifferenceClustered', () => {
  it('needs ten conversations that differ', () => {
    const silent = Array.from({ length: 50 }, () => ({ difference: 0, turns: 2 }))
    const differing = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ difference: index % 3 ? 1 : -1, turns: 2 }))
    expect(boundDifferenceClustered({ clusters: [...silent, ...differing(9)], alpha: 0.05 })).toBeNull()
    const enough = [...silent, ...differing(10)]
    expect(boundDifferenceClustered({ clusters: enough, alpha: 0.05 })).toEqual(
      estimateDifferenceClustered({ clusters: enough, alpha: 0.05 }),
    )
    expect(boundDifferenceClustered({ clusters: [], alpha: 0.05 })).toBeNull()
  })

  it('takes the rounding error of a sum of weights for no difference', () => {
    const weighted = Array.from({ length: 40 }, () => ({ difference: 0.1 + 0.2 - 0.3, turns: 0.6 }))
    expect(weighted[0]?.difference).not.toBe(0)
    expect(
      boundDifferenceClustered({ clusters: [...weighted, ...sample.slice(0, 9)], alpha: 0.05 }),
    ).toBeNull()
  })

  it('has no bounds where all conversations differ alike', () => {
    const alike = Array.from({ length: 20 }, (_, index) => ({
      difference: 0.1 * (index + 1),
      turns: index + 1,
    }))
    expect(boundDifferenceClustered({ clusters: alike, alpha: 0.05 })).toBeNull()
  })

  it('is null or the estimate, by the number of conversations that differ', () => {
    fc.assert(
      fc.property(clusters, (given) => {
        const bounds = boundDifferenceClustered({ clusters: given, alpha: 0.05 })
        if (countNonzero(given) < 10) expect(bounds).toBeNull()
        else if (bounds !== null) {
          expect(bounds).toEqual(estimateDifferenceClustered({ clusters: given, alpha: 0.05 }))
        }
      }),
    )
  })

  it.each([
    { difference: Number.NaN, turns: 1 },
    { difference: Number.POSITIVE_INFINITY, turns: 1 },
    { difference: 1, turns: 0 },
    { difference: 1, turns: -1 },
    { difference: 1, turns: Number.NaN },
  ])('refuses a difference of $difference over $turns turns', (cluster) => {
    expect(() => boundDifferenceClustered({ clusters: [cluster], alpha: 0.05 })).toThrow(RangeError)
    expect(() => estimateDifferenceClustered({ clusters: [...sample, cluster], alpha: 0.05 })).toThrow(
      RangeError,
    )
  })

  it.each([0, 0.6, Number.NaN])('refuses an alpha of %p', (alpha) => {
    expect(() => boundDifferenceClustered({ clusters: [], alpha })).toThrow(RangeError)
    expect(() => estimateDifferenceClustered({ clusters: sample, alpha })).toThrow(RangeError)
  })
})
