import { requireAlpha } from './preconditions.ts'

/** What was seen, and how many further trials are to come. */
export interface PredictionQuestion {
  /** May be real numbers: an effective sample size stands for weighted turns. */
  events: number
  trials: number
  /** A whole number. */
  next: number
  /** One-sided, of each limit. */
  alpha: number
}

/**
 * Limits for the number of events among the next trials, if they come at the rate at which `events` of `trials` came.
 *
 * Thatcher (1964, J. R. Statist. Soc. B 26:176): the quantiles of beta-binomial distributions, for the lower limit of
 * Beta(events, trials − events + 1) and for the upper one of Beta(events + 1, trials − events). Those are the
 * distributions whose own quantiles are the Clopper–Pearson bounds: the same bounds, widened by the noise of the next
 * sample. Like them each limit is missed with probability alpha at most, whatever the rate.
 *
 * Without trials nothing is known, and the limits are 0 and `next`. Throws a RangeError unless 0 ≤ events ≤ trials,
 * `next` is a whole number of at least 0, and alpha lies in [1e-15, ½].
 */
export function predictEvents(question: PredictionQuestion): { lower: number; upper: number } {
  const { events, trials, next, alpha } = question
  requireAlpha(alpha)
  if (!(events >= 0 && events <= trials && trials < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`events must lie between 0 and trials, got ${events} of ${trials}`)
  }
  if (!(Number.isSafeInteger(next) && next >= 0)) {
    throw new RangeError(`the next trials must be a whole number, got ${next}`)
  }
  const others = trials - events
  return {
    lower: events === 0 ? 0 : findLower(weighCounts({ a: events, b: others + 1, trials: next }), alpha),
    upper: others === 0 ? next : findUpper(weighCounts({ a: events + 1, b: others, trials: next }), alpha),
  }
}

/** The largest count with no more than alpha below it. */
function findLower(shares: Float64Array, alpha: number): number {
  let below = 0
  for (let count = 0; count < shares.length; count += 1) {
    below += shares[count] ?? 0
    if (below > alpha) return count
  }
  return shares.length - 1
}

/** The smallest count with no more than alpha above it. */
function findUpper(shares: Float64Array, alpha: number): number {
  let above = 0
  for (let count = shares.length - 1; count > 0; count -= 1) {
    above += shares[count] ?? 0
    if (above > alpha) return count
  }
  return 0
}

/**
 * The probabilities of a beta-binomial distribution, from the ratios of neighbours outwards from its mean: no special
 * function whose last digits depend on the engine, and nothing that overflows.
 */
function weighCounts(distribution: { a: number; b: number; trials: number }): Float64Array {
  const { a, b, trials } = distribution
  const shares = new Float64Array(trials + 1)
  const middle = Math.min(trials, Math.round((trials * a) / (a + b)))
  // The count above over the one at hand.
  const ratio = (count: number) => ((trials - count) * (a + count)) / ((count + 1) * (b + trials - count - 1))
  let sum = 1
  shares[middle] = 1
  for (let count = middle, share = 1; count < trials; count += 1) {
    share *= ratio(count)
    shares[count + 1] = share
    sum += share
  }
  for (let count = middle - 1, share = 1; count >= 0; count -= 1) {
    share /= ratio(count)
    shares[count] = share
    sum += share
  }
  for (let count = 0; count <= trials; count += 1) shares[count] = (shares[count] ?? 0) / sum
  return shares
}
