import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { binomialCdf, binomialUpperTail } from '../../src/estimate/distributions.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { expectClose } from './close.ts'

const alphas = fc.constantFrom(1e-15, 1e-9, 0.00025, 0.01, 0.025, 0.05, 0.3, 0.5)
/** Large enough for every upper bound to lie a double apart from 1. */
const distinctAlphas = fc.constantFrom(1e-9, 0.00025, 0.01, 0.05, 0.5)

/** Some events of some trials. */
const counts = fc
  .tuple(fc.nat(5000), fc.nat(5000))
  .map(([events, others]) => ({ events, trials: events + others }))

describe('boundProportion', () => {
  it.each([
    // scipy 1.17: stats.beta.ppf.
    { events: 7, trials: 50, alpha: 0.05, lower: 0.06759669900355719, upper: 0.2469352017312092 },
    { events: 2.5, trials: 40.25, alpha: 0.025, lower: 0.01046814039029788, upper: 0.18573375448265647 },
    // scipy 1.17: stats.binomtest(3, 1000).proportion_ci(.90, 'exact').
    { events: 3, trials: 1000, alpha: 0.05, lower: 0.0008181753982217664, upper: 0.00773524471848195 },
  ])('of $events in $trials at $alpha', ({ lower, upper, ...sample }) => {
    const bounds = boundProportion(sample)
    expectClose(bounds.lower, lower, 1e-11)
    expectClose(bounds.upper, upper, 1e-11)
  })

  // Newcombe 1998, Statistics in Medicine 17:857, table I, method 5: four digits.
  it.each([
    [81, 263, 0.2527, 0.3676],
    [15, 148, 0.0578, 0.1617],
    [0, 20, 0, 0.1684],
    [1, 29, 0.0009, 0.1776],
  ])('agrees with the published bounds of %p in %p', (events, trials, lower, upper) => {
    const bounds = boundProportion({ events, trials, alpha: 0.025 })
    expect(Number(bounds.lower.toFixed(4))).toBe(lower)
    expect(Number(bounds.upper.toFixed(4))).toBe(upper)
  })

  it('reaches the ends without events, with nothing else, and without trials', () => {
    expect(boundProportion({ events: 0, trials: 10, alpha: 0.05 }).lower).toBe(0)
    expect(boundProportion({ events: 10, trials: 10, alpha: 0.05 }).upper).toBe(1)
    expect(boundProportion({ events: 0, trials: 0, alpha: 0.05 })).toEqual({ lower: 0, upper: 1 })
  })

  it.each([
    { events: -1, trials: 10, alpha: 0.05 },
    { events: 11, trials: 10, alpha: 0.05 },
    { events: Number.NaN, trials: 10, alpha: 0.05 },
    { events: 1, trials: Number.NaN, alpha: 0.05 },
    { events: 1, trials: Number.POSITIVE_INFINITY, alpha: 0.05 },
    { events: 1, trials: 10, alpha: 0 },
    { events: 1, trials: 10, alpha: 0.6 },
    { events: 1, trials: 10, alpha: Number.NaN },
  ])('refuses $events of $trials at $alpha', (sample) => {
    expect(() => boundProportion(sample)).toThrow(RangeError)
  })

  it('orders the bounds around the rate', () => {
    fc.assert(
      fc.property(counts, alphas, ({ events, trials }, alpha) => {
        const { lower, upper } = boundProportion({ events, trials, alpha })
        const rate = trials === 0 ? 0 : events / trials
        expect(lower).toBeGreaterThanOrEqual(0)
        expect(lower).toBeLessThanOrEqual(rate)
        expect(upper).toBeGreaterThanOrEqual(rate)
        expect(upper).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('orders them for real numbers too, down to a vanishing sample', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    const size = fc
      .double({ min: -25, max: 6, noNaN: true })
      .map((exponent) => Math.exp(exponent * Math.LN10))
    fc.assert(
      fc.property(share, size, alphas, (rate, trials, alpha) => {
        const { lower, upper } = boundProportion({ events: rate * trials, trials, alpha })
        expect(0 <= lower && lower <= upper && upper <= 1).toBe(true)
      }),
    )
  })

  it('grows with the events', () => {
    fc.assert(
      fc.property(counts, distinctAlphas, ({ events, trials }, alpha) => {
        const fewer = boundProportion({ events, trials: trials + 1, alpha })
        const more = boundProportion({ events: events + 1, trials: trials + 1, alpha })
        expect(more.lower).toBeGreaterThan(fewer.lower)
        expect(more.upper).toBeGreaterThan(fewer.upper)
      }),
    )
  })

  it('mirrors when events and other turns change places', () => {
    fc.assert(
      fc.property(counts, ({ events, trials }) => {
        const { lower } = boundProportion({ events, trials, alpha: 0.05 })
        const { upper } = boundProportion({ events: trials - events, trials, alpha: 0.05 })
        expect(lower).toBeCloseTo(1 - upper, 12)
      }),
    )
  })

  it('is where the binomial tails are alpha: the definition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 5000 }), (events, others) => {
        const trials = events + others
        const { lower, upper } = boundProportion({ events, trials, alpha: 0.05 })
        expectClose(binomialUpperTail({ events, trials, rate: lower }), 0.05, 1e-9)
        expectClose(binomialCdf({ events, trials, rate: upper }), 0.05, 1e-9)
      }),
    )
  })
})
