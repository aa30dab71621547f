import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { boundKornGraubard, boundSummary } from '../../src/estimate/clustered-bounds.ts'
import {
  boundCalibration,
  boundSafe,
  computeJudgeFloor,
  estimateTrueRate,
} from '../../src/estimate/judge-error.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { calibrate, calibrations, common, count, counts, empty, rare } from './calibrations.ts'
import { expectClose } from './close.ts'

const alphas = fc.constantFrom(1e-9, 0.0025, 0.05, 0.5)
const commonAlphas = fc.constantFrom(0.0025, 0.05)

/** What the integration may be off by, where two bounds that are equal in truth are compared. */
const slack = 1e-6

describe('boundSafe', () => {
  // scipy 1.17.1: integrate.quad over the calibration's beta density between its quantiles, optimize.brentq.
  it.each([
    [25, 10_000, 57, 60, 1, 3000, 0.05, 0.000669168038218494, 0.0037573529753741415],
    [500, 10_000, 54, 60, 0, 300, 0.05, 0.03972092633586397, 0.0631290378160969],
    [40, 2000, 20, 25, 2, 100, 0.0025, 0, 0.04652413618900547],
    // The rate is known far better than the judge: fixed nodes in the calibration would be off.
    [5000, 100_000, 9, 10, 0, 60, 0.05, 0.0013474685198751474, 0.08259681901577903],
    [3.7, 812.4, 40, 41, 0, 1000, 0.025, 0, 0.01267419979925245],
    [3, 20, 5, 5, 1, 40, 0.5, 0.08935592549401893, 0.21732831359152988],
  ])('of %p in %p with a judge of %p/%p and %p/%p', (events, trials, tp, m1, fp, m0, alpha, lower, upper) => {
    const calibration = calibrate(tp, m1, fp, m0)
    const bounds = boundSafe({ measured: count(events, trials), calibration, alpha })
    expectClose(bounds.lower, lower, 1e-7)
    expectClose(bounds.upper, upper, 1e-7)
  })

  it('of clusters with rare events takes the gamma distributions', () => {
    const bounds = boundSafe({
      measured: { kind: 'clusters', summary: rare },
      calibration: calibrate(45, 50, 0, 2000),
      alpha: 0.05,
    })
    // scipy 1.17.1, as above, with stats.gamma for the rate.
    expectClose(bounds.lower, 0.0007275090004830899, 1e-7)
    expectClose(bounds.upper, 0.010683696021807488, 1e-7)
  })

  it('of clusters with common events counts them at their effective size', () => {
    const judge = { calibration: calibrate(45, 50, 3, 200), alpha: 0.05 }
    const { effectiveSize } = boundKornGraubard({ summary: common, alpha: 0.05 })
    const measured = count(0.2 * effectiveSize, effectiveSize)
    expect(boundSafe({ measured: { kind: 'clusters', summary: common }, ...judge })).toEqual(
      boundSafe({ measured, ...judge }),
    )
  })

  it('is Clopper & Pearson, or theirs over the sensitivity, when the judge is known', () => {
    const own = boundProportion({ events: 30, trials: 3000, alpha: 0.05 })
    const judge = (tp: number) => calibrate(tp, 1e8, 0, 1e8)
    const perfect = boundSafe({ measured: count(30, 3000), calibration: judge(1e8), alpha: 0.05 })
    expectClose(perfect.lower, own.lower, 1e-5)
    expectClose(perfect.upper, own.upper, 1e-5)
    const missing = boundSafe({ measured: count(30, 3000), calibration: judge(8e7), alpha: 0.05 })
    expectClose(missing.lower, own.lower, 1e-5)
    expectClose(missing.upper, own.upper / 0.8, 1e-5)
  })

  it.each([
    ['no positives', count(5, 100), calibrate(0, 0, 0, 500), { upper: 1 }],
    ['none of the positives flagged', count(5, 100), calibrate(0, 50, 0, 500), { upper: 1 }],
    ['no negatives', count(50, 100), calibrate(50, 50, 0, 0), { lower: 0 }],
    ['all negatives flagged', count(50, 100), calibrate(50, 50, 60, 60), { lower: 0 }],
    ['no calibration at all', count(50, 100), calibrate(0, 0, 0, 0), { lower: 0, upper: 1 }],
    ['no trials', count(0, 0), calibrate(50, 50, 0, 500), { lower: 0, upper: 1 }],
    ['no events', count(0, 100), calibrate(50, 50, 0, 500), { lower: 0 }],
    ['nothing but events', count(100, 100), calibrate(50, 50, 0, 500), { upper: 1 }],
    ['flags as often among the negatives', count(50, 100), calibrate(25, 50, 250, 500), { lower: 0 }],
  ])('with %s', (_, measured, calibration, ends) => {
    expect(boundSafe({ measured, calibration, alpha: 0.05 })).toMatchObject(ends)
  })

  it('of an empty clustered sample is everything', () => {
    const measured = { kind: 'clusters', summary: empty } as const
    const calibration = calibrate(50, 50, 0, 500)
    expect(boundSafe({ measured, calibration, alpha: 0.05 })).toEqual({ lower: 0, upper: 1 })
  })

  it('contains the bounds that take the judge at its word', () => {
    const sources = fc.oneof(
      counts,
      fc.constantFrom(rare, common).map((summary) => ({ kind: 'clusters' as const, summary })),
    )
    fc.assert(
      fc.property(sources, calibrations, alphas, (measured, calibration, alpha) => {
        const { lower, upper } = boundSafe({ measured, calibration, alpha })
        const own =
          measured.kind === 'counts'
            ? boundProportion({ ...measured, alpha })
            : boundSummary({ summary: measured.summary, alpha })
        expect(lower).toBeGreaterThanOrEqual(0)
        expect(lower).toBeLessThanOrEqual(own.lower)
        expect(upper).toBeGreaterThanOrEqual(own.upper)
        expect(upper).toBeLessThanOrEqual(1)
      }),
      { numRuns: 150 },
    )
  })

  it('never gains from more false alarms or misses, nor falls with more events', () => {
    fc.assert(
      fc.property(counts, calibrations, commonAlphas, (measured, calibration, alpha) => {
        const { truePositives, falsePositives, negatives } = calibration
        const { events, trials } = measured
        const bounds = boundSafe({ measured, calibration, alpha })
        const worse = {
          ...calibration,
          truePositives: Math.max(0, truePositives - 1),
          falsePositives: Math.min(negatives, falsePositives + 1),
        }
        const wider = boundSafe({ measured, calibration: worse, alpha })
        expect(wider.lower).toBeLessThanOrEqual(bounds.lower * (1 + slack))
        expect(wider.upper).toBeGreaterThanOrEqual(bounds.upper * (1 - slack))
        const more = boundSafe({
          measured: count(Math.min(trials, events + 1), trials),
          calibration,
          alpha,
        })
        expect(more.lower).toBeGreaterThanOrEqual(bounds.lower * (1 - slack))
        expect(more.upper).toBeGreaterThanOrEqual(bounds.upper * (1 - slack))
      }),
      { numRuns: 100 },
    )
  })

  it.each([
    { measured: count(11, 10) },
    { measured: count(Number.NaN, 10) },
    { calibration: calibrate(6, 5, 0, 10) },
    { calibration: calibrate(5, 5, 11, 10) },
    { calibration: calibrate(0.5, 5, 0, 10) },
    { alpha: 0 },
    { alpha: 0.6 },
  ])('refuses %p', (part) => {
    const correction = { measured: count(1, 10), calibration: calibrate(5, 5, 0, 10), alpha: 0.05 }
    expect(() => boundSafe({ ...correction, ...part })).toThrow(RangeError)
  })
})

