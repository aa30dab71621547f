import { sumClusters } from './margin.ts'
import { countTurns, type Observation } from './observations.ts'
import { boundDifferenceTango } from './paired.ts'
import { boundDifferenceClustered, type ClusterColumns } from './paired-clusters.ts'
import { isGraded } from './rate.ts'
import { boundRatioConditional, boundRatioTang } from './ratio.ts'
import { type Regression, readAsGraded, selectAsked } from './regression.ts'
import { roundBound, toPer100k } from './rounding.ts'

/**
 * Candidate minus baseline over the graded pairs, each counting once, with Tango's score bounds, or where
 * conversations gave several turns with the t bounds of the ratio estimator, which take ten conversations that
 * differ: shown, never decides.
 */
export interface Difference {
  per100k: number
  lowerPer100k: number | null
  upperPer100k: number | null
}

/** Candidate's rate over baseline's, with Tang's score bounds, or the conditional ones where an arm has no event: shown, never decides. `null` is infinite. */
export interface Ratio {
  ratio: number | null
  lower: number
  upper: number | null
}

/** The difference of the arms' rates; `null` without a graded pair. */
export function estimateDifference(request: {
  observations: readonly Observation[]
  regression: Regression
  alpha: number
}): Difference | null {
  const { observations, regression, alpha } = request
  const { observed, pairs, clustered } = regression
  if (pairs === 0) return null
  const bounds = clustered
    ? boundDifferenceClustered({ clusters: sumPairs(observations), alpha })
    : boundDifferenceTango({ ...observed, pairs, alpha })
  return {
    per100k: toPer100k((observed.candidateOnly - observed.baselineOnly) / pairs),
    lowerPer100k: bounds === null ? null : toPer100k(bounds.lower),
    upperPer100k: bounds === null ? null : toPer100k(bounds.upper),
  }
}

/** The graded pairs by conversation: their number, and how many more the candidate has. */
function sumPairs(observations: readonly Observation[]): ClusterColumns {
  const turns = observations.filter((entry) => isGraded(entry.baseline) && isGraded(entry.candidate))
  return sumClusters({ turns, read: readAsGraded, weigh: () => 1 })
}

/** The ratio of the arms' rates; `null` without a graded pair. */
export function estimateRatio(
  observations: readonly Observation[],
  { pairs, observed }: Regression,
  alpha: number,
): Ratio | null {
  if (pairs === 0) return null
  const both = countTurns(
    selectAsked(observations).filter((entry) => readAsGraded(entry).every((present) => present)),
  )
  const candidateEvents = both + observed.candidateOnly
  const baselineEvents = both + observed.baselineOnly
  // Where an arm has no event the score has no variance of its own: the conditional interval holds there too.
  const { ratio, lower, upper } =
    candidateEvents === 0 || baselineEvents === 0
      ? boundRatioConditional({
          candidateEvents,
          baselineEvents,
          candidateTurns: pairs,
          baselineTurns: pairs,
          alpha,
        })
      : boundRatioTang({ both, ...observed, pairs, alpha })
  const round = (value: number | null) => (value === null ? null : roundBound(value))
  return { ratio: round(ratio), lower: roundBound(lower), upper: round(upper) }
}
