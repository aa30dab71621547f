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

/** So many items of a kind a calibration must have tried before controls are held to what it found. */
export const fewestCalibrated = 20

/** What the graders made of one kind of known items. */
export interface ControlTally {
  /** How many the plan has. */
  planned: number
  /** How many of them were flagged. */
  flagged: number
  /** How many got no label: the judge failed on them, or was not asked. */
  unlabelled: number
  /** How likely so few, or so many, flags are from graders that are what they were. */
  p: number
  failed: boolean
  /** Whether the worst that graders could make of them would fail; too few never do. */
  canFail: boolean
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
 * Compares what the graders made of a category's known items with what they are taken to do; `null` where the plan,
 * which is the settled one, has none of the category. An item without a label is no flag.
 *
 * Positives fail where fewer are flagged than a sensitivity of .95 leaves likely (binomial tail) and, with a
 * calibration that has tried at least `fewestCalibrated` positives, than it does too (Fisher's exact test, one-sided): the larger p counts. So
 * graders that a calibration found to be worse than .95 are held to what it found, and those that it found to be
 * better by luck are not held to more than it shows.
 *
 * Negatives fail where more are flagged than the calibration's negatives leave likely (Fisher), or, where fewer than
 * `fewestCalibrated` were tried, than a false-positive rate of .05 does.
 *
 * Each part of a run that was continued is judged by its own controls, since each may have met another judge. The level of
 * each test is `controlAlpha` divided by the number of tests that the plan's controls make, in all parts (Bonferroni).
 * Fisher's test holds its level whatever the rate is that known items and calibration have in common (Lehmann & Romano
 * 2005, §4.5), the binomial one for any rate on the right side of what is assumed, and the larger of two p values
 * wherever one of them does: graders that have not changed fail in at most one run of a hundred, given that, without a
 * calibration, they are as good as assumed. That is over calibrations too: one that was lucky makes its own controls
 * fail more often, one that was not more rarely.
 */
export function estimateControls(request: {
  plan: Plan
  category: PlannedCategory
  known: readonly KnownOutcome[]
  /** The run ended before it was done, by budget or a cancel: nothing passes, and what was not asked is no fault. */
  isCutShort: boolean
}): ControlEstimate | null {
  const { plan, category, known, isCutShort } = request
  const categories = plan.controls?.categories ?? {}
  const planned = Object.hasOwn(categories, category.id) ? categories[category.id] : undefined
  if (planned === undefined) return null
  const own = known.filter((entry) => entry.purpose === 'control' && entry.category === category.id)
  const calibration = findCalibration(plan, category)
  const last = Math.max(1, ...known.filter(({ purpose }) => purpose === 'control').map(({ part }) => part))
  const parts = Array.from({ length: last }, (_, index) => index + 1)
  const alpha = controlAlpha / Math.max(1, countControlTests(plan) * parts.length)
  const tally = (expected: KnownOutcome['expected'], count: number, test: Test): ControlTally =>
    joinParts(
      parts.map((part) => {
        const kind = own.filter((entry) => entry.expected === expected && entry.part === part)
        const flagged = kind.filter(({ label }) => label.kind === 'present').length
        const cleared = kind.filter(({ label }) => label.kind === 'absent').length
        // Of a part that ended before its end, and of a run that did, only what was graded speaks.
        const isWhole = part === last && !isCutShort
        const tried = isWhole ? count : kind.length
        const p = tried === 0 ? 1 : roundBound(test({ flagged, planned: tried, calibration }))
        return {
          planned: tried,
          flagged,
          unlabelled: Math.max(0, tried - flagged - cleared),
          p,
          failed: p < alpha,
          canFail:
            count > 0 &&
            test({ flagged: expected === 'present' ? 0 : count, planned: count, calibration }) < alpha,
          wrong: kind.filter(({ label }) => label.kind !== expected).map(({ item }) => item),
        }
      }),
    )
  const positives = tally('present', planned.positives, testFewFound)
  const negatives = tally('absent', planned.negatives, testManyFlagged)
  return { positives, negatives, failed: positives.failed || negatives.failed }
}

/** The worst part decides; the counts are of all. */
function joinParts(parts: readonly ControlTally[]): ControlTally {
  const sum = (count: (tally: ControlTally) => number) =>
    parts.reduce((total, tally) => total + count(tally), 0)
  return {
    planned: sum(({ planned }) => planned),
    flagged: sum(({ flagged }) => flagged),
    unlabelled: sum(({ unlabelled }) => unlabelled),
    p: Math.min(...parts.map(({ p }) => p)),
    failed: parts.some(({ failed }) => failed),
    canFail: parts.some(({ canFail }) => canFail),
    wrong: parts.flatMap(({ wrong }) => wrong),
  }
}

/** How many tests the controls of a plan make: one for each kind of known items that a category has. */
export function countControlTests(plan: Pick<Plan, 'controls'>): number {
  return Object.values(plan.controls?.categories ?? {}).flatMap(({ positives, negatives }) =>
    [positives, negatives].filter((count) => count > 0),
  ).length
}

/**
 * How many positives of a category it takes before graders that find none of them fail its controls, without a
 * calibration.
 */
export function countFewestControls(plan: Pick<Plan, 'controls'>): number {
  const alpha = controlAlpha / Math.max(1, countControlTests(plan))
  let fewest = 1
  while (testFewFound({ flagged: 0, planned: fewest, calibration: null }) >= alpha) fewest += 1
  return fewest
}

interface Tried {
  flagged: number
  planned: number
  calibration: Calibration | null
}
type Test = (tried: Tried) => number

const testFewFound: Test = ({ flagged, planned, calibration }) => {
  const assumed = binomialCdf({ events: flagged, trials: planned, rate: assumedSensitivity })
  // A few examples leave every judge likely: they must not excuse what an untried one would fail by.
  if (calibration === null || calibration.positives < fewestCalibrated) return assumed
  const { truePositives, positives } = calibration
  const urn = { present: flagged + truePositives, drawn: planned, corpus: planned + positives }
  return Math.max(assumed, measureTails(flagged, urn).lower)
}

const testManyFlagged: Test = ({ flagged, planned, calibration }) => {
  if (flagged === 0) return 1
  if (calibration === null || calibration.negatives < fewestCalibrated)
    return binomialUpperTail({ events: flagged, trials: planned, rate: assumedFalsePositiveRate })
  const { falsePositives, negatives } = calibration
  const urn = { present: flagged + falsePositives, drawn: planned, corpus: planned + negatives }
  return measureTails(flagged, urn).upper
}
