import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  countFewestPairs,
  type ForecastQuestion,
  forecastLimit,
  forecastRegression,
} from '../../src/estimate/forecast.ts'

const question = (parts: Partial<ForecastQuestion>): ForecastQuestion => ({
  turns: 1000,
  limit: 0.01,
  predicted: 0.005,
  alpha: 0.05,
  regressionAlpha: 0.01,
  tests: 1,
  ...parts,
})

describe('forecastLimit', () => {
  // n = 1,000, limit 1 %, α = .05: P(X ≤ 4) and P(X ≥ 16) under the binomial; scipy.stats.binom.
  it.each([
    [0, [1, 0, 0]],
    [0.005, [0.4401, 0.0001, 0.5599]],
    [0.01, [0.0287, 0.0479, 0.9234]],
    [0.02, [0, 0.8461, 0.1539]],
  ])('knows the chance of each verdict at a rate of %p', (predicted, [pass, fail, inconclusive]) => {
    const chances = forecastLimit(question({ predicted }))?.chances
    expect(chances?.pass).toBeCloseTo(pass ?? 0, 4)
    expect(chances?.fail).toBeCloseTo(fail ?? 0, 4)
    expect(chances?.inconclusive).toBeCloseTo(inconclusive ?? 0, 4)
  })

  it('knows the smallest limit that a sample passes, and how many turns would do', () => {
    expect(forecastLimit(question({}))).toMatchObject({
      smallestPassable: expect.closeTo(0.0029912, 6),
      turnsToPass: 1941,
    })
    expect(forecastLimit(question({ predicted: 0.02 }))?.turnsToPass).toBeNull()
  })

  it('has a documented answer at the ends', () => {
    expect(forecastLimit(question({ limit: null }))).toBeNull()
    expect(forecastLimit(question({ limit: 0 }))?.chances).toEqual({ pass: 0, fail: 0, inconclusive: 1 })
    expect(forecastLimit(question({ limit: 1 }))?.chances).toEqual({ pass: 1, fail: 0, inconclusive: 0 })
    expect(forecastLimit(question({ turns: 0 }))).toMatchObject({
      smallestPassable: 1,
      chances: { pass: 0, fail: 0 },
    })
    expect(forecastLimit(question({ predicted: null }))).toMatchObject({ turnsToPass: null, chances: null })
  })

  it('promises nothing twice: the chances are a distribution', () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        rate,
        rate,
        fc.integer({ min: 0, max: 5000 }),
        fc.integer({ min: 1, max: 40 }),
        (limit, predicted, turns, tests) => {
          const chances = forecastLimit(question({ limit, predicted, turns, tests }))?.chances
          const values = Object.values(chances ?? {})
          expect(values.every((value) => value >= 0 && value <= 1)).toBe(true)
          expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9)
        },
      ),
    )
  })
})

describe('forecastRegression', () => {
  it('finds 1 % going to 2 % with a chance of .8 at 2,000 turns and α = .05', () => {
    // Exact McNemar at p_c = .02, p_b = .01 has power .808 there (binomial sums in scipy), so that .8 lies just below.
    const { detectable } = forecastRegression(
      question({ turns: 2000, predicted: 0.01, regressionAlpha: 0.05 }),
    )
    expect(detectable).toBeGreaterThan(0.0195)
    expect(detectable).toBeLessThan(0.02)
  })

  it('from nothing, needs as many events as the fewest pairs that decide', () => {
    // With no baseline events, 7 of n turns decide at .01: P(X ≥ 7 | 1,000, p) = .8 at p = .009058 (scipy).
    expect(forecastRegression(question({ predicted: 0 })).detectable).toBeCloseTo(0.0090614, 5)
    expect(countFewestPairs(0.01)).toBe(7)
    expect(countFewestPairs(0.05)).toBe(5)
  })

  it('says so when no rate would be found', () => {
    expect(forecastRegression(question({ turns: 6 })).detectable).toBeNull()
    expect(forecastRegression(question({ turns: 0 })).detectable).toBeNull()
    expect(forecastRegression(question({ predicted: null })).detectable).toBeNull()
    expect(forecastRegression(question({ predicted: 1 })).detectable).toBeNull()
  })

  it('finds less with fewer turns or more tests', () => {
    const detect = (parts: Partial<ForecastQuestion>) => forecastRegression(question(parts)).detectable ?? 1
    expect(detect({ turns: 500 })).toBeGreaterThan(detect({ turns: 1000 }))
    expect(detect({ tests: 10 })).toBeGreaterThan(detect({ tests: 1 }))
  })
})
