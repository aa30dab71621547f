import type { CategoryEstimate } from '../estimate/estimate.ts'
import { boundCalibration } from '../estimate/judge-error.ts'
import { countTests } from '../estimate/looks.ts'
import { planPairsWithinMargin } from '../estimate/margin-test.ts'
import { planTurnsToFail } from '../estimate/planning.ts'
import { boundProportion } from '../estimate/proportion-bounds.ts'
import type { ForecastSetting } from '../forecast/forecast-setting.ts'
import { findTurnsToPass } from '../forecast/turns-to-pass.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { DecidedCategory } from './decided-category.ts'

/** The chance with which the turns asked for would decide. */
export const plannedPower = 0.8

const smallestAlpha = 1e-15
const mostPairs = 20_000_000
/** Of α, what each of the two bounds of a calibration takes in a margin's test. */
const calibrationShare = 0.1

/**
 * How many turns beside those drawn would decide a category's limit with a chance of .8 if the rate stays what
 * was observed; `null` when no sample of up to 20 million turns would. A FAIL is planned at the first level of
 * Holm's procedure, α over the number of tests, as if this category had to fail alone.
 */
export function planMoreTurns({ record, category, estimate }: DecidedCategory): number | null {
  const { candidate, limit, levels } = estimate
  if (limit === null || candidate.ratePer100k === null) return null
  const rate = candidate.ratePer100k / 100_000
  const graded =
    findTurnsToPass({
      setting: describeSetting(record, estimate),
      goal: { category, rate },
      power: plannedPower,
    }) ?? planFail({ estimate, rate, alpha: levels.alpha / Math.max(1, countTests(record.plan)) })
  if (graded === null) return null
  const drawnPerGraded = candidate.planned / candidate.graded
  const needed = Math.ceil(graded * estimateDesignEffect(estimate) * drawnPerGraded)
  return Math.max(1, needed - candidate.planned)
}

/** Turns that fail it: the limit is what a judge whose false alarms are allowed for can be told from. */
function planFail(question: { estimate: CategoryEstimate; rate: number; alpha: number }): number | null {
  const { estimate, rate, alpha } = question
  const { judge, limit } = estimate
  const per100k = judge.kind === 'calibrated' ? judge.floorPer100k : limit?.limitPer100k
  const exceeded = (per100k ?? 0) / 100_000
  if (exceeded <= 0 || exceeded >= 1) return null
  const plan = { limit: exceeded, rate, power: plannedPower, alpha: Math.max(smallestAlpha, alpha) }
  return planTurnsToFail(plan)?.fewestTurns ?? null
}

// Weights are allowed for by the design effect of what was observed, so that the turns themselves aren't needed.
function describeSetting(record: RecordSummary, { levels }: CategoryEstimate): ForecastSetting {
  const { plan, run, earlyStoppingOff } = record
  return { plan, tier: run.tier, draw: [], method: 'exact', stopping: { levels, off: earlyStoppingOff } }
}

/**
 * How many turns of a weighted sample say as much as one of a sample with equal weights: the ratio of the
 * distances from rate to upper bound, squared (a bound's distance goes with 1/√n; without events with 1/n).
 */
function estimateDesignEffect({ method, candidate, limit, levels }: CategoryEstimate): number {
  if (method === 'exact' || limit === null || candidate.ratePer100k === null) return 1
  const rate = candidate.ratePer100k / 100_000
  const { upper: equal } = boundProportion({
    events: rate * candidate.graded,
    trials: candidate.graded,
    alpha: levels.alpha,
  })
  if (equal <= rate) return 1
  const ratio = (limit.upperAsLabelledPer100k / 100_000 - rate) / (equal - rate)
  return Math.max(1, candidate.events === 0 ? ratio : ratio * ratio)
}

/**
 * How many turns an unchanged candidate would take to pass a category's margin with a chance of .8, if as many turns
 * differ as were observed; `null` when no sample of up to 20 million does. A calibrated judge shows of a difference
 * sensitivity less false alarms, each within its bound: the margin shrinks by that, as in `estimateMargin`.
 */
export function planTurnsWithinMargin({ record, estimate }: DecidedCategory): number | null {
  const { margin, regression, levels, candidate, method, counts: calibration } = estimate
  if (margin === null || regression.pairs === 0) return null
  const share = calibration === null ? 0 : calibrationShare
  const { sensitivityLower, falsePositiveUpper } =
    calibration === null
      ? { sensitivityLower: 1, falsePositiveUpper: 0 }
      : boundCalibration({ calibration, alpha: levels.alpha * share })
  const shown = (margin.marginPer100k / 100_000) * (sensitivityLower - falsePositiveUpper)
  if (shown <= 0 || shown >= 1) return null
  const { candidateOnly, baselineOnly } = regression.observed
  const pairs = planPairsWithinMargin({
    margin: shown,
    discordant: (candidateOnly + baselineOnly) / regression.pairs,
    power: plannedPower,
    alpha: levels.alpha * (1 - 2 * share),
    maxPairs: mostPairs,
  })
  if (pairs === null) return null
  const designEffect = method === 'exact' ? 1 : Math.max(1, record.sample.designEffect)
  return Math.ceil((pairs * designEffect * candidate.planned) / regression.pairs)
}
