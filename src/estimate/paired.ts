import { binomialUpperTail, normalDeviate } from './distributions.ts'
import { requireAlpha, requireCount } from './preconditions.ts'
import type { Bounds } from './proportion-bounds.ts'

/** Events that happened in one arm only, counted over the same prefixes. */
export interface DiscordantCounts {
  candidateOnly: number
  baselineOnly: number
}

/**
 * The p value of "the candidate is not worse than the baseline": McNemar's exact one-sided test,
 * P(B ≥ candidateOnly) for B ~ Binomial(candidateOnly + baselineOnly, ½), the whole binomial tail. Without
 * discordant pairs 1. Throws a RangeError unless both are counts.
 */
export function testWorse({ candidateOnly, baselineOnly }: DiscordantCounts): number {
  requireCount('candidateOnly', candidateOnly)
  requireCount('baselineOnly', baselineOnly)
  return binomialUpperTail({ events: candidateOnly, trials: candidateOnly + baselineOnly, rate: 0.5 })
}

/** The fewest pairs of which all speaking against the candidate would show it worse. */
export function countFewestPairs(alpha: number): number {
  let pairs = 1
  while (testWorse({ candidateOnly: pairs, baselineOnly: 0 }) > alpha) pairs += 1
  return pairs
}

/**
 * The p value of "the two counts are equally likely to grow": the exact two-sided binomial test at ½, twice
 * the smaller tail and at most 1. For outcomes missing in one arm but not in the other. Without any, 1.
 * Throws a RangeError unless both are counts.
 */
export function testUnequal({ first, second }: { first: number; second: number }): number {
  requireCount('first', first)
  requireCount('second', second)
  const tail = binomialUpperTail({ events: Math.max(first, second), trials: first + second, rate: 0.5 })
  return Math.min(1, 2 * tail)
}

/**
 * Tango's score for the difference d (1998, Statistics in Medicine 17:891): the distance of the observed
 * difference from d in standard errors, with the discordant rate at its maximum likelihood under d. It falls
 * as d grows.
 */
export function scoreDifference(sample: DiscordantCounts & { pairs: number }, difference: number): number {
  const { candidateOnly, baselineOnly, pairs } = sample
  const linear = (2 * pairs + baselineOnly - candidateOnly) * difference - candidateOnly - baselineOnly
  const constant = -baselineOnly * difference * (1 - difference)
  const root = Math.sqrt(Math.max(0, linear * linear - 8 * pairs * constant))
  // The positive root of 2·pairs·q² + linear·q + constant, by whichever formula doesn't cancel.
  const rate = linear > 0 ? (-2 * constant) / (linear + root) : (root - linear) / (4 * pairs)
  const variance = pairs * (2 * rate + difference * (1 - difference))
  const distance = candidateOnly - baselineOnly - pairs * difference
  if (variance > 0) return distance / Math.sqrt(variance)
  return distance === 0 ? 0 : distance * Number.POSITIVE_INFINITY
}

/** Bisects until two neighbouring doubles are left: the score is above the target below the result. */
function invertScore(search: { isAbove: (difference: number) => boolean; from: number; to: number }): number {
  let { from, to } = search
  for (let middle = (from + to) / 2; middle > from && middle < to; middle = (from + to) / 2) {
    if (search.isAbove(middle)) from = middle
    else to = middle
  }
  return (from + to) / 2
}

/**
 * The difference (candidate − baseline) of the rates over `pairs` prefixes with Tango's score bounds, each
 * one-sided at `alpha`, in [−1, 1]. To be shown, never to decide: at few discordant pairs they reject more
 * often than alpha. Without pairs the difference is 0 and the bounds are −1 and 1. Throws a RangeError unless
 * the counts fit into the pairs and alpha lies in [1e-15, ½].
 */
export function boundDifferenceTango(
  sample: DiscordantCounts & { pairs: number; alpha: number },
): Bounds & { difference: number } {
  const { candidateOnly, baselineOnly, pairs, alpha } = sample
  requireAlpha(alpha)
  requireCount('candidateOnly', candidateOnly)
  requireCount('baselineOnly', baselineOnly)
  requireCount('pairs', pairs)
  if (candidateOnly + baselineOnly > pairs) {
    throw new RangeError(`${candidateOnly} + ${baselineOnly} discordant pairs of ${pairs}`)
  }
  if (pairs === 0) return { difference: 0, lower: -1, upper: 1 }
  const difference = (candidateOnly - baselineOnly) / pairs
  const deviate = normalDeviate(alpha)
  return {
    difference,
    lower: invertScore({ isAbove: (d) => scoreDifference(sample, d) > deviate, from: -1, to: difference }),
    upper: invertScore({ isAbove: (d) => scoreDifference(sample, d) > -deviate, from: difference, to: 1 }),
  }
}
