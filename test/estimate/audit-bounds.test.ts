import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { boundStratifiedAudit, boundTwoPhase, testAboveTwoPhase } from '../../src/estimate/audit-bounds.ts'
import { testAboveLimit } from '../../src/estimate/limit-test.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { expectClose } from './close.ts'

const alphas = fc.constantFrom(1e-9, 0.0025, 0.05, 0.5)
const commonAlphas = fc.constantFrom(0.0025, 0.05)
const slack = 1e-4

/** A share of a whole, its ends included. */
const shares = fc.oneof(
  fc.constantFrom(0, 1),
  fc.nat(100).map((percent) => percent / 100),
)

const audits = fc
  .tuple(fc.oneof(fc.nat(5), fc.nat(20_000)), shares, shares, shares)
  .map(([turns, flaggedShare, auditedShare, confirmedShare]) => {
    const flagged = Math.round(turns * flaggedShare * flaggedShare)
    const audited = Math.round(flagged * auditedShare)
    return { flagged, turns, audited, confirmed: Math.round(audited * confirmedShare) }
  })
const sensitivities = fc.option(
  fc.tuple(fc.oneof(fc.nat(2), fc.nat(200)), shares).map(([positives, share]) => ({
    truePositives: Math.round(positives * share),
    positives,
  })),
)

