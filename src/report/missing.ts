import type { ArmEstimate, CategoryEstimate } from '../estimate/estimate.ts'
import type { Arm } from '../ports.ts'
import { type DecidedCategory, isByPoints } from './decided-category.ts'
import { countThings } from './format.ts'
import { formatCount, say, type Text, verbatim } from './text.ts'

/** One arm in one category: planned = graded + missing + not asked. */
export interface ReconciliationRow {
  category: string
  arm: Arm
  planned: number
  graded: number
  missing: number
  notAsked: number
  /** `judge: cannot-tell 20, completion: timeout 5`; empty when nothing is missing. */
  causes: string
}

/** The counts of every arm in every category, in the order of the policy. */
export function reconcile(estimates: readonly CategoryEstimate[]): ReconciliationRow[] {
  return estimates.flatMap((estimate) =>
    (['baseline', 'candidate'] as const).map((arm) => ({
      category: estimate.category,
      arm,
      planned: estimate[arm].planned,
      graded: estimate[arm].graded,
      missing: countMissing(estimate[arm]),
      notAsked: estimate[arm].notAsked,
      causes: listCauses(estimate[arm].missing.causes),
    })),
  )
}

/** Everything that has no label although it was asked. */
export function countMissing(arm: ArmEstimate): number {
  return arm.missing.transport + arm.missing.content
}

/** Causes with their counts, the most frequent first. */
export function listCauses(causes: Record<string, number>): string {
  return Object.entries(causes)
    .toSorted(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
    .map(([cause, count]) => `${cause} ${formatCount(count)}`)
    .join(', ')
}

/** Adds the causes of both arms up. */
export function sumCauses({ baseline, candidate }: CategoryEstimate): Record<string, number> {
  const sums: Record<string, number> = { ...baseline.missing.causes }
  for (const [cause, count] of Object.entries(candidate.missing.causes)) {
    sums[cause] = (sums[cause] ?? 0) + count
  }
  return sums
}

/** What is missing in a category, and what it could do to its verdict; `null` when nothing is. */
export function sayMissing(decided: DecidedCategory): Text | null {
  const { estimate } = decided
  if (countMissing(estimate.candidate) + countMissing(estimate.baseline) === 0) return null
  const counts = (['candidate', 'baseline'] as const)
    .filter((arm) => countMissing(estimate[arm]) > 0)
    .map((arm) => describeLost(estimate, arm))
    .join('; ')
  return say`${verbatim(estimate.category)}: ${counts}.${sayTippingPoint(decided)}`
}

function describeLost(estimate: CategoryEstimate, arm: Arm): string {
  const { planned, missing } = estimate[arm]
  const counts = `${formatCount(countMissing(estimate[arm]))} of ${formatCount(planned)}`
  return `${counts} missing in the ${arm} (${listCauses(missing.causes)})`
}

/** What the candidate's missing turns could do to a category that passes. */
export type Tipping =
  /** Nothing, however many were present. */
  | { kind: 'none' }
  /** So many of those present would keep it from passing. */
  | { kind: 'at'; turns: number }
  /** None is known: by point estimates nothing is counted against it, and a margin has no tipping point. */
  | { kind: 'unknown' }

/** The tipping point of a category that passes with turns missing in the candidate. */
export function findTipping({ record, estimate }: DecidedCategory): Tipping {
  const { tippingPoint, early, margin, missingRule, candidate } = estimate
  if (isByPoints(record)) return { kind: 'unknown' }
  // A look counts everything missing as present.
  if (early !== null) return { kind: 'none' }
  if (tippingPoint !== null) return { kind: 'at', turns: tippingPoint }
  const isAssumed = missingRule === 'within-budget' && candidate.missing.transport > 0
  return margin !== null && isAssumed ? { kind: 'unknown' } : { kind: 'none' }
}

function sayTippingPoint(decided: DecidedCategory): string {
  const { record, estimate, verdict } = decided
  const lost = countMissing(estimate.candidate)
  if (lost === 0) return ''
  if (isByPoints(record)) return ' A point estimate leaves them out.'
  const missing = `${countThings(lost, 'turn', 'turns')} missing in the candidate`
  if (verdict.verdict === 'fail') return ' The verdict counts every one of them as absent in the candidate.'
  if (verdict.verdict === 'pass') {
    const tipping = findTipping(decided)
    if (tipping.kind === 'unknown') return ''
    return tipping.kind === 'none'
      ? ` The verdict stays the same even if ${lost === 1 ? 'the' : 'all of the'} ${missing} ${were(lost)} present.`
      : ` The verdict changes only if ${describePart(tipping.turns, lost)} ${missing} ${were(lost)} present.`
  }
  if (verdict.reason !== 'measurement' || estimate.tippingPoint === null) return ''
  return ` It can't pass if ${describePart(estimate.tippingPoint, lost)} ${missing} ${lost === 1 ? 'is' : 'are'} present.`
}

/** `≥ 3 of the`, before what there is. */
export function describePart(part: number, whole: number): string {
  return whole === 1 ? 'the' : `≥ ${formatCount(part)} of the`
}

/** `was` of one thing. */
export function were(count: number): string {
  return count === 1 ? 'was' : 'were'
}
