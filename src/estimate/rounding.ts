/**
 * Rounds a bound to 12 significant digits, so that a verdict file reads the same wherever it is computed:
 * ECMAScript defines `toPrecision` exactly, whereas the last digits of a bound depend on the engine's `exp`
 * and `log`. Throws a RangeError for NaN; infinities stay as they are.
 */
export function roundBound(bound: number): number {
  if (Number.isNaN(bound)) throw new RangeError('a bound must be a number, got NaN')
  return Number(bound.toPrecision(12))
}

/** A proportion as events per 100,000 turns, rounded like every bound. */
export function toPer100k(proportion: number): number {
  return roundBound(proportion * 100_000)
}
