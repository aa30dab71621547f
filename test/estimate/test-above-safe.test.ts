import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { boundSafe, testAboveSafe } from '../../src/estimate/judge-error.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { listBinomial, makeRandom } from '../verdict/chance.ts'
import { calibrate, calibrations, count, counts, empty, rare } from './calibrations.ts'
import { expectClose } from './close.ts'

const alphas = fc.constantFrom(1e-9, 0.0025, 0.05, 0.5)

describe('testAboveSafe', () => {
  // scipy 1.17.1: integrate.quad over the calibration's beta density between its quantiles.
  it.each([
    [25, 10_000, 1, 3000, 0.001, 0.10685995767417256],
    [500, 10_000, 0, 300, 0.03, 0.0024360680220580555],
    [40, 2000, 2, 100, 0.001, 0.7029777327979154],
    [5000, 100_000, 0, 60, 0.01, 0.08427965760365087],
    [24, 4000, 0, 500, 0.0005, 0.07543940861931754],
  ])('of %p in %p with %p/%p false alarms against %p', (events, trials, fp, negatives, limit, expected) => {
    const p = testAboveSafe({
      measured: count(events, trials),
      calibration: calibrate(9, 10, fp, negatives),
      limit,
    })
    expectClose(p, expected, 1e-7)
  })

  it('of rare events in clusters is that of the gamma distribution', () => {
    const measured = { kind: 'clusters', summary: rare } as const
    const p = testAboveSafe({ measured, calibration: calibrate(45, 50, 0, 2000), limit: 0.001 })
    // scipy 1.17.1: integrate.quad over the calibration's beta density between its quantiles.
    expectClose(p, 0.07790396209398066, 1e-7)
  })

  it('is 1 without events, without trials and at a limit of 1', () => {
    const calibration = calibrate(9, 10, 0, 100)
    const nothing = { kind: 'clusters', summary: empty } as const
    expect(testAboveSafe({ measured: nothing, calibration, limit: 0.01 })).toBe(1)
    expect(testAboveSafe({ measured: count(0, 10), calibration, limit: 0.1 })).toBe(1)
    expect(testAboveSafe({ measured: count(0, 0), calibration, limit: 0.1 })).toBe(1)
    expect(testAboveSafe({ measured: count(10, 10), calibration, limit: 1 })).toBe(1)
  })

  it('lies under alpha just where the lower bound is above the limit', () => {
    const samples = fc.oneof(
      counts,
      fc
        .record({
          rate: fc.constantFrom(0.001, 0.02, 0.2),
          variance: fc.constantFrom(1e-6, 1e-5, 1e-4),
          sumSquaredTotals: fc.constantFrom(1e-7, 1e-6),
        })
        .map((part) => ({ kind: 'clusters' as const, summary: { ...rare, ...part } })),
    )
    const factors = fc.constantFrom(0, 0.5, 0.999, 1.001, 2)
    fc.assert(
      fc.property(samples, calibrations, alphas, factors, (measured, calibration, alpha, factor) => {
        const { lower } = boundSafe({ measured, calibration, alpha })
        const limit = Math.min(1, lower === 0 ? factor * 1e-3 : factor * lower)
        const p = testAboveSafe({ measured, calibration, limit })
        expect(p).toBeGreaterThanOrEqual(0)
        expect(p).toBeLessThanOrEqual(1)
        expect({ p, limit, isUnder: p < alpha }).toEqual({ p, limit, isUnder: lower > limit })
      }),
      { numRuns: 150 },
    )
  })

  it('is the alpha that bisection of the lower bound finds', () => {
    const test = { measured: count(60, 10_000), calibration: calibrate(9, 10, 1, 2000) }
    let [below, above] = [1e-9, 0.5]
    for (let halving = 0; halving < 40; halving += 1) {
      const alpha = Math.sqrt(below * above)
      if (boundSafe({ ...test, alpha }).lower > 0.004) above = alpha
      else below = alpha
    }
    expectClose(testAboveSafe({ ...test, limit: 0.004 }), above, 1e-9)
  })

  it('refuses a limit outside [0, 1]', () => {
    const test = { measured: count(1, 10), calibration: calibrate(9, 10, 1, 20) }
    expect(() => testAboveSafe({ ...test, limit: 1.1 })).toThrow(RangeError)
    expect(() => testAboveSafe({ ...test, limit: Number.NaN })).toThrow(RangeError)
  })
})

describe('a judge with a sensitivity of .8 and .1 % false alarms', () => {
  // True rate 10 per 100,000: nine flags in ten are false alarms.
  const [rate, sensitivity, alarms] = [1e-4, 0.8, 1e-3]
  const runs = 400

  function prepareDraw(random: () => number, trials: number, share: number): () => number {
    const chances = listBinomial({ trials, rate: share })
    return () => {
      let left = random()
      const events = chances.findIndex((chance) => {
        left -= chance
        return left < 0
      })
      return events < 0 ? chances.length - 1 : events
    }
  }

  it('is covered by the safe bounds, and not by the flags as they are', () => {
    const random = makeRandom(9)
    const drawFlags = prepareDraw(random, 50_000, rate * sensitivity + (1 - rate) * alarms)
    const drawHits = prepareDraw(random, 50, sensitivity)
    const drawAlarms = prepareDraw(random, 3000, alarms)
    const covered = { lower: 0, upper: 0, asLabelled: 0 }
    for (let run = 0; run < runs; run += 1) {
      const measured = count(drawFlags(), 50_000)
      const calibration = calibrate(drawHits(), 50, drawAlarms(), 3000)
      const { lower, upper } = boundSafe({ measured, calibration, alpha: 0.05 })
      covered.lower += Number(lower <= rate)
      covered.upper += Number(upper >= rate)
      covered.asLabelled += Number(boundProportion({ ...measured, alpha: 0.05 }).lower <= rate)
    }
    expect(covered.lower / runs).toBeGreaterThanOrEqual(0.94)
    expect(covered.upper / runs).toBeGreaterThanOrEqual(0.94)
    expect(covered.asLabelled / runs).toBeLessThan(0.5)
  })
})
