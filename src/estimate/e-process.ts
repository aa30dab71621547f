import type { DiscordantCounts } from './paired.ts'
import { requireAlpha, requireCount, requireOpenProportion } from './preconditions.ts'
import type { Bounds } from './proportion-bounds.ts'

/** What was seen so far, against a limit that is a proportion in (0, 1). */
export interface LimitEvidence {
  events: number
  turns: number
  limit: number
}

/** The alternatives to "the rate is at least the limit", as multiples of it: no events, few, fewer. */
const belowMultiples = [0, 0.25, 0.6]

/** The alternatives to "the rate is at most the limit". */
const aboveMultiples = [1.5, 2.5, 6]

/** The alternatives to "at most half of the discordant pairs are the candidate's". */
const worseShares = [0.6, 0.75, 0.9]

/** The log of the mean of `size` values, given the logs of those that aren't 0. */
function meanInLogs(logs: readonly number[], size: number): number {
  const largest = Math.max(...logs)
  if (largest === Number.NEGATIVE_INFINITY) return largest
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / size)
}

function requireEvents({ events, turns }: { events: number; turns: number }): void {
  requireCount('events', events)
  requireCount('turns', turns)
  if (events > turns) throw new RangeError(`${events} events of ${turns} turns`)
}

/** The log of the mean likelihood ratio of `multiple · limit` to the limit; a multiple at or above 1 has none. */
function mixRatios({ events, turns, limit }: LimitEvidence, multiples: readonly number[]): number {
  const logs = multiples
    .filter((multiple) => multiple * limit < 1)
    .map((multiple) => {
      const present = events === 0 ? 0 : events * Math.log(multiple)
      return present + (turns - events) * (Math.log1p(-multiple * limit) - Math.log1p(-limit))
    })
  return meanInLogs(logs, multiples.length)
}

/**
 * The natural log of the evidence E that the rate is below the limit: the mean over three multiples κ of the
 * limit of κ^x·((1 − κ·limit)/(1 − limit))^(n − x), a mixture as in Robbins (1970, Annals of Mathematical
 * Statistics 41:1397) on a grid. At a rate p one more turn multiplies each term by 1 + (1 − κ)·(limit − p)/(1 −
 * limit) on average, which is at most 1 for κ < 1 and p ≥ limit: under every such p E is a supermartingale that
 * starts at 1, so it ever reaches 1/alpha with probability alpha at most (Ville), however often it is looked at.
 * E falls with every event and grows with every turn without one. Throws a RangeError unless events and turns
 * are counts that fit and the limit lies in (0, 1).
 */
export function logEvidenceBelow(sample: LimitEvidence): number {
  requireEvents(sample)
  requireOpenProportion('limit', sample.limit)
  return mixRatios(sample, belowMultiples)
}

/**
 * The natural log of the evidence that the rate is above the limit: as `logEvidenceBelow` with multiples above 1,
 * a supermartingale under every rate up to the limit. Multiples that make no rate under 1 count as no evidence;
 * without any left the result is −∞. It grows with every event. Throws as `logEvidenceBelow`.
 */
export function logEvidenceAbove(sample: LimitEvidence): number {
  requireEvents(sample)
  requireOpenProportion('limit', sample.limit)
  return mixRatios(sample, aboveMultiples)
}

/**
 * The natural log of the evidence that the candidate is worse: over the pairs in which the arms differ, the mean
 * over three shares q above ½ of (2q)^b·(2(1 − q))^c, the likelihood ratio of q to ½. If a discordant pair is
 * the candidate's with probability p, it multiplies a term by 2(1 − q) + p·(4q − 2) on average: 1 at p = ½ and
 * growing with p, so a supermartingale under every p ≤ ½. Other pairs change nothing. It grows with the
 * candidate's events and falls with the baseline's. Throws a RangeError unless both are counts.
 */
export function logEvidenceWorse({ candidateOnly, baselineOnly }: DiscordantCounts): number {
  requireCount('candidateOnly', candidateOnly)
  requireCount('baselineOnly', baselineOnly)
  const logs = worseShares.map(
    (share) => candidateOnly * Math.log(2 * share) + baselineOnly * Math.log(2 * (1 - share)),
  )
  return meanInLogs(logs, worseShares.length)
}

/** Bisects (0, 1) until two neighbouring doubles are left: `isBeyond` fails up to `below`, holds from `beyond`. */
function divideProportions(isBeyond: (limit: number) => boolean): { below: number; beyond: number } {
  let below = 0
  let beyond = 1
  for (let middle = 0.5; middle > below && middle < beyond; middle = (below + beyond) / 2) {
    if (isBeyond(middle)) beyond = middle
    else below = middle
  }
  return { below, beyond }
}

/**
 * The bounds for the rate that hold at every look at once, each one-sided at `alpha`: the limits whose evidence,
 * below and above them, is under 1/alpha. Both kinds of evidence are monotone in the limit. The upper bound is 1
 * with nothing but events or without turns; the lower is 0 for few events (under 3 at an alpha of .05), whatever
 * the turns, as the grid's largest multiple is 6. Throws a RangeError unless events and turns are counts that
 * fit and alpha lies in [1e-15, ½].
 */
export function boundAnytime(sample: { events: number; turns: number; alpha: number }): Bounds {
  const { events, turns, alpha } = sample
  requireAlpha(alpha)
  requireEvents(sample)
  const needed = -Math.log(alpha)
  const upper = divideProportions(
    (limit) => mixRatios({ events, turns, limit }, belowMultiples) >= needed,
  ).beyond
  const lower = divideProportions(
    (limit) => mixRatios({ events, turns, limit }, aboveMultiples) < needed,
  ).below
  return { lower, upper }
}
