const smallestAlpha = 1e-15

/**
 * Throws a RangeError unless `alpha`, a one-sided error rate per bound, lies in [1e-15, ½]: under it 1 − alpha,
 * which the upper bounds are quantiles of, has no digits left.
 */
export function requireAlpha(alpha: number): void {
  if (!(alpha >= smallestAlpha && alpha <= 0.5)) {
    throw new RangeError(`alpha must lie in [${smallestAlpha}, 0.5], got ${alpha}`)
  }
}

/** Throws a RangeError unless the value lies in (0, 1). */
export function requireOpenProportion(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name} must lie in (0, 1), got ${value}`)
}

/** Throws a RangeError unless the value lies in [0, 1]. */
export function requireProportion(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must lie in [0, 1], got ${value}`)
}

/** Throws a RangeError unless the value is a whole number of at least 0. */
export function requireCount(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0)) {
    throw new RangeError(`${name} must be a whole number of at least 0, got ${value}`)
  }
}
