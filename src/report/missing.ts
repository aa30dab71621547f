import type { ArmEstimate, CategoryEstimate } from '../estimate/estimate.ts'
import type { Arm } from '../ports.ts'
import type { CategoryVerdict } from '../verdict/schema.ts'
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
export function sayMissing(estimate: CategoryEstimate, verdict: CategoryVerdict): Text | null {
  const lost = countMissing(estimate.candidate)
  const lostBaseline = countMissing(estimate.baseline)
  if (lost + lostBaseline === 0) return null
  const counts = (['candidate', 'baseline'] as const)
    .filter((arm) => countMissing(estimate[arm]) > 0)
    .map((arm) => describeLost(estimate, arm))
    .join('; ')
  return say`${verbatim(estimate.category)}: ${counts}.${sayTippingPoint({ estimate, verdict, lost })}`
}

function describeLost(estimate: CategoryEstimate, arm: Arm): string {
  const { planned, missing } = estimate[arm]
  const counts = `${formatCount(countMissing(estimate[arm]))} of ${formatCount(planned)}`
  return `${counts} missing in the ${arm} (${listCauses(missing.causes)})`
}

function sayTippingPoint(request: {
  estimate: CategoryEstimate
  verdict: CategoryVerdict
  lost: number
}): string {
  const { estimate, verdict, lost } = request
  if (lost === 0) return ''
  const missing = `the ${countThings(lost, 'turn', 'turns')} missing in the candidate`
  const tipping = estimate.tippingPoint
  if (verdict.verdict === 'fail') return ' The verdict counts every one of them as absent in the candidate.'
  if (verdict.verdict === 'pass') {
    return tipping === null
      ? ` The verdict stays the same even if all of ${missing} were present.`
      : ` The verdict changes only if ≥ ${formatCount(tipping)} of ${missing} were present.`
  }
  if (verdict.reason !== 'measurement' || tipping === null) return ''
  return ` It can't pass if ≥ ${formatCount(tipping)} of ${missing} are present.`
}
