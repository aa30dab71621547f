import { findCrossing } from './crossing.ts'
import {
  boundJudged,
  type Calibration,
  type Correction,
  certain,
  commonRate,
  describeErrors,
  describeGamma,
  describeKornGraubard,
  describeRates,
  type Measured,
  never,
  requireCalibration,
  requireCorrection,
  requireMeasured,
} from './judged-rate.ts'
import { computeQuantile, describeLower, type Marginal } from './marginal.ts'
import { meldRate } from './melding.ts'
import { requireProportion } from './preconditions.ts'
import { type Bounds, boundProportion } from './proportion-bounds.ts'

export type { Calibration, Correction, Measured } from './judged-rate.ts'

/** The range of the p value of a weighted or clustered sample, as in `testAboveLimitClustered`. */
const smallestAlpha = 1e-12
const largestAlpha = 0.5

/**
 * The default bounds of the true rate, with which the judge's misses can't cause a false pass nor its false alarms
 * a false fail, as far as the calibration resembles what is measured: the upper bound is that of rate/Se, as if no
 * flag were a false alarm; the lower that of (rate − F)/(1 − F), as if nothing were missed. Melded (`meldRate`) from
 * the bounds of `boundProportion`, or of `boundSummary` for clusters, and never inside those.
 *
 * Without positives, or with none of them flagged, the upper bound is 1; without negatives, or with all of them
 * flagged, the lower is 0. The probability behind a bound is within 1e-3 of α for α from 1e-5 on (against a composite
 * rule of 1,400 nodes, for rates under ½). Throws a RangeError for counts that don't fit and unless alpha lies
 * in [1e-15, ½].
 */
export function boundSafe(correction: Correction): Bounds {
  requireCorrection(correction)
  const { calibration, alpha } = correction
  const lower = describeRates({ ...correction, side: 'lower' }).map((rate) => {
    const { falsePositive } = describeErrors(calibration, 'lower')
    const own = computeQuantile(rate, alpha)
    return Math.min(own, boundJudged({ rate, sensitivity: certain, falsePositive, side: 'lower', alpha }))
  })
  const upper = describeRates({ ...correction, side: 'upper' }).map((rate) => {
    const { sensitivity } = describeErrors(calibration, 'upper')
    const own = Math.min(1, computeQuantile(rate, 1 - alpha))
    return Math.max(own, boundJudged({ rate, sensitivity, falsePositive: never, side: 'upper', alpha }))
  })
  return { lower: Math.min(...lower), upper: Math.max(...upper) }
}

/**
 * The p value of "the true rate is at most the limit": the smallest alpha at which the lower bound of `boundSafe` is
 * above the limit. For counts P((rate − F)/(1 − F) ≤ limit), in closed form but for the integral. For clusters in
 * [1e-12, ½], and 1 when no alpha up to ½ does it. Throws a RangeError for counts that don't fit and unless
 * the limit lies in [0, 1].
 */
export function testAboveSafe(test: AboveTest): number {
  return testAbove(test, { ...describeErrors(test.calibration, 'lower'), sensitivity: certain })
}

/** The same of `boundMelded`, with what may have been missed as well. */
export function testAboveMelded(test: AboveTest): number {
  return testAbove(test, describeErrors(test.calibration, 'lower'))
}

interface AboveTest {
  measured: Measured
  calibration: Calibration
  limit: number
}

function testAbove(test: AboveTest, judge: { sensitivity: Marginal; falsePositive: Marginal }): number {
  const { measured, calibration, limit } = test
  requireProportion('limit', limit)
  requireMeasured(measured)
  requireCalibration(calibration)
  const weigh = (rate: Marginal) => meldRate({ rate, ...judge, side: 'lower' })(limit)
  if (measured.kind === 'counts') return weigh(describeLower(measured))
  const { summary } = measured
  const common = findSmallestAlpha((alpha) => weigh(describeKornGraubard({ summary, alpha, side: 'lower' })))
  if (summary.rate >= commonRate) return common
  const rare = weigh(describeGamma(summary, 'lower'))
  return rare > largestAlpha ? 1 : Math.max(common, rare)
}

/** The alpha from which on a p value that depends on alpha itself lies under it. */
function findSmallestAlpha(weigh: (alpha: number) => number): number {
  const excess = (logAlpha: number) =>
    logAlpha - Math.log(Math.max(Number.MIN_VALUE, weigh(Math.exp(logAlpha))))
  const below = Math.log(smallestAlpha)
  const above = Math.log(largestAlpha)
  if (!(excess(above) > 0)) return 1
  if (excess(below) > 0) return smallestAlpha
  return Math.min(
    largestAlpha,
    Math.exp(findCrossing({ below, above, evaluate: excess, tolerance: 1e-12 }).above),
  )
}

/**
 * The true rate behind a measured one, (rate − FPR)/(Se − FPR) (Rogan & Gladen 1978, American Journal of Epidemiology
 * 107:71), within [0, 1]; `belowFloor` where the false alarms alone explain more than was measured. Unusable when
 * the judge flags negatives at least as often as positives. An error that was not calibrated counts as none: no
 * positives as Se = 1, no negatives as FPR = 0. Throws a RangeError for counts that don't fit and unless the
 * rate lies in [0, 1].
 */
export function estimateTrueRate(measured: {
  rate: number
  calibration: Calibration
}): { kind: 'estimate'; rate: number; belowFloor: boolean } | { kind: 'unusable' } {
  const { rate, calibration } = measured
  requireProportion('rate', rate)
  requireCalibration(calibration)
  const { truePositives, positives, falsePositives, negatives } = calibration
  const sensitivity = positives === 0 ? 1 : truePositives / positives
  const alarms = negatives === 0 ? 0 : falsePositives / negatives
  if (sensitivity <= alarms) return { kind: 'unusable' }
  const corrected = (rate - alarms) / (sensitivity - alarms)
  return { kind: 'estimate', rate: Math.min(1, Math.max(0, corrected)), belowFloor: rate < alarms }
}

/** The bounds of Clopper & Pearson for what was calibrated, each one-sided at `alpha`. */
export function boundCalibration({ calibration, alpha }: { calibration: Calibration; alpha: number }): {
  sensitivityLower: number
  sensitivityUpper: number
  falsePositiveLower: number
  falsePositiveUpper: number
} {
  requireCalibration(calibration)
  const { truePositives, positives, falsePositives, negatives } = calibration
  const sensitivity = boundProportion({ events: truePositives, trials: positives, alpha })
  const falsePositive = boundProportion({ events: falsePositives, trials: negatives, alpha })
  return {
    sensitivityLower: sensitivity.lower,
    sensitivityUpper: sensitivity.upper,
    falsePositiveLower: falsePositive.lower,
    falsePositiveUpper: falsePositive.upper,
  }
}

/**
 * The smallest rate of flags that can be told from the judge's errors: what a true rate at the limit shows with
 * nothing missed and as many false alarms as the calibration allows, limit + (1 − limit)·F.
 */
export function computeJudgeFloor(floor: { limit: number; calibration: Calibration; alpha: number }): number {
  const { limit } = floor
  requireProportion('limit', limit)
  return Math.min(1, limit + (1 - limit) * boundCalibration(floor).falsePositiveUpper)
}
