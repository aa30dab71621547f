import type { CategoryEstimate } from '../estimate/estimate.ts'
import type { Prediction } from '../registration/schema.ts'
import type { CategoryVerdict, Decision } from '../verdict/schema.ts'
import { type ArmCell, chooseArmUnit, describeArm } from './arm-cell.ts'
import { type DecidedCategory, isByPoints } from './decided-category.ts'
import {
  chooseUnit,
  countThings,
  formatDifference,
  formatDifferences,
  formatExact,
  formatInterval,
  formatLimit,
  formatMargin,
  formatP,
  formatRatio,
} from './format.ts'
import { sayMissing } from './missing.ts'
import { phraseReason } from './reason.ts'
import type { Text } from './text.ts'

/** Where a plot draws one arm; events per 100,000 turns. */
export interface PlottedArm {
  ratePer100k: number | null
  lowerPer100k: number
  upperPer100k: number
}

/** Candidate minus baseline. */
export interface DifferenceCell {
  size: string
  bounds: string
  p: string
  /** As one writes it; `null` without one. */
  margin: string | null
  /** Of "not within the margin". */
  pWithin: string | null
}

/** One category of the table. */
export interface CategoryRow {
  id: string
  role: 'block' | 'watch'
  verdict: Decision
  /** Of a FAIL: whether it rests on flags that nobody has read. */
  audit: CategoryVerdict['audit']
  /** The reason as a phrase: "worse than the baseline". */
  reason: string
  /** A judge labels it, and nobody knows how often it errs. */
  uncalibrated: boolean
  weighted: boolean
  /** `null` when nothing was registered. */
  predicted: { rate: string; interval: string } | null
  /** The candidate's rate lies outside the registered interval. */
  outside: boolean
  baseline: ArmCell
  candidate: ArmCell
  /** `null` without graded pairs. */
  difference: DifferenceCell | null
  /** `2.4 times (1.1 to 5.2)`; `null` without graded pairs or without any event. */
  ratio: string | null
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

/** Marks the rows whose judge nobody has calibrated; a sentence below the table says so. */
export const uncalibratedMark = '†'

/** Puts one category's row together. */
export function buildCategoryRow(decided: DecidedCategory): CategoryRow {
  const { record, estimate, verdict } = decided
  const { predictions } = record.plan.registration
  const prediction = predictions.find((entry) => entry.category === verdict.id)
  const limitPer100k = verdict.limit_per_100k
  const unit = chooseArmUnit(estimate.candidate)
  return {
    id: verdict.id,
    role: verdict.role,
    verdict: verdict.verdict,
    audit: verdict.audit,
    reason: `${phraseReason(decided)}${describeLook(estimate)}`,
    uncalibrated: estimate.judge.kind === 'uncalibrated',
    weighted: estimate.method === 'weighted',
    predicted: prediction === undefined ? null : formatPrediction(prediction),
    outside: prediction !== undefined && isOutside(prediction, estimate.candidate.ratePer100k),
    baseline: describeArm({ arm: 'baseline', estimate, withLower: false }),
    candidate: describeArm({
      arm: 'candidate',
      estimate,
      withLower:
        !isByPoints(record) && estimate.limit !== null && estimate.limit.pAbove < estimate.levels.alpha,
    }),
    difference: describeDifference(estimate),
    ratio: estimate.ratio === null ? null : formatRatio(estimate.ratio),
    limit:
      limitPer100k === null
        ? null
        : { written: formatLimit(limitPer100k), beside: formatExact(unit, limitPer100k) },
    missing: sayMissing(decided),
    plot: {
      baseline: estimate.baseline,
      candidate: estimate.candidate,
      limitPer100k,
      predictedPer100k: prediction?.intervalPer100k ?? null,
    },
  }
}

/** `FAIL, audit pending`; `watched, FAIL` where it doesn't count. */
export function describeDecision({ verdict, role, audit }: CategoryRow): string {
  const word = `${verdict.toUpperCase()}${audit === 'pending' ? ', audit pending' : ''}`
  return role === 'block' ? word : `watched, ${word}`
}

function describeLook({ early }: CategoryEstimate): string {
  return early === null ? '' : `, decided after ${countThings(early.turns, 'turn', 'turns')}`
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

function describeDifference({
  candidate,
  difference,
  regression,
  margin,
}: CategoryEstimate): DifferenceCell | null {
  if (difference === null) return null
  const unit = chooseArmUnit(candidate)
  const { per100k, lowerPer100k, upperPer100k } = difference
  return {
    size: formatDifference(unit, per100k),
    bounds:
      lowerPer100k === null || upperPer100k === null
        ? 'no bounds: under ten conversations differ'
        : formatDifferences(unit, [lowerPer100k, upperPer100k]),
    p: formatP(regression.pFail),
    margin: margin === null ? null : formatMargin(margin.marginPer100k, unit),
    pWithin: margin === null ? null : formatP(margin.pWithin),
  }
}
