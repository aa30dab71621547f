import { gammaQuantile } from './distributions.ts'
import { certain } from './judged-rate.ts'
import { computeMean, computeQuantile, describeLower, describeUpper, type Marginal } from './marginal.ts'
import { findBound, meldProduct, type Side } from './melding.ts'
import { requireAlpha, requireCount, requireProportion } from './preconditions.ts'
import type { Bounds } from './proportion-bounds.ts'

/** Flagged turns of which a random part, or all, were audited by someone who doesn't err. */
export interface FlagAudit {
  flagged: number
  turns: number
  /** `audited = flagged`: all of them, so that the confirmed count is exact. */
  audited: number
  /** Of the audited: true events. */
  confirmed: number
}

/** Random audits of the flagged and of the unflagged turns. */
export interface StratifiedAudit {
  flagged: number
  unflagged: number
  auditedFlagged: number
  /** Of those: true events. */
  confirmedFlagged: number
  auditedUnflagged: number
  /** Of those: true events. */
  foundUnflagged: number
}

/**
 * The true rate from an audit of the flags, flagged/turns·confirmed/audited/Se, with bounds melded from those of the
 * three parts, each one-sided at `alpha`. `calibration` is of the judge's sensitivity; `null` takes it as 1, and
 * the rate is then that of the events which the judge sees. No positives: the upper bound is 1, and so it is with
 * none of them flagged. No audit: the lower bound is 0, and the rate and the upper bound take the flags as they
 * are. Where an audit of other flags of the same judge stands in, `audited` may exceed `flagged`. Throws a RangeError
 * for counts that don't fit and unless alpha lies in [1e-15, ½].
 */
export function boundTwoPhase(
  audit: FlagAudit & { calibration: { truePositives: number; positives: number } | null; alpha: number },
): Bounds & { rate: number } {
  const { calibration, alpha } = audit
  requireAlpha(alpha)
  requireAudit(audit)
  if (calibration !== null) requirePart('true positives', calibration.truePositives, calibration.positives)
  const bound = (side: Side) => {
    const parts = describeAudit(audit, side)
    const sensitivity = describeSensitivity(calibration, side)
    const melding = meldProduct({ ...parts, sensitivity, side })
    const own = computeQuantile(parts.rate, side === 'lower' ? alpha : 1 - alpha)
    const guess = (own * computeMean(parts.precision)) / computeMean(sensitivity)
    return findBound({ melding, side, alpha, guess })
  }
  return { rate: estimateTwoPhase(audit), lower: bound('lower'), upper: bound('upper') }
}

/**
 * The p value of "the true rate is at most the limit": the smallest alpha at which the lower bound of `boundTwoPhase`
 * without a calibration is above the limit (a sensitivity would only raise the bound). Throws a RangeError for
 * counts that don't fit and unless the limit lies in [0, 1].
 */
export function testAboveTwoPhase(test: FlagAudit & { limit: number }): number {
  requireProportion('limit', test.limit)
  requireAudit(test)
  return meldProduct({ ...describeAudit(test, 'lower'), sensitivity: certain, side: 'lower' })(test.limit)
}

/**
 * The true rate from random audits of flagged and unflagged turns, with Fay & Feuer's gamma bounds (1997, Statistics
 * in Medicine 16:791), each one-sided at `alpha`; one event in the largest weight is what the upper bound adds, so
 * that a short audit of many unflagged turns bounds little. A part without audit counts as free of events in the
 * rate and below, and makes the upper bound 1. Throws a RangeError for counts that don't fit and unless alpha
 * lies in [1e-15, ½].
 */
export function boundStratifiedAudit(audit: StratifiedAudit & { alpha: number }): Bounds & { rate: number } {
  const { alpha } = audit
  requireAlpha(alpha)
  requireStratified(audit)
  const turns = audit.flagged + audit.unflagged
  const strata = [
    { size: audit.flagged, audited: audit.auditedFlagged, events: audit.confirmedFlagged },
    { size: audit.unflagged, audited: audit.auditedUnflagged, events: audit.foundUnflagged },
  ]
    .filter(({ size }) => size > 0)
    .map(({ size, audited, events }) => ({ events, weight: audited === 0 ? 0 : size / turns / audited }))
  const rate = strata.reduce((sum, { events, weight }) => sum + events * weight, 0)
  const variance = strata.reduce((sum, { events, weight }) => sum + events * weight * weight, 0)
  const next = Math.max(0, ...strata.map(({ weight }) => weight))
  const isBlind = turns === 0 || strata.some(({ weight }) => weight === 0)
  const quantile = (probability: number, mean: number, square: number) =>
    (square / mean) * gammaQuantile({ probability, shape: (mean * mean) / square })
  return {
    rate: Math.min(1, rate),
    lower: rate === 0 ? 0 : quantile(alpha, rate, variance),
    upper: isBlind ? 1 : Math.min(1, quantile(1 - alpha, rate + next, variance + next * next)),
  }
}

function estimateTwoPhase(audit: Parameters<typeof boundTwoPhase>[0]): number {
  const { flagged, turns, audited, confirmed, calibration } = audit
  if (turns === 0) return 0
  const seen = (flagged / turns) * (audited === 0 ? 1 : confirmed / audited)
  if (seen === 0 || calibration === null || calibration.positives === 0) return seen
  return Math.min(1, seen / (calibration.truePositives / calibration.positives))
}

function describeAudit(audit: FlagAudit, side: Side): { rate: Marginal; precision: Marginal } {
  const { flagged, turns, audited, confirmed } = audit
  const describe = side === 'lower' ? describeLower : describeUpper
  if (audited === flagged) {
    return { rate: describe({ events: confirmed, trials: turns }), precision: certain }
  }
  return {
    rate: describe({ events: flagged, trials: turns }),
    precision: describe({ events: confirmed, trials: audited }),
  }
}

function describeSensitivity(
  calibration: { truePositives: number; positives: number } | null,
  side: Side,
): Marginal {
  if (calibration === null) return certain
  const tally = { events: calibration.truePositives, trials: calibration.positives }
  return side === 'lower' ? describeUpper(tally) : describeLower(tally)
}

function requirePart(name: string, part: number, whole: number): void {
  requireCount(name, part)
  requireCount(`${name}: whole`, whole)
  if (part > whole) throw new RangeError(`${name}: ${part} of ${whole}`)
}

function requireAudit({ flagged, turns, audited, confirmed }: FlagAudit): void {
  requirePart('flagged', flagged, turns)
  requirePart('confirmed', confirmed, audited)
}

function requireStratified(audit: StratifiedAudit): void {
  requirePart('audited of the flagged', audit.auditedFlagged, audit.flagged)
  requirePart('confirmed of the audited', audit.confirmedFlagged, audit.auditedFlagged)
  requirePart('audited of the unflagged', audit.auditedUnflagged, audit.unflagged)
  requirePart('found of the audited', audit.foundUnflagged, audit.auditedUnflagged)
}