describe('boundTwoPhase', () => {
  // scipy 1.17.1: integrate.quad over the precision's beta density between its quantiles, optimize.brentq.
  it.each([
    [120, 20_000, 40, 30, 0.003468959997254427, 0.005545664865940744],
    [36, 5000, 10, 2, 0.0002548827132796968, 0.003907097053741521],
    // All flags audited: stats.beta.ppf.
    [30, 1000, 30, 28, 0.019971978586155525, 0.038188865025176225],
  ])(
    'of %p flags in %p turns, %p audited and %p confirmed',
    (flagged, turns, audited, confirmed, lower, upper) => {
      const bounds = boundTwoPhase({ flagged, turns, audited, confirmed, calibration: null, alpha: 0.05 })
      expectClose(bounds.rate, ((flagged / turns) * confirmed) / audited, 1e-14)
      expectClose(bounds.lower, lower, 1e-7)
      expectClose(bounds.upper, upper, 1e-7)
    },
  )

  // numpy 2: the mean of two runs of 4e6 draws from the three betas each, which differ by up to 1.2e-3.
  it.each([
    [120, 20_000, 40, 30, 45, 50, 0.003808000906639551, 0.006418087131846677],
    [36, 5000, 10, 2, 18, 20, 0.00028151856665007, 0.004652016426503909],
  ])('of %p in %p, %p audited and %p confirmed, with a sensitivity of %p/%p', (...row) => {
    const [flagged, turns, audited, confirmed, truePositives, positives, lower, upper] = row
    const calibration = { truePositives, positives }
    const bounds = boundTwoPhase({ flagged, turns, audited, confirmed, calibration, alpha: 0.05 })
    expectClose(bounds.lower, lower, 3e-3)
    expectClose(bounds.upper, upper, 3e-3)
  })

  it.each([
    ['no positives', { truePositives: 0, positives: 0 }, { upper: 1, rate: 0.025 }],
    ['none of the positives flagged', { truePositives: 0, positives: 9 }, { upper: 1, rate: 1 }],
  ])('with %s', (_, calibration, expected) => {
    const audit = { flagged: 100, turns: 1000, audited: 20, confirmed: 5, calibration, alpha: 0.05 }
    const bounds = boundTwoPhase(audit)
    expect(bounds).toMatchObject(expected)
    // A sensitivity of 1 is possible in both.
    expect(bounds.lower).toBeGreaterThanOrEqual(boundTwoPhase({ ...audit, calibration: null }).lower)
  })

  it('takes the flags as they are where none was audited, but not below', () => {
    const bounds = boundTwoPhase({
      flagged: 30,
      turns: 1000,
      audited: 0,
      confirmed: 0,
      calibration: null,
      alpha: 0.05,
    })
    expect(bounds).toMatchObject({ rate: 0.03, lower: 0 })
    expectClose(bounds.upper, boundProportion({ events: 30, trials: 1000, alpha: 0.05 }).upper, 1e-11)
  })

  it('is everything without turns, and 0 below without confirmed flags', () => {
    const none = { flagged: 0, turns: 0, audited: 0, confirmed: 0, calibration: null, alpha: 0.05 }
    expect(boundTwoPhase(none)).toEqual({ rate: 0, lower: 0, upper: 1 })
    const refuted = { flagged: 30, turns: 1000, audited: 20, confirmed: 0, calibration: null, alpha: 0.05 }
    expect(boundTwoPhase(refuted)).toMatchObject({ rate: 0, lower: 0 })
  })

  it('bounds what survives of a judge’s false alarms by an audit of other flags', () => {
    // 100 of 10,000 negatives flagged, none of 200 false flags surviving a second judge: under 15 per 100,000.
    const { upper } = boundTwoPhase({
      flagged: 100,
      turns: 10_000,
      audited: 200,
      confirmed: 0,
      calibration: null,
      alpha: 0.05,
    })
    expect(Math.round(upper * 1e5)).toBe(15)
  })

  it('orders the bounds within [0, 1]', () => {
    fc.assert(
      fc.property(audits, sensitivities, alphas, (audit, calibration, alpha) => {
        const { rate, lower, upper } = boundTwoPhase({ ...audit, calibration, alpha })
        expect(rate).toBeGreaterThanOrEqual(0)
        expect(rate).toBeLessThanOrEqual(1)
        expect(lower).toBeGreaterThanOrEqual(0)
        expect(lower).toBeLessThanOrEqual(upper)
        expect(upper).toBeLessThanOrEqual(1)
      }),
      { numRuns: 100 },
    )
  })

  it('never falls with more confirmed flags or more misses', () => {
    fc.assert(
      fc.property(audits, sensitivities, commonAlphas, (audit, calibration, alpha) => {
        const bounds = boundTwoPhase({ ...audit, calibration, alpha })
        const confirmed = Math.min(audit.audited, audit.confirmed + 1)
        const truePositives = Math.max(0, (calibration?.truePositives ?? 0) - 1)
        const more = boundTwoPhase({ ...audit, confirmed, calibration, alpha })
        const missed = boundTwoPhase({
          ...audit,
          calibration: calibration === null ? null : { ...calibration, truePositives },
          alpha,
        })
        for (const higher of [more, missed]) {
          expect(higher.lower).toBeGreaterThanOrEqual(bounds.lower * (1 - slack))
          expect(higher.upper).toBeGreaterThanOrEqual(bounds.upper * (1 - slack))
        }
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    { flagged: 11 },
    { confirmed: 6 },
    { audited: 2.5 },
    { alpha: 0 },
    { calibration: { truePositives: 2, positives: 1 } },
  ])('refuses %p', (part) => {
    const audit = { flagged: 5, turns: 10, audited: 5, confirmed: 1, calibration: null, alpha: 0.05 }
    expect(() => boundTwoPhase({ ...audit, ...part })).toThrow(RangeError)
  })
})

describe('testAboveTwoPhase', () => {
  // scipy 1.17.1: integrate.quad, as above.
  it.each([
    [120, 20_000, 40, 30, 0.003, 0.005346691330058834],
    [36, 5000, 10, 2, 0.0005, 0.1581062175107816],
  ])('of %p flags in %p, %p audited and %p confirmed against %p', (...row) => {
    const [flagged, turns, audited, confirmed, limit, expected] = row
    expectClose(testAboveTwoPhase({ flagged, turns, audited, confirmed, limit }), expected, 1e-7)
  })

  it('is the exact test on the confirmed flags when all were audited', () => {
    const p = testAboveTwoPhase({ flagged: 30, turns: 1000, audited: 30, confirmed: 28, limit: 0.015 })
    expectClose(p, testAboveLimit({ events: 28, trials: 1000, limit: 0.015 }), 1e-12)
  })

  it('is 1 without confirmed flags, without audit and at a limit of 1', () => {
    const audit = { flagged: 30, turns: 1000, audited: 20, confirmed: 0 }
    expect(testAboveTwoPhase({ ...audit, limit: 0 })).toBe(1)
    expect(testAboveTwoPhase({ ...audit, audited: 0, limit: 0.001 })).toBe(1)
    expect(testAboveTwoPhase({ ...audit, confirmed: 20, limit: 1 })).toBe(1)
  })

  it('lies under alpha just where the lower bound is above the limit', () => {
    const factors = fc.constantFrom(0, 0.5, 0.999, 1.001, 2)
    fc.assert(
      fc.property(audits, alphas, factors, (audit, alpha, factor) => {
        const { lower } = boundTwoPhase({ ...audit, calibration: null, alpha })
        const limit = Math.min(1, lower === 0 ? factor * 1e-3 : factor * lower)
        const p = testAboveTwoPhase({ ...audit, limit })
        expect({ p, limit, isUnder: p < alpha }).toEqual({ p, limit, isUnder: lower > limit })
      }),
      { numRuns: 100 },
    )
  })

  it('refuses a limit outside [0, 1]', () => {
    const audit = { flagged: 5, turns: 10, audited: 5, confirmed: 1 }
    expect(() => testAboveTwoPhase({ ...audit, limit: -0.1 })).toThrow(RangeError)
  })
})

describe('boundStratifiedAudit', () => {
  // scipy 1.17.1: stats.gamma.ppf.
  it.each([
    [200, 9800, 50, 20, 700, 3, 0.05, 0.0122, 0.007701156767185127, 0.019486502198456594],
    [80, 920, 80, 0, 100, 1, 0.01, 0.0092, 9.246308985221322e-5, 0.06107283902554306],
  ])('of %p flagged and %p unflagged turns', (...row) => {
    const [flagged, unflagged, auditedFlagged, confirmedFlagged, auditedUnflagged, foundUnflagged] = row
    const [alpha, rate, lower, upper] = row.slice(6)
    const bounds = boundStratifiedAudit({
      flagged,
      unflagged,
      auditedFlagged,
      confirmedFlagged,
      auditedUnflagged,
      foundUnflagged,
      alpha: alpha ?? Number.NaN,
    })
    expectClose(bounds.rate, rate ?? Number.NaN, 1e-12)
    expectClose(bounds.lower, lower ?? Number.NaN, 1e-10)
    expectClose(bounds.upper, upper ?? Number.NaN, 1e-10)
  })

  const audit = {
    flagged: 100,
    unflagged: 900,
    auditedFlagged: 10,
    confirmedFlagged: 4,
    auditedUnflagged: 0,
    foundUnflagged: 0,
    alpha: 0.05,
  }

  it('knows nothing above while a part was not audited', () => {
    const bounds = boundStratifiedAudit(audit)
    expectClose(bounds.rate, 0.04, 1e-12)
    expect(bounds.lower).toBeGreaterThan(0)
    expect(bounds.upper).toBe(1)
  })

  it('needs no audit of a part without turns', () => {
    const { upper } = boundStratifiedAudit({ ...audit, unflagged: 0 })
    expect(upper).toBeLessThan(1)
  })

  it('is everything without turns', () => {
    const none = { ...audit, flagged: 0, unflagged: 0, auditedFlagged: 0, confirmedFlagged: 0 }
    expect(boundStratifiedAudit(none)).toEqual({ rate: 0, lower: 0, upper: 1 })
  })

  it('orders the bounds around the rate within [0, 1]', () => {
    const strata = fc.tuple(fc.nat(3000), shares, shares).map(([size, auditedShare, foundShare]) => {
      const audited = Math.round(size * auditedShare)
      return { size, audited, found: Math.round(audited * foundShare) }
    })
    fc.assert(
      fc.property(strata, strata, alphas, (flags, others, alpha) => {
        const { rate, lower, upper } = boundStratifiedAudit({
          flagged: flags.size,
          unflagged: others.size,
          auditedFlagged: flags.audited,
          confirmedFlagged: flags.found,
          auditedUnflagged: others.audited,
          foundUnflagged: others.found,
          alpha,
        })
        expect(lower).toBeGreaterThanOrEqual(0)
        expect(lower).toBeLessThanOrEqual(rate)
        expect(upper).toBeGreaterThanOrEqual(rate)
        expect(upper).toBeLessThanOrEqual(1)
      }),
    )
  })

  it.each([{ auditedFlagged: 101 }, { confirmedFlagged: 11 }, { foundUnflagged: 1 }, { alpha: 0.7 }])(
    'refuses %p',
    (part) => {
      expect(() => boundStratifiedAudit({ ...audit, ...part })).toThrow(RangeError)
    },
  )
})
