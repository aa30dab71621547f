import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { boundRatioConditional, boundRatioTang } from '../../src/estimate/ratio.ts'
import { expectClose } from './close.ts'

const alphas = fc.constantFrom(1e-9, 0.01, 0.05, 0.5)

describe('boundRatioTang', () => {
  it('agrees with the published bounds', () => {
    // Fagerland, Lydersen & Laake 2014, Statistics in Medicine 33:2850: consolidation therapy, 59, 6, 16 and
    // 80.
    const { ratio, lower, upper } = boundRatioTang({
      both: 59,
      candidateOnly: 6,
      baselineOnly: 16,
      pairs: 161,
      alpha: 0.025,
    })
    expect(ratio?.toFixed(4)).toBe('0.8667')
    expect(lower.toFixed(4)).toBe('0.7476')
    expect(upper?.toFixed(4)).toBe('0.9876')
  })

  it.each([
    // scipy 1.17.1, without the closed form: optimize.minimize (Nelder–Mead) of the multinomial likelihood
    // under the ratio, the score's variance at that maximum, and optimize.brentq over log ratios.
    [10, 8, 3, 200, 0.05, 0.96870601, 2.04948216],
    [2, 15, 7, 1000, 0.05, 1.0224158, 3.52027239],
    [30, 12, 20, 150, 0.025, 0.65096011, 1.07209374],
  ])('of %p both, %p, %p in %p at %p', (both, candidateOnly, baselineOnly, pairs, alpha, lower, upper) => {
    const bounds = boundRatioTang({ both, candidateOnly, baselineOnly, pairs, alpha })
    expectClose(bounds.ratio ?? 0, (both + candidateOnly) / (both + baselineOnly), 1e-15)
    expectClose(bounds.lower, lower, 1e-7)
    expectClose(bounds.upper ?? 0, upper, 1e-7)
  })

  it('has no ratio and no upper bound without events of the baseline', () => {
    const bounds = boundRatioTang({ both: 0, candidateOnly: 4, baselineOnly: 0, pairs: 50, alpha: 0.05 })
    expect(bounds).toEqual({ ratio: null, lower: expect.any(Number), upper: null })
    expect(bounds.lower).toBeGreaterThan(1)
  })

  it('reaches down to 0 without events of the candidate', () => {
    const bounds = boundRatioTang({ both: 0, candidateOnly: 0, baselineOnly: 4, pairs: 50, alpha: 0.05 })
    expect(bounds).toEqual({ ratio: 0, lower: 0, upper: expect.any(Number) })
    expect(bounds.upper).toBeLessThan(1)
  })

  it.each([0, 50])('knows nothing without events in %p pairs', (pairs) => {
    const bounds = boundRatioTang({ both: 0, candidateOnly: 0, baselineOnly: 0, pairs, alpha: 0.05 })
    expect(bounds).toEqual({ ratio: null, lower: 0, upper: null })
  })

  it('orders the bounds around the ratio, and inverts when the arms change places', () => {
    const counts = fc.record({
      both: fc.nat(30),
      candidateOnly: fc.integer({ min: 1, max: 40 }),
      baselineOnly: fc.integer({ min: 1, max: 40 }),
      rest: fc.nat(100_000),
    })
    fc.assert(
      fc.property(counts, alphas, ({ both, candidateOnly, baselineOnly, rest }, alpha) => {
        const pairs = both + candidateOnly + baselineOnly + rest
        const bounds = boundRatioTang({ both, candidateOnly, baselineOnly, pairs, alpha })
        const ratio = bounds.ratio ?? Number.NaN
        const upper = bounds.upper ?? Number.NaN
        expect(bounds.lower).toBeGreaterThan(0)
        expect(bounds.lower).toBeLessThanOrEqual(ratio * (1 + 1e-9))
        expect(upper).toBeGreaterThanOrEqual(ratio * (1 - 1e-9))
        const inverse = boundRatioTang({
          both,
          candidateOnly: baselineOnly,
          baselineOnly: candidateOnly,
          pairs,
          alpha,
        })
        expectClose(1 / inverse.lower, upper, 1e-6)
      }),
    )
  })

  it.each([
    { both: 3, candidateOnly: 2, baselineOnly: 1, pairs: 5, alpha: 0.05 },
    { both: -1, candidateOnly: 2, baselineOnly: 1, pairs: 5, alpha: 0.05 },
    { both: 1, candidateOnly: Number.NaN, baselineOnly: 1, pairs: 5, alpha: 0.05 },
    { both: 1, candidateOnly: 1, baselineOnly: 1, pairs: 5, alpha: 0.6 },
  ])('refuses $both, $candidateOnly and $baselineOnly of $pairs at $alpha', (sample) => {
    expect(() => boundRatioTang(sample)).toThrow(RangeError)
  })
})

