import { betaQuantile } from './distributions.ts'
import { requireAlpha } from './preconditions.ts'

/** One-sided bounds for a proportion: each misses the truth with probability alpha at most. */
export interface Bounds {
  lower: number
  upper: number
}

/**
 * The bounds of Clopper & Pearson (1934, Biometrika 26:404), each one-sided at `alpha`, in [0, 1]. `events` and
 * `trials` may be real numbers (Korn & Graubard 1998 put an effective sample size here). Without events the
 * lower bound is 0, with nothing but events the upper bound is 1, without trials both hold. Throws a
 * RangeError unless 0 ≤ events ≤ trials and alpha lies in [1e-15, ½].
 */
export function boundProportion(sample: { events: number; trials: number; alpha: number }): Bounds {
  const { events, trials, alpha } = sample
  requireAlpha(alpha)
  if (!(events >= 0 && events <= trials && trials < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`events must lie between 0 and trials, got ${events} of ${trials}`)
  }
  const others = trials - events
  return {
    lower: events === 0 ? 0 : betaQuantile({ probability: alpha, a: events, b: others + 1 }),
    upper: others === 0 ? 1 : betaQuantile({ probability: 1 - alpha, a: events + 1, b: others }),
  }
}
