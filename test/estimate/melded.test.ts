import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { boundMelded } from '../../src/estimate/melded.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { calibrate, calibrations, count, counts } from './calibrations.ts'
import { expectClose } from './close.ts'

describe('boundMelded', () => {
  // numpy 2: 4e6 draws from the three betas; two runs differ by up to 3e-4.
  it.each([
    [150, 100_000, 40, 50, 3, 3000, 0.05, 0, 0.001647104],
    [400, 20_000, 54, 60, 5, 1000, 0.05, 0.010346633, 0.021399498],
    [60, 2000, 27, 30, 2, 200, 0.01, 0, 0.042308735],
  ])('of %p in %p with a judge of %p/%p and %p/%p', (events, trials, tp, m1, fp, m0, alpha, lower, upper) => {
    const calibration = calibrate(tp, m1, fp, m0)
    const bounds = boundMelded({ measured: count(events, trials), calibration, alpha })
    expectClose(bounds.lower, lower, 1e-3)
    expectClose(bounds.upper, upper, 1e-3)
  })

  it('is Rogan & Gladen’s correction of Clopper & Pearson when the judge is known', () => {
    const own = boundProportion({ events: 60, trials: 3000, alpha: 0.05 })
    const calibration = calibrate(8e7, 1e8, 1e6, 1e8)
    const bounds = boundMelded({ measured: count(60, 3000), calibration, alpha: 0.05 })
    expectClose(bounds.lower, (own.lower - 0.01) / 0.79, 1e-5)
    expectClose(bounds.upper, (own.upper - 0.01) / 0.79, 1e-5)
  })

  it.each([
    ['no positives', count(5, 100), calibrate(0, 0, 0, 500), { upper: 1 }],
    ['none of the positives flagged', count(5, 100), calibrate(0, 50, 0, 500), { upper: 1 }],
    ['no negatives', count(50, 100), calibrate(50, 50, 0, 0), { lower: 0 }],
    ['all negatives flagged', count(50, 100), calibrate(50, 50, 60, 60), { lower: 0 }],
    ['no trials', count(0, 0), calibrate(50, 50, 0, 500), { lower: 0, upper: 1 }],
    ['flags as often among the negatives', count(50, 100), calibrate(5, 50, 50, 500), { lower: 0, upper: 1 }],
    ['fewer flags than false alarms', count(1, 10_000), calibrate(50, 50, 50, 500), { lower: 0, upper: 0 }],
  ])('with %s', (_, measured, calibration, ends) => {
    expect(boundMelded({ measured, calibration, alpha: 0.05 })).toMatchObject(ends)
  })

  it('orders the bounds within [0, 1]', () => {
    const alphas = fc.constantFrom(1e-9, 0.0025, 0.05, 0.5)
    fc.assert(
      fc.property(counts, calibrations, alphas, (measured, calibration, alpha) => {
        const { lower, upper } = boundMelded({ measured, calibration, alpha })
        expect(lower).toBeGreaterThanOrEqual(0)
        expect(lower).toBeLessThanOrEqual(upper)
        expect(upper).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })

  it('never rises below with more false alarms, nor falls above with more misses', () => {
    // Of the size of the integration's error.
    const slack = 1e-3
    fc.assert(
      fc.property(counts, calibrations, (measured, calibration) => {
        const bounds = boundMelded({ measured, calibration, alpha: 0.05 })
        const falsePositives = Math.min(calibration.negatives, calibration.falsePositives + 1)
        const truePositives = Math.max(0, calibration.truePositives - 1)
        const alarmed = boundMelded({
          measured,
          calibration: { ...calibration, falsePositives },
          alpha: 0.05,
        })
        const missed = boundMelded({ measured, calibration: { ...calibration, truePositives }, alpha: 0.05 })
        expect(alarmed.lower).toBeLessThanOrEqual(bounds.lower * (1 + slack))
        expect(missed.upper).toBeGreaterThanOrEqual(bounds.upper * (1 - slack))
      }),
      { numRuns: 40 },
    )
  })

  it('refuses counts that don’t fit', () => {
    const calibration = calibrate(6, 5, 0, 10)
    expect(() => boundMelded({ measured: count(1, 10), calibration, alpha: 0.05 })).toThrow(RangeError)
  })
})
