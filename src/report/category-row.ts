import type { ArmEstimate, CategoryEstimate } from '../estimate/estimate.ts'
import type { Plan } from '../plan/plan.ts'
import type { Prediction } from '../registration/schema.ts'
import type { CategoryVerdict, Decision } from '../verdict/schema.ts'
import {
  chooseUnit,
  formatBound,
  formatDifference,
  formatDifferences,
  formatExact,
  formatIn,
  formatInterval,
  formatLimit,
  formatP,
  type Unit,
} from './format.ts'
import { sayMissing } from './missing.ts'
import { formatCount, type Text } from './text.ts'

/** What one arm's cell says: `12 of 4,975 = 0.24 %` with `0.39 %` as its upper bound. */
export interface ArmCell {
  counts: string
  /** Shown only where it lies above the limit. */
  lower: string | null
  /** `null` when no turn was graded. */
  upper: string | null
}

/** Where a plot draws one arm; events per 100,000 turns. */
export interface PlottedArm {
  ratePer100k: number | null
  lowerPer100k: number
  upperPer100k: number
}

/** One category of the table. */
export interface CategoryRow {
  id: string
  role: 'block' | 'watch'
  verdict: Decision
  /** The reason as a phrase: "worse than the baseline". */
  reason: string
  /** `null` when nothing was registered. */
  predicted: { rate: string; interval: string } | null
  /** The candidate's rate lies outside the registered interval. */
  outside: boolean
  baseline: ArmCell
  candidate: ArmCell
  /** `null` without graded pairs. */
  difference: { size: string; bounds: string; p: string } | null
  /** As one writes it, and in the unit of the candidate's rate beside it. */
  limit: { written: string; beside: string } | null
  missing: Text | null
  plot: {
    baseline: PlottedArm
    candidate: PlottedArm
    limitPer100k: number | null
    predictedPer100k: readonly [number, number] | null
  }
}

/** Puts one category's row together. */
export function buildCategoryRow(request: {
  plan: Plan
  estimate: CategoryEstimate
  verdict: CategoryVerdict
}): CategoryRow {
  const { plan, estimate, verdict } = request
  const prediction = plan.registration.predictions.find((entry) => entry.category === verdict.id)
  const limitPer100k = verdict.limit_per_100k
  const unit = chooseArmUnit(estimate.candidate)
  return {
    id: verdict.id,
    role: verdict.role,
    verdict: verdict.verdict,
    reason: phraseReason({ plan, estimate, verdict }),
    predicted: prediction === undefined ? null : formatPrediction(prediction),
    outside: prediction !== undefined && isOutside(prediction, estimate.candidate.ratePer100k),
    baseline: describeArm({ arm: estimate.baseline, estimate, limitPer100k: null }),
    candidate: describeArm({
      arm: estimate.candidate,
      estimate,
      limitPer100k,
      withLower: estimate.limit !== null && estimate.limit.pAbove < plan.policy.gate.alpha,
    }),
    difference: describeDifference(estimate),
    limit:
      limitPer100k === null
        ? null
        : { written: formatLimit(limitPer100k), beside: formatExact(unit, limitPer100k) },
    missing: sayMissing(estimate, verdict),
    plot: {
      baseline: estimate.baseline,
      candidate: estimate.candidate,
      limitPer100k,
      predictedPer100k: prediction?.intervalPer100k ?? null,
    },
  }
}

/** `at least 6.7 %, at most 12 %`, or what of it is shown. */
export function joinBounds({ lower, upper }: ArmCell): string {
  const parts = [lower === null ? null : `at least ${lower}`, upper === null ? null : `at most ${upper}`]
  return parts.filter((part) => part !== null).join(', ')
}

/** `FAIL`, or `watched, FAIL` where it doesn't count. */
export function describeDecision({ verdict, role }: CategoryRow): string {
  return role === 'block' ? verdict.toUpperCase() : `watched, ${verdict.toUpperCase()}`
}

/** The reason of a category's verdict in words. */
export function phraseReason(request: {
  plan: Plan
  estimate: CategoryEstimate
  verdict: CategoryVerdict
}): string {
  switch (request.verdict.reason) {
    case 'not-worse':
      return 'not worse than the baseline'
    case 'within-limit':
      return 'within its limit, not worse'
    case 'worse-than-baseline':
      return 'worse than the baseline'
    case 'over-limit':
      return 'over its limit'
    case 'underpowered':
      return 'too few turns to tell'
    case 'suspect':
      return `${suspectOf(request.plan, request.estimate)} by its own test, not by the one over all categories`
    case 'measurement':
      return 'what is missing could change it'
    case 'judge':
      return 'an arm has no label at all'
    case 'not-asked':
      return 'not every turn was asked'
  }
}

function suspectOf(plan: Plan, estimate: CategoryEstimate): string {
  const worse = estimate.regression.pFail <= plan.policy.gate.regressionAlpha
  return worse ? 'worse than the baseline' : 'over its limit'
}

function formatPrediction({
  ratePer100k,
  intervalPer100k: [low, high],
}: Prediction): CategoryRow['predicted'] {
  const unit = chooseUnit(ratePer100k, high)
  return { rate: formatExact(unit, ratePer100k), interval: formatInterval(unit, [low, high]) }
}

function isOutside({ intervalPer100k: [low, high] }: Prediction, ratePer100k: number | null): boolean {
  return ratePer100k !== null && (ratePer100k < low || ratePer100k > high)
}

function describeArm(request: {
  arm: ArmEstimate
  estimate: CategoryEstimate
  limitPer100k: number | null
  withLower?: boolean
}): ArmCell {
  const { arm, estimate, limitPer100k, withLower = false } = request
  const { ratePer100k, lowerPer100k, upperPer100k } = arm
  if (ratePer100k === null) {
    return { counts: `0 of ${formatCount(arm.planned)} graded`, lower: null, upper: null }
  }
  // With unequal weights the rate is not the ratio of the counts, so it does not follow an equals sign.
  const equals = estimate.method === 'exact' ? ' =' : ', weighted'
  const unit = chooseArmUnit(arm)
  return {
    counts: `${formatCount(arm.events)} of ${formatCount(arm.graded)}${equals} ${formatIn(unit, ratePer100k)}`,
    lower: withLower ? formatBound(unit, lowerPer100k, limitPer100k) : null,
    upper: formatBound(unit, upperPer100k, limitPer100k),
  }
}

/** The unit of everything that is said of one arm. */
export function chooseArmUnit({ ratePer100k, upperPer100k }: ArmEstimate): Unit {
  return chooseUnit(ratePer100k ?? 0, upperPer100k)
}

function describeDifference({
  candidate,
  difference,
  regression,
}: CategoryEstimate): CategoryRow['difference'] {
  if (difference === null) return null
  const unit = chooseArmUnit(candidate)
  const { per100k, lowerPer100k, upperPer100k } = difference
  return {
    size: formatDifference(unit, per100k),
    bounds: formatDifferences(unit, [lowerPer100k, upperPer100k]),
    p: formatP(regression.pFail),
  }
}