describe('estimateTrueRate', () => {
  it('takes the false alarms out and puts the misses in', () => {
    const estimate = estimateTrueRate({ rate: 0.0107, calibration: calibrate(80, 100, 3, 1000) })
    // Rogan & Gladen: (.0107 − .003)/(.8 − .003).
    expect(estimate).toMatchObject({ kind: 'estimate', belowFloor: false })
    expectClose(estimate.kind === 'estimate' ? estimate.rate : Number.NaN, 0.0077 / 0.797, 1e-12)
  })

  it.each([
    ['below the floor', 0.002, calibrate(80, 100, 3, 1000), 0, true],
    ['at the floor', 0.003, calibrate(80, 100, 3, 1000), 0, false],
    ['more flags than there are positives to flag', 0.9, calibrate(80, 100, 3, 1000), 1, false],
    ['without positives as if none were missed', 0.25, calibrate(0, 0, 0, 100), 0.25, false],
    ['without negatives as if none were false', 0.25, calibrate(5, 10, 0, 0), 0.5, false],
  ])('%s', (_, measured, calibration, rate, belowFloor) => {
    expect(estimateTrueRate({ rate: measured, calibration })).toEqual({ kind: 'estimate', rate, belowFloor })
  })

  it.each([calibrate(1, 10, 10, 100), calibrate(0, 10, 0, 100), calibrate(0, 0, 5, 5)])(
    'is unusable with %p',
    (calibration) => {
      expect(estimateTrueRate({ rate: 0.1, calibration })).toEqual({ kind: 'unusable' })
    },
  )
})

describe('boundCalibration', () => {
  it('gives the four bounds of Clopper & Pearson', () => {
    const bounds = boundCalibration({ calibration: calibrate(57, 60, 1, 3000), alpha: 0.05 })
    // scipy 1.17.1: stats.beta.ppf.
    expectClose(bounds.sensitivityLower, 0.8758127895225639, 1e-11)
    expectClose(bounds.sensitivityUpper, 0.986234842431717, 1e-11)
    expectClose(bounds.falsePositiveLower, 1.709761862990271e-5, 1e-11)
    expectClose(bounds.falsePositiveUpper, 0.001580301827458731, 1e-11)
  })

  it('knows nothing without examples', () => {
    expect(boundCalibration({ calibration: calibrate(0, 0, 0, 0), alpha: 0.05 })).toEqual({
      sensitivityLower: 0,
      sensitivityUpper: 1,
      falsePositiveLower: 0,
      falsePositiveUpper: 1,
    })
  })
})

describe('computeJudgeFloor', () => {
  it('adds what the false alarms may be to the limit', () => {
    const calibration = calibrate(57, 60, 1, 3000)
    expectClose(
      computeJudgeFloor({ limit: 0.01, calibration, alpha: 0.05 }),
      0.01 + 0.99 * 0.001580301827458731,
      1e-11,
    )
  })

  it('is 1 without negatives', () => {
    expect(computeJudgeFloor({ limit: 0.01, calibration: calibrate(5, 5, 0, 0), alpha: 0.05 })).toBe(1)
  })
})
