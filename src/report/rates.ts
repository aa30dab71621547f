import type { CategoryEstimate } from '../estimate/estimate.ts'
import type { Arm } from '../ports.ts'
import { chooseArmUnit } from './arm-cell.ts'
import { formatBound, formatDifference, formatIn, formatLimit, formatMargin } from './format.ts'
import { formatCount } from './text.ts'

/** `20 of 1,000 (2 %), baseline 18 of 1,000 (1.8 %)`. */
export function compareRates(estimate: CategoryEstimate): string {
  return `${describeRate(estimate, 'candidate')}, baseline ${describeRate(estimate, 'baseline')}`
}

/** `20 of 1,000 (2 %, at most 2.9 %)`. */
export function describeRate(estimate: CategoryEstimate, name: Arm, bound?: 'at least' | 'at most'): string {
  const { events, graded, ratePer100k, lowerPer100k, upperPer100k } = estimate[name]
  const counts = `${formatCount(events)} of ${formatCount(graded)}`
  if (ratePer100k === null) return counts
  const weighted = estimate.method === 'exact' ? '' : 'weighted '
  const per100k = bound === 'at least' ? lowerPer100k : upperPer100k
  const unit = chooseArmUnit(estimate[name])
  const shown = formatBound(unit, per100k, estimate.limit?.limitPer100k ?? null)
  const bounds = bound === undefined ? '' : `, ${bound} ${shown}`
  return `${counts} (${weighted}${formatIn(unit, ratePer100k)}${bounds})`
}

/** `, limit 1 %`; empty without one. */
export function describeLimit({ limit, candidate }: CategoryEstimate): string {
  return limit === null ? '' : `, limit ${formatLimit(limit.limitPer100k, chooseArmUnit(candidate))}`
}

/** `1 point`. */
export function describeMargin({ margin, candidate }: CategoryEstimate): string {
  return formatMargin(margin?.marginPer100k ?? 0, chooseArmUnit(candidate))
}

/** `+0.2 points`. */
export function describeSize({ difference, candidate }: CategoryEstimate): string {
  return formatDifference(chooseArmUnit(candidate), difference?.per100k ?? 0)
}
