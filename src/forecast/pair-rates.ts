/** How often a turn has an event, by the arms that have it: proportions that sum to at most 1. */
export interface PairRates {
  both: number
  candidateOnly: number
  baselineOnly: number
}

/**
 * The rates of two arms on the same turns. `independence` is 1 where events fall independently in the two arms, and 0
 * where the rarer arm's events are all the other's too; between them the arms agree in part.
 */
export function joinRates(rates: { candidate: number; baseline: number; independence: number }): PairRates {
  const { candidate, baseline, independence } = rates
  const apart = independence * candidate * baseline
  const both = apart + (1 - independence) * Math.min(candidate, baseline)
  const only = (rate: number) => Math.max(0, rate - both)
  return { both, candidateOnly: only(candidate), baselineOnly: only(baseline) }
}

/**
 * How independent two runs of one checkpoint are, from the pairs that differed: their share, as a multiple of the
 * 2p(1 − p) that independent runs at the rate p have. Half a pair more than was seen, so that no difference among few
 * pairs is not taken for none at all; 1 where nothing is known, and at most.
 */
export function estimateIndependence(seen: { differing: number; pairs: number; rate: number }): number {
  const { differing, pairs, rate } = seen
  const apart = 2 * rate * (1 - rate)
  if (pairs === 0 || apart === 0) return 1
  return Math.min(1, (differing + 0.5) / (pairs + 1) / apart)
}
