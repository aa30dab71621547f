import { boundKornGraubard, type ClusterSummary } from './clustered-bounds.ts'
import { describeLower, describeUpper, type Marginal } from './marginal.ts'
import { findBound, guessBound, type JudgedRate, meldRate, type Side } from './melding.ts'
import { requireAlpha, requireCount } from './preconditions.ts'

/** Labelled examples through the very graders that measure: tp of `positives` flagged, fp of `negatives` flagged. */
export interface Calibration {
  truePositives: number
  positives: number
  falsePositives: number
  negatives: number
}

/**
 * What was measured: flags among equally weighted independent turns (real numbers where an effective size stands for
 * the turns), or a weighted or clustered sample.
 */
export type Measured =
  | { kind: 'counts'; events: number; trials: number }
  | { kind: 'clusters'; summary: ClusterSummary }

/** A measured rate, the judge's errors, and the one-sided error rate of each bound. */
export interface Correction {
  measured: Measured
  calibration: Calibration
  alpha: number
}

/** The gamma bounds hold for rare events, as in `boundSummary`. */
export const commonRate = 0.1

export const certain: Marginal = { kind: 'point', value: 1 }
export const never: Marginal = { kind: 'point', value: 0 }

/** The melded bound of one marginal of the rate. */
export function boundJudged(judged: JudgedRate & { alpha: number }): number {
  return findBound({ ...judged, melding: meldRate(judged), guess: guessBound(judged) })
}

/** A lower bound takes both of the judge's rates as high as they may be, an upper bound as low. */
export function describeErrors(
  calibration: Calibration,
  side: Side,
): { sensitivity: Marginal; falsePositive: Marginal } {
  const describe = side === 'lower' ? describeUpper : describeLower
  return {
    sensitivity: describe({ events: calibration.truePositives, trials: calibration.positives }),
    falsePositive: describe({ events: calibration.falsePositives, trials: calibration.negatives }),
  }
}

/** The marginals whose bounds `boundSummary` takes, the widest of them. */
export function describeRates({ measured, alpha, side }: Correction & { side: Side }): Marginal[] {
  if (measured.kind === 'counts')
    return [side === 'lower' ? describeLower(measured) : describeUpper(measured)]
  const { summary } = measured
  const common = describeKornGraubard({ summary, alpha, side })
  if (summary.rate >= commonRate) return [common]
  const rare = describeGamma(summary, side)
  return side === 'lower' ? [common, rare] : [rare]
}

export function describeKornGraubard(sample: {
  summary: ClusterSummary
  alpha: number
  side: Side
}): Marginal {
  const { effectiveSize: trials } = boundKornGraubard(sample)
  const tally = { events: Math.min(trials, sample.summary.rate * trials), trials }
  return sample.side === 'lower' ? describeLower(tally) : describeUpper(tally)
}

/** The gamma distributions whose quantiles are the bounds of `boundGamma`. */
export function describeGamma(summary: ClusterSummary, side: Side): Marginal {
  const { rate, sumSquaredTotals, effectiveClusters } = summary
  if (effectiveClusters === 0) return side === 'lower' ? never : certain
  const own = rate === 0 || sumSquaredTotals === 0 ? 0 : sumSquaredTotals / rate
  if (side === 'lower') {
    return own === 0 ? never : { kind: 'gamma', shape: Math.max(1, rate / own), scale: own }
  }
  const next = Math.max(own, 1 / effectiveClusters)
  const scale = (sumSquaredTotals + next * next) / (rate + next)
  return { kind: 'gamma', shape: Math.max(1, (rate + next) / scale), scale }
}

export function requireCorrection({ measured, calibration, alpha }: Correction): void {
  requireAlpha(alpha)
  requireMeasured(measured)
  requireCalibration(calibration)
}

export function requireMeasured(measured: Measured): void {
  if (measured.kind !== 'counts') return
  const { events, trials } = measured
  if (!(events >= 0 && events <= trials && trials < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`events must lie between 0 and trials, got ${events} of ${trials}`)
  }
}

export function requireCalibration(calibration: Calibration): void {
  const { truePositives, positives, falsePositives, negatives } = calibration
  requireCount('true positives', truePositives)
  requireCount('positives', positives)
  requireCount('false positives', falsePositives)
  requireCount('negatives', negatives)
  if (truePositives > positives || falsePositives > negatives) {
    throw new RangeError(`flagged ${truePositives} of ${positives}, ${falsePositives} of ${negatives}`)
  }
}
