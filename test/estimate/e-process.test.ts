import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  boundAnytime,
  logEvidenceAbove,
  logEvidenceBelow,
  logEvidenceWorse,
} from '../../src/estimate/e-process.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { findFirst } from '../../src/estimate/search.ts'
import { expectClose } from './close.ts'

const limits = fc.double({ min: 1e-6, max: 0.999, noNaN: true })
const shares = fc.double({ min: 0, max: 1, noNaN: true })
/** [events, turns] */
const samples = fc
  .tuple(fc.nat(60), fc.nat(3000))
  .map(([events, others]) => [events, events + others] as const)

/**
 * The mean of E after one more trial, as a multiple of E before it. The difference of the logs keeps it finite
 * where E isn't; where E is 0 it stays 0.
 */
function growOnAverage(logs: { before: number; present: number; absent: number; rate: number }): number {
  const { before, present, absent, rate } = logs
  if (before === Number.NEGATIVE_INFINITY) return Math.exp(Math.max(present, absent))
  return rate * Math.exp(present - before) + (1 - rate) * Math.exp(absent - before)
}

describe('the evidence about a limit', () => {
  // mpmath 1.3, the mixture's definition with 40 digits: events, turns, limit, below, above.
  it.each([
    [0, 1, 0.5, 0.540384426007535, -1.791759469228055],
    [3, 1941, 0.01, 9.384088391681274, -9.694896144189187],
    [19, 1941, 0.01, -3.0542373596870367, -3.1263917581089586],
    [40, 1941, 0.01, -13.866304272696297, 6.83354785799761],
    [7, 9, 0.3, -4.35517303522387, 3.3832474163790853],
    [5, 5, 0.15, -3.6402599394249338, 7.87362951104512],
    [2, 10, 0.45, 0.7482936108842144, -4.496426839626014],
    [1, 10, 0.7, 6.715436979919374, Number.NEGATIVE_INFINITY],
    [200, 10_000_000, 1e-5, -63.26421704565294, 32.26852635474941],
    [100_000, 200_000, 0.3, -35261.26046739832, 16429.206516838964],
    [0, 300, 0.9, 689.6769156095456, Number.NEGATIVE_INFINITY],
  ])('of %p in %p at %p', (events, turns, limit, below, above) => {
    expectClose(logEvidenceBelow({ events, turns, limit }), below, 1e-10)
    if (above === Number.NEGATIVE_INFINITY) expect(logEvidenceAbove({ events, turns, limit })).toBe(above)
    else expectClose(logEvidenceAbove({ events, turns, limit }), above, 1e-10)
  })

  it('is none before the first turn, but for multiples that are no rate', () => {
    expect(Math.abs(logEvidenceBelow({ events: 0, turns: 0, limit: 0.1 }))).toBeLessThan(1e-15)
    expect(Math.abs(logEvidenceAbove({ events: 0, turns: 0, limit: 0.1 }))).toBeLessThan(1e-15)
    expectClose(logEvidenceAbove({ events: 0, turns: 0, limit: 0.3 }), Math.log(2 / 3), 1e-14)
    expectClose(logEvidenceAbove({ events: 0, turns: 0, limit: 0.5 }), Math.log(1 / 3), 1e-14)
    expect(logEvidenceAbove({ events: 0, turns: 0, limit: 0.7 })).toBe(Number.NEGATIVE_INFINITY)
  })

  it('of being below doesn’t grow on average at any rate from the limit up', () => {
    fc.assert(
      fc.property(samples, limits, shares, ([events, turns], limit, share) => {
        const rate = limit + share * (1 - limit)
        const mean = growOnAverage({
          before: logEvidenceBelow({ events, turns, limit }),
          present: logEvidenceBelow({ events: events + 1, turns: turns + 1, limit }),
          absent: logEvidenceBelow({ events, turns: turns + 1, limit }),
          rate,
        })
        expect(mean).toBeLessThanOrEqual(1 + 1e-9)
        // At the limit itself it stays the same, so nothing is given away.
        if (share === 0) expect(mean).toBeGreaterThan(1 - 1e-9)
      }),
    )
  })

  it('of being above doesn’t grow on average at any rate up to the limit', () => {
    fc.assert(
      fc.property(samples, limits, shares, ([events, turns], limit, share) => {
        const mean = growOnAverage({
          before: logEvidenceAbove({ events, turns, limit }),
          present: logEvidenceAbove({ events: events + 1, turns: turns + 1, limit }),
          absent: logEvidenceAbove({ events, turns: turns + 1, limit }),
          rate: share * limit,
        })
        expect(mean).toBeLessThanOrEqual(1 + 1e-9)
        if (share === 1 && limit < 0.6) expect(mean).toBeGreaterThan(1 - 1e-9)
      }),
    )
  })

  it('of being below falls with every event, and that of being above grows', () => {
    fc.assert(
      fc.property(samples, limits, ([events, turns], limit) => {
        fc.pre(events < turns)
        const one = { events, turns, limit }
        const more = { events: events + 1, turns, limit }
        expect(logEvidenceBelow(more)).toBeLessThan(logEvidenceBelow(one))
        if (1.5 * limit < 1) expect(logEvidenceAbove(more)).toBeGreaterThan(logEvidenceAbove(one))
      }),
    )
  })

  // The turns times the limit at which so many events pass, as the project's simulations print them.
  it.each([
    [0.05, [3.68, 7.06, 8.85, 10.62, 12.37, 14.1, 15.8, 17.46, 19.09, 20.67, 22.21, 23.7, 25.14]],
    [0.02, [4.7, 8.37, 10.18, 11.97, 13.76, 15.52, 17.27, 19.0, 20.69, 22.36, 23.98, 25.55, 27.09]],
  ])('at %p passes at the documented turns', (alpha, expected) => {
    const limit = 1e-5
    for (const [events, documented] of expected.entries()) {
      const isReached = (turns: number) => logEvidenceBelow({ events, turns, limit }) >= -Math.log(alpha)
      const turns = findFirst({ below: events, reached: 10_000_000, isReached })
      // Documented with two decimals.
      expect(Math.abs(turns * limit - documented)).toBeLessThan(0.006)
    }
  })

  it.each([
    { events: 2, turns: 1, limit: 0.1 },
    { events: 0.5, turns: 1, limit: 0.1 },
    { events: 0, turns: Number.NaN, limit: 0.1 },
    { events: 0, turns: 1, limit: 0 },
    { events: 0, turns: 1, limit: 1 },
    { events: 0, turns: 1, limit: Number.NaN },
  ])('refuses $events of $turns against $limit', (sample) => {
    expect(() => logEvidenceBelow(sample)).toThrow(RangeError)
    expect(() => logEvidenceAbove(sample)).toThrow(RangeError)
  })
})

