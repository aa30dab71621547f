import { boundSummary, type ClusterSummary } from './clustered-bounds.ts'
import { binomialUpperTail } from './distributions.ts'
import { requireCount, requireProportion } from './preconditions.ts'

const smallestAlpha = 1e-12
const largestAlpha = 0.5

/** Halvings of the range of log alpha: after 60 the ends are neighbouring doubles. */
const halvings = 60

/**
 * The p value of "the rate is at most the limit": the exact one-sided binomial test P(X ≥ events | trials,
 * limit), which is the smallest alpha at which the lower Clopper–Pearson bound reaches the limit. Without
 * events 1. Throws a RangeError unless the counts fit and the limit lies in [0, 1].
 */
export function testAboveLimit(sample: { events: number; trials: number; limit: number }): number {
  const { events, trials, limit } = sample
  requireCount('events', events)
  requireCount('trials', trials)
  requireProportion('limit', limit)
  if (events > trials) throw new RangeError(`${events} events of ${trials} trials`)
  return binomialUpperTail({ events, trials, rate: limit })
}

/**
 * The p value of "the rate is at most the limit" for a weighted or clustered sample: the smallest alpha at which
 * the lower bound of `boundClustered` is above the limit, by bisection on log alpha. It lies in [1e-12, ½]; 1
 * when no alpha up to ½ does it. Throws a RangeError unless the limit lies in [0, 1].
 */
export function testAboveLimitClustered(sample: { summary: ClusterSummary; limit: number }): number {
  const { summary, limit } = sample
  requireProportion('limit', limit)
  const isAbove = (alpha: number) => boundSummary({ summary, alpha }).lower > limit
  if (!isAbove(largestAlpha)) return 1
  if (isAbove(smallestAlpha)) return smallestAlpha
  let below = Math.log(smallestAlpha)
  let above = Math.log(largestAlpha)
  for (let halving = 0; halving < halvings; halving += 1) {
    const middle = (below + above) / 2
    if (isAbove(Math.exp(middle))) above = middle
    else below = middle
  }
  // The upper end of what is left: an alpha at which the bound is above the limit. exp may round past ½.
  return Math.min(largestAlpha, Math.exp(above))
}
