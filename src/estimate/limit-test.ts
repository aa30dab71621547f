import { boundSummary, type ClusterSummary } from './clustered-bounds.ts'
import { binomialUpperTail } from './distributions.ts'
import { requireCount, requireProportion } from './preconditions.ts'
import { findSmallestAlpha } from './search.ts'

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
 * the lower bound of `boundClustered` is above the limit (`findSmallestAlpha`). It lies in [1e-12, ½]; 1
 * when no alpha up to ½ does it. Throws a RangeError unless the limit lies in [0, 1].
 */
export function testAboveLimitClustered(sample: { summary: ClusterSummary; limit: number }): number {
  const { summary, limit } = sample
  requireProportion('limit', limit)
  return findSmallestAlpha((alpha) => boundSummary({ summary, alpha }).lower > limit)
}
