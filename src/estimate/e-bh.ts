import { requireOpenProportion } from './preconditions.ts'

/**
 * The indices, ascending, that the e-Benjamini–Hochberg procedure rejects (Wang & Ramdas 2022, Journal of the
 * Royal Statistical Society B 84:822): the k hypotheses with the largest E values, k the largest number whose
 * smallest is at least m/(level·k). Keeps the expected share of false rejections under the level, whatever the
 * dependence and whenever the E values are looked at. `evidence` holds E values, not logs; they may be infinite.
 * Throws a RangeError for one that is negative or NaN and unless the level lies in (0, 1).
 */
export function rejectEBenjaminiHochberg(family: { evidence: readonly number[]; level: number }): number[] {
  const { evidence, level } = family
  requireOpenProportion('level', level)
  for (const value of evidence) {
    if (!(value >= 0)) throw new RangeError(`an E value must be at least 0, got ${value}`)
  }
  const ranked = evidence
    .map((value, index) => ({ value, index }))
    .sort((a, b) => compareDown(a.value, b.value))
  const last = ranked.findLastIndex(({ value }, rank) => value * level * (rank + 1) >= ranked.length)
  return ranked
    .slice(0, last + 1)
    .map(({ index }) => index)
    .sort((a, b) => a - b)
}

// Not a difference: ∞ − ∞ is no order.
function compareDown(left: number, right: number): number {
  if (left === right) return 0
  return left > right ? -1 : 1
}