describe('logEvidenceWorse', () => {
  // mpmath 1.3, the mixture's definition with 40 digits.
  it.each([
    [1, 0, 0.4054651081081644],
    [10, 0, 4.943791298186494],
    [11, 0, 5.503448657508678],
    [12, 1, 4.616348559811665],
    [20, 5, 3.95935873750768],
    [30, 30, -2.3226645925246614],
    [5, 9, -2.1518176312464705],
    [100_000, 99_000, -3860.1545129999713],
  ])('of %p against %p', (candidateOnly, baselineOnly, expected) => {
    expectClose(logEvidenceWorse({ candidateOnly, baselineOnly }), expected, 1e-11)
  })

  it('is none without discordant pairs', () => {
    expect(Math.abs(logEvidenceWorse({ candidateOnly: 0, baselineOnly: 0 }))).toBeLessThan(1e-15)
  })

  it('doesn’t grow on average while at most half of the pairs are the candidate’s, and is kept at half', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), shares, (candidateOnly, baselineOnly, share) => {
        const logs = {
          before: logEvidenceWorse({ candidateOnly, baselineOnly }),
          present: logEvidenceWorse({ candidateOnly: candidateOnly + 1, baselineOnly }),
          absent: logEvidenceWorse({ candidateOnly, baselineOnly: baselineOnly + 1 }),
        }
        expect(growOnAverage({ ...logs, rate: share / 2 })).toBeLessThanOrEqual(1 + 1e-9)
        expectClose(growOnAverage({ ...logs, rate: 0.5 }), 1, 1e-9)
      }),
    )
  })

  it('grows with the candidate’s pairs and falls with the baseline’s', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (candidateOnly, baselineOnly) => {
        const evidence = logEvidenceWorse({ candidateOnly, baselineOnly })
        expect(logEvidenceWorse({ candidateOnly: candidateOnly + 1, baselineOnly })).toBeGreaterThan(evidence)
        expect(logEvidenceWorse({ candidateOnly, baselineOnly: baselineOnly + 1 })).toBeLessThan(evidence)
      }),
    )
  })

  it.each([-1, 0.5, Number.NaN])('refuses %p', (count) => {
    expect(() => logEvidenceWorse({ candidateOnly: count, baselineOnly: 0 })).toThrow(RangeError)
    expect(() => logEvidenceWorse({ candidateOnly: 0, baselineOnly: count })).toThrow(RangeError)
  })
})

describe('boundAnytime', () => {
  // mpmath 1.3: bisection of the mixture's definition with 40 digits.
  it.each([
    [0, 100, 0.05, 0, 0.03611735812249328],
    [1, 50, 0.05, 0, 0.1317796330570658],
    [3, 40, 0.05, 0.007997320081012789, 0.2408440873363854],
    [12, 1000, 0.02, 0.004102529081953953, 0.02687485448026945],
    [10, 10, 0.05, 0.4, 1],
    [60, 100, 0.05, 0.4425867610279908, 0.7757300038502948],
    [40, 2_000_000, 0.001, 9.639882092209973e-6, 3.554889103783024e-5],
  ])('of %p in %p at %p', (events, turns, alpha, lower, upper) => {
    const bounds = boundAnytime({ events, turns, alpha })
    expectClose(bounds.lower, lower, 1e-12)
    expectClose(bounds.upper, upper, 1e-12)
  })

  it('says nothing without turns', () => {
    expect(boundAnytime({ events: 0, turns: 0, alpha: 0.05 })).toEqual({ lower: 0, upper: 1 })
  })

  it('holds the share seen, is wider than the bounds of a single look, and widens as alpha falls', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(0.001, 0.02, 0.05), ([events, turns], alpha) => {
        fc.pre(turns > 0)
        const anytime = boundAnytime({ events, turns, alpha })
        const once = boundProportion({ events, trials: turns, alpha })
        expect(anytime.lower).toBeLessThanOrEqual(once.lower)
        expect(anytime.upper).toBeGreaterThanOrEqual(once.upper)
        const stricter = boundAnytime({ events, turns, alpha: alpha / 2 })
        expect(stricter.lower).toBeLessThanOrEqual(anytime.lower)
        expect(stricter.upper).toBeGreaterThanOrEqual(anytime.upper)
      }),
    )
  })

  it.each([
    { events: 2, turns: 1, alpha: 0.05 },
    { events: -1, turns: 1, alpha: 0.05 },
    { events: 0, turns: 1, alpha: 0 },
    { events: 0, turns: 1, alpha: 0.6 },
  ])('refuses $events of $turns at $alpha', (sample) => {
    expect(() => boundAnytime(sample)).toThrow(RangeError)
  })
})
