import { requireProportion } from './preconditions.ts'

/**
 * The p values adjusted by Holm's step-down method (1979, Scandinavian Journal of Statistics 6:65), in the
 * order they came in: rejecting where the result is at most alpha keeps the chance of any false rejection
 * under alpha, whatever the dependence. Throws a RangeError for a p value outside [0, 1].
 */
export function adjustHolm(pValues: readonly number[]): number[] {
  for (const p of pValues) requireProportion('a p value', p)
  const ranked = pValues.map((p, index) => ({ p, index })).sort((left, right) => left.p - right.p)
  const adjusted = pValues.map(() => 1)
  let largest = 0
  for (const [rank, { p, index }] of ranked.entries()) {
    largest = Math.max(largest, Math.min(1, (ranked.length - rank) * p))
    adjusted[index] = largest
  }
  return adjusted
}