describe('boundRatioConditional', () => {
  it.each([
    // The first is the example of R's poisson.test, 0.8584264 and 4.2772659; all with scipy 1.17.1,
    // stats.beta.ppf.
    [11, 21, 800, 3011, 0.025, 0.8584264033916397, 4.277265943654075],
    [3, 9, 1000, 2000, 0.05, 0.15487113945316086, 2.2312514625631743],
    [0, 4, 500, 500, 0.05, 0, 1.1147425268811277],
    [120, 80, 1000, 1000, 0.025, 1.1210512488456508, 2.0161703188347677],
  ])('of %p and %p in %p and %p at %p', (...values) => {
    const [candidateEvents, baselineEvents, candidateTurns, baselineTurns, alpha, lower, upper] = values
    const sample = { candidateEvents, baselineEvents, candidateTurns, baselineTurns, alpha }
    const bounds = boundRatioConditional(sample)
    expectClose(bounds.ratio ?? 0, candidateEvents / candidateTurns / (baselineEvents / baselineTurns), 1e-15)
    expectClose(bounds.lower, lower, 1e-10)
    expectClose(bounds.upper ?? 0, upper, 1e-10)
  })

  it('has a lower bound alone without events of the baseline', () => {
    const turns = { candidateTurns: 500, baselineTurns: 400 }
    const bounds = boundRatioConditional({ candidateEvents: 7, baselineEvents: 0, ...turns, alpha: 0.01 })
    expect(bounds).toEqual({ ratio: null, lower: expect.any(Number), upper: null })
    // scipy 1.17.1, as above.
    expectClose(bounds.lower, 0.859570164590307, 1e-10)
    const none = boundRatioConditional({ candidateEvents: 0, baselineEvents: 0, ...turns, alpha: 0.01 })
    expect(none).toEqual({ ratio: null, lower: 0, upper: null })
  })

  it('holds 1 inside just when the exact McNemar test does not reject either way', () => {
    // One event against none: the smallest alpha that rejects is ½.
    const sample = { candidateEvents: 5, baselineEvents: 0, candidateTurns: 100, baselineTurns: 100 }
    expect(boundRatioConditional({ ...sample, alpha: 1 / 32 + 1e-9 }).lower).toBeGreaterThan(1)
    expect(boundRatioConditional({ ...sample, alpha: 1 / 32 - 1e-9 }).lower).toBeLessThan(1)
  })

  it('orders the bounds around the ratio, and inverts when the arms change places', () => {
    const events = fc.integer({ min: 1, max: 500 })
    const turns = fc.integer({ min: 500, max: 1_000_000 })
    fc.assert(
      fc.property(events, events, turns, turns, alphas, (first, second, firstTurns, secondTurns, alpha) => {
        const { ratio, lower, upper } = boundRatioConditional({
          candidateEvents: first,
          baselineEvents: second,
          candidateTurns: firstTurns,
          baselineTurns: secondTurns,
          alpha,
        })
        const inverse = boundRatioConditional({
          candidateEvents: second,
          baselineEvents: first,
          candidateTurns: secondTurns,
          baselineTurns: firstTurns,
          alpha,
        })
        expect(lower).toBeLessThan(ratio ?? Number.NaN)
        expect(upper).toBeGreaterThan(ratio ?? Number.NaN)
        expectClose(inverse.lower * (upper ?? Number.NaN), 1, 1e-12)
      }),
    )
  })

  it.each([
    { candidateTurns: 0 },
    { baselineTurns: 0 },
    { candidateEvents: -1 },
    { baselineEvents: 0.5 },
    { alpha: 0 },
  ])('refuses %p', (changed) => {
    const sample = {
      candidateEvents: 1,
      baselineEvents: 2,
      candidateTurns: 10,
      baselineTurns: 10,
      alpha: 0.05,
    }
    expect(() => boundRatioConditional({ ...sample, ...changed })).toThrow(RangeError)
  })
})
