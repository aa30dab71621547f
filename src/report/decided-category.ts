import type { CategoryEstimate } from '../estimate/estimate.ts'
import { countFewestPairs } from '../estimate/paired.ts'
import type { PlannedCategory } from '../plan/plan.ts'
import type { RecordSummary } from '../record/schema.ts'
import { isHalfRead } from '../verdict/decide-category.ts'
import type { CategoryVerdict } from '../verdict/schema.ts'

/** A decided category with what it was decided from. */
export interface DecidedCategory {
  record: RecordSummary
  category: PlannedCategory
  estimate: CategoryEstimate
  verdict: CategoryVerdict
}

/**
 * What keeps a category from being decided: an arm without any label, a judge whose labels say nothing, too few pairs
 * to show anything worse; a limit, by the number of turns or by what the judge flags wrongly or misses; a margin.
 */
export type Obstacle =
  | 'no-labels'
  | 'unusable-judge'
  | 'few-pairs'
  | 'limit'
  | 'false-alarms'
  | 'misses'
  | 'half-read'
  | 'margin'

/** What a category with the reason `underpowered` or `judge` stopped at, in the order in which the verdict asks. */
export function findObstacle({ category, estimate, verdict }: DecidedCategory): Obstacle {
  const { regression, limit, levels, judge } = estimate
  if (verdict.reason === 'judge') {
    if (judge.kind === 'unusable') return 'unusable-judge'
    if (regression.pairs === 0) return 'no-labels'
    if (isHalfRead(estimate)) return 'half-read'
    if (limit === null || !isLimitOpen(estimate)) return 'margin'
    return limit.pAboveAsLabelled < levels.alpha ? 'false-alarms' : 'misses'
  }
  if (category.regression && regression.units < countFewestPairs(levels.notWorseAlpha)) return 'few-pairs'
  return isLimitOpen(estimate) ? 'limit' : 'margin'
}

function isLimitOpen({ limit, candidate, levels }: CategoryEstimate): boolean {
  return limit !== null && !(levels.finalDecides && candidate.upperPer100k <= limit.limitPer100k)
}

/** Whether it was decided by comparing observed rates, without bounds. */
export function isByPoints({ plan }: RecordSummary): boolean {
  return plan.policy.gate.decideBy === 'point-estimate'
}

/** How many of the drawn turns were asked in both arms. */
export function countAsked({ baseline, candidate }: CategoryEstimate): number {
  return candidate.planned - Math.max(candidate.notAsked, baseline.notAsked)
}
