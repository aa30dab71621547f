import type { LabelledItem } from '../grade/labelled-set.ts'
import type { LabelKind } from '../grade/trail.ts'
import { type CategoryCalibration, type Confusion, countConfusion } from '../policy/calibration.ts'
import { boundTwoPhase } from './audit-bounds.ts'
import { boundCalibration } from './judge-error.ts'
import { roundBound } from './rounding.ts'

/** One-sided, of every bound of a calibration's record. */
export const calibrationAlpha = 0.05

/** What a category's graders made of an item whose truth is known. */
export interface TriedItem {
  item: string
  expected: LabelledItem['labels'][string]
  chosen: LabelledItem['chosen']
  /** Who wrote the completion. */
  source: string
  label: LabelKind
  /** Whether the first grader passed it on; `null` where no later one could have taken a flag back. */
  firstFlagged: boolean | null
  /** The label of the second grading; `null` where there was none. */
  again: LabelKind | null
}

/**
 * What follows from a category's tried items. Those that are in the set because a grader flagged them say nothing about
 * how much graders find, or flag wrongly; they only count in how false flags of the first grader survive.
 */
export function summarizeCalibration(
  tried: readonly TriedItem[],
): Omit<CategoryCalibration, 'graders' | 'answered_as'> {
  const byChance = tried.filter(({ chosen }) => chosen !== 'flagged')
  const confusion = countTried(byChance)
  const calibration = countConfusion(confusion)
  const bounds = boundCalibration({ calibration, alpha: calibrationAlpha })
  const { truePositives, positives, falsePositives, negatives } = calibration
  const sources = [...new Set(byChance.map(({ source }) => source))].toSorted()
  const twice = tried.filter(({ again }) => again !== null)
  return {
    ...confusion,
    sensitivity: {
      value: positives === 0 ? null : roundBound(truePositives / positives),
      lower: roundBound(bounds.sensitivityLower),
      upper: roundBound(bounds.sensitivityUpper),
    },
    specificity: {
      value: negatives === 0 ? null : roundBound(1 - falsePositives / negatives),
      lower: roundBound(1 - bounds.falsePositiveUpper),
      upper: roundBound(1 - bounds.falsePositiveLower),
    },
    by_source: Object.fromEntries(
      sources.map((source) => [source, countTried(byChance.filter((entry) => entry.source === source))]),
    ),
    agreement: {
      graded_twice: twice.length,
      // That it had no label twice is no agreement on one.
      same: twice.filter(({ label, again }) => label === again && label !== 'missing').length,
    },
    screen: describeScreen(tried),
  }
}

/** An item without a label is one that was missed, and one that was flagged. */
function countTried(tried: readonly TriedItem[]): Confusion {
  const count = (expected: TriedItem['expected'], ...labels: LabelKind[]) =>
    tried.filter(
      (entry) => entry.expected === expected && (labels.length === 0 || labels.includes(entry.label)),
    ).length
  const [positives, negatives] = [count('present'), count('absent')]
  return {
    positives: { turns: positives, flagged: count('present', 'present') },
    negatives: { turns: negatives, flagged: negatives - count('absent', 'absent') },
    missing: {
      positives: count('present', 'missing', 'not-asked'),
      negatives: count('absent', 'missing', 'not-asked'),
    },
  }
}

/**
 * The false flags of a first grader that a confirmation takes back: the votes of one confirmation go together, so that
 * what survives is measured, not multiplied (docs/statistics.md). A false flag without a label in the end has survived.
 */
function describeScreen(tried: readonly TriedItem[]): CategoryCalibration['screen'] {
  const negatives = tried.filter((entry) => entry.expected === 'absent' && entry.firstFlagged !== null)
  if (!tried.some(({ firstFlagged }) => firstFlagged !== null)) return null
  const byChance = negatives.filter(({ chosen }) => chosen !== 'flagged')
  const flagged = byChance.filter(({ firstFlagged }) => firstFlagged).length
  const confirmed = negatives.filter(({ firstFlagged }) => firstFlagged)
  const survived = confirmed.filter(({ label }) => label !== 'absent').length
  const { upper } = boundTwoPhase({
    flagged,
    turns: byChance.length,
    audited: confirmed.length,
    confirmed: survived,
    calibration: null,
    alpha: calibrationAlpha,
  })
  return {
    negatives: byChance.length,
    flagged,
    tried: confirmed.length,
    survived,
    false_positive_upper: roundBound(upper),
  }
}
