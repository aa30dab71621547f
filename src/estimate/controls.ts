import type { KnownOutcome } from '../grade/trail.ts'
import { findCalibration, type Plan, type PlannedCategory } from '../plan/plan.ts'
import { binomialCdf, binomialUpperTail } from './distributions.ts'
import { measureTails } from './finite-corpus.ts'
import type { Calibration } from './judged-rate.ts'
import { roundBound } from './rounding.ts'

/** What graders without a calibration are taken to find at least, and to flag wrongly at most. */
export const assumedSensitivity = 0.95
export const assumedFalsePositiveRate = 0.05
/** The chance that the controls of a run fail although nothing has changed, over all its categories. */
export const controlAlpha = 0.01

/** What the graders made of one kind of known items. */
export interface ControlTally {
  /** How many the plan has. */
  planned: number
  /** How many of them were flagged. */
  flagged: number
  /** How likely so few, or so many, flags are from graders that are what they were. */
  p: number
  failed: boolean
  /** The items that were labelled otherwise than they are, or not at all. */
  wrong: string[]
}

/** The controls of one category. */
export interface ControlEstimate {
  positives: ControlTally
  negatives: ControlTally
  failed: boolean
}

/**
 * Compares what the graders made of a category's known items with what they are taken to do. Positives: fewer are
 * flagged than a sensitivity of .95 leaves likely; negatives: more than a false-positive rate of .05 does (exact
 * binomial tails). Where a calibration has found worse, or has tried negatives, the controls are compared with it
 * instead (Fisher's exact test, one-sided). Each test has `controlAlpha` divided by the number of tests that the plan's
 * controls make. An item without a label is no flag. `null` where the plan has no controls of the category. `plan` is
 * the settled one.
 */
export function estimateControls(request: {
  plan: Plan
  category: PlannedCategory
  known: readonly KnownOutcome[]
}): ControlEstimate | null {
  const { plan, category, known } = request
  const categories = plan.controls?.categories ?? {}
  const planned = Object.hasOwn(categories, category.id) ? categories[category.id] : undefined
  if (planned === undefined) return null
  const tests = Object.values(categories).flatMap(({ positives, negatives }) =>
    [positives, negatives].filter((count) => count > 0),
  ).length
  const own = known.filter((entry) => entry.purpose === 'control' && entry.category === category.id)
  const calibration = findCalibration(plan, category)
  const alpha = controlAlpha / Math.max(1, tests)
  const tally = (expected: KnownOutcome['expected'], count: number, test: Test): ControlTally => {
    const kind = own.filter((entry) => entry.expected === expected)
    const flagged = kind.filter(({ label }) => label.kind === 'present').length
    const p = count === 0 ? 1 : roundBound(test({ flagged, planned: count, calibration }))
    return {
      planned: count,
      flagged,
      p,
      failed: p < alpha,
      wrong: kind.filter(({ label }) => label.kind !== expected).map(({ item }) => item),
    }
  }
  const positives = tally('present', planned.positives, testFewFound)
  const negatives = tally('absent', planned.negatives, testManyFlagged)
  return { positives, negatives, failed: positives.failed || negatives.failed }
}

type Test = (tried: { flagged: number; planned: number; calibration: Calibration | null }) => number

const testFewFound: Test = ({ flagged, planned, calibration }) => {
  const isWorse =
    calibration !== null &&
    calibration.positives > 0 &&
    calibration.truePositives / calibration.positives < assumedSensitivity
  if (!isWorse) return binomialCdf({ events: flagged, trials: planned, rate: assumedSensitivity })
  const { truePositives, positives } = calibration
  return measureTails(flagged, {
    present: flagged + truePositives,
    drawn: planned,
    corpus: planned + positives,
  }).lower
}

const testManyFlagged: Test = ({ flagged, planned, calibration }) => {
  if (flagged === 0) return 1
  if (calibration === null || calibration.negatives === 0)
    return binomialUpperTail({ events: flagged, trials: planned, rate: assumedFalsePositiveRate })
  const { falsePositives, negatives } = calibration
  return measureTails(flagged, {
    present: flagged + falsePositives,
    drawn: planned,
    corpus: planned + negatives,
  }).upper
}
