import { describe, expect, it } from '@jest/globals'
import { countFewestPairs } from '../../src/estimate/paired.ts'
import { estimateIndependence, joinRates } from '../../src/forecast/pair-rates.ts'
import { countWorsePairs, findDetectableRate } from '../../src/forecast/regression-forecast.ts'

describe('findDetectableRate', () => {
  const question = { turns: 1000, baseline: 0.005, independence: 1, alpha: 0.01 }

  it('finds 1 % going to 2 % with a chance of .8 at 2,000 turns and α = .05', () => {
    // Exact McNemar at p_c = .02, p_b = .01 has power .808 there (binomial sums in scipy), so that .8 lies just below.
    const detectable = findDetectableRate({ ...question, turns: 2000, baseline: 0.01, alpha: 0.05 })
    expect(detectable).toBeGreaterThan(0.0195)
    expect(detectable).toBeLessThan(0.02)
  })

  it('from nothing, needs as many events as the fewest pairs that decide', () => {
    // With no baseline events, 7 of n turns decide at .01: P(X ≥ 7 | 1,000, p) = .8 at p = .009058 (scipy).
    expect(findDetectableRate({ ...question, baseline: 0 })).toBeCloseTo(0.0090614, 5)
  })

  it('finds more where the arms err on the same turns', () => {
    const apart = findDetectableRate({ ...question, baseline: 0.05 }) ?? 1
    const together = findDetectableRate({ ...question, baseline: 0.05, independence: 0.2 }) ?? 1
    expect(together).toBeGreaterThan(0.05)
    expect(together).toBeLessThan(apart - 0.005)
  })

  it('says so when no rate would be found', () => {
    expect(findDetectableRate({ ...question, turns: 6 })).toBeNull()
    expect(findDetectableRate({ ...question, turns: 0 })).toBeNull()
    expect(findDetectableRate({ ...question, baseline: null })).toBeNull()
    expect(findDetectableRate({ ...question, baseline: 1 })).toBeNull()
  })

  it('finds less with fewer turns or a smaller level', () => {
    const detect = (parts: Partial<typeof question>) => findDetectableRate({ ...question, ...parts }) ?? 1
    expect(detect({ turns: 500 })).toBeGreaterThan(detect({ turns: 1000 }))
    expect(detect({ alpha: 0.001 })).toBeGreaterThan(detect({ alpha: 0.01 }))
  })
})

describe('countFewestPairs and countWorsePairs', () => {
  it('are the exact test inverted', () => {
    expect(countFewestPairs(0.01)).toBe(7)
    expect(countFewestPairs(0.05)).toBe(5)
    expect(countWorsePairs({ baselineOnly: 0, alpha: 0.01 })).toBe(7)
    // P(B ≥ 8 | 9, ½) = 10/512 = .0195 and P(B ≥ 9 | 10, ½) = 11/1024 = .0107, P(B ≥ 10 | 11, ½) = 12/2048 = .0059.
    expect(countWorsePairs({ baselineOnly: 1, alpha: 0.02 })).toBe(8)
    expect(countWorsePairs({ baselineOnly: 1, alpha: 0.01 })).toBe(10)
  })
})

describe('joinRates', () => {
  it('is a distribution with the given margins, from independence to as much overlap as there can be', () => {
    for (const independence of [0, 0.3, 1]) {
      const { both, candidateOnly, baselineOnly } = joinRates({
        candidate: 0.04,
        baseline: 0.01,
        independence,
      })
      expect(both + candidateOnly).toBeCloseTo(0.04, 12)
      expect(both + baselineOnly).toBeCloseTo(0.01, 12)
      expect(Math.min(both, candidateOnly, baselineOnly)).toBeGreaterThanOrEqual(0)
    }
    expect(joinRates({ candidate: 0.04, baseline: 0.01, independence: 1 }).both).toBeCloseTo(0.0004, 12)
    expect(joinRates({ candidate: 0.04, baseline: 0.01, independence: 0 }).baselineOnly).toBeCloseTo(0, 12)
  })

  it('gives back the share of pairs that differed', () => {
    // 20 of 1,000 pairs at a rate of 2 % in both arms: independent ones would differ in 39.2.
    const independence = estimateIndependence({ differing: 20, pairs: 1000, rate: 0.02 })
    const { candidateOnly, baselineOnly } = joinRates({ candidate: 0.02, baseline: 0.02, independence })
    expect((candidateOnly + baselineOnly) * 1001).toBeCloseTo(20.5, 9)
  })

  it('takes nothing for granted where nothing is known', () => {
    expect(estimateIndependence({ differing: 0, pairs: 0, rate: 0.1 })).toBe(1)
    expect(estimateIndependence({ differing: 0, pairs: 100, rate: 0 })).toBe(1)
    expect(estimateIndependence({ differing: 50, pairs: 100, rate: 0.01 })).toBe(1)
    expect(estimateIndependence({ differing: 0, pairs: 100, rate: 0.1 })).toBeGreaterThan(0)
  })
})
