import { requireProportion } from './preconditions.ts'

/**
 * The p values adjusted by the step-up method of Benjamini & Hochberg (1995, Journal of the Royal Statistical
 * Society B 57:289), in the order they came in: of those at most q the expected share of false ones is q at
 * most, for independent or positively dependent tests. For warnings: a verdict needs `adjustHolm`. Throws a
 * RangeError for a p value outside [0, 1].
 */
export function adjustBenjaminiHochberg(pValues: readonly number[]): number[] {
  for (const p of pValues) requireProportion('a p value', p)
  const ranked = pValues.map((p, index) => ({ p, index })).sort((left, right) => right.p - left.p)
  const adjusted = pValues.map(() => 1)
  const count = ranked.length
  let smallest = 1
  for (const [fromLargest, { p, index }] of ranked.entries()) {
    smallest = Math.min(smallest, (count / (count - fromLargest)) * p)
    adjusted[index] = smallest
  }
  return adjusted
}
