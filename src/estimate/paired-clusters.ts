import { tQuantile } from './distributions.ts'
import { requireAlpha } from './preconditions.ts'
import type { Bounds } from './proportion-bounds.ts'

/** One conversation: the candidate's events minus the baseline's, and the turns they were counted over. */
export interface ClusterDifference {
  /** Not necessarily whole: the average over several completions, or a sum of weights. */
  difference: number
  turns: number
}

export interface ClusteredDifferenceBounds extends Bounds {
  /** Candidate − baseline, events per turn. */
  difference: number
  standardError: number
}

interface Sample {
  clusters: readonly ClusterDifference[]
  alpha: number
}

/** With fewer conversations that differ, their variance says too little about the next one. */
const fewestNonzero = 10

/** Under this many events per turn a difference is the rounding error of a sum of weights. */
const precision = 1e-12

function requireCluster({ difference, turns }: ClusterDifference): void {
  if (!Number.isFinite(difference)) throw new RangeError(`a difference must be finite, got ${difference}`)
  if (!(turns > 0 && turns < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`the turns of a cluster must be a finite number above 0, got ${turns}`)
  }
}

/**
 * The difference per turn, Σ difference/Σ turns, with cluster-robust t bounds, each one-sided at `alpha`: the
 * variance of a ratio, linearised, is C/(C−1)·Σ u² (Binder 1983, International Statistical Review 51:279), u
 * being a cluster's excess over the difference, and t has C − 1 degrees of freedom. With however few clusters
 * that differ: to decide, use `boundDifferenceClustered`. Throws a RangeError with fewer than two clusters,
 * unless differences are finite and turns above 0, and unless alpha lies in [1e-15, ½].
 */
export function estimateDifferenceClustered({ clusters, alpha }: Sample): ClusteredDifferenceBounds {
  requireAlpha(alpha)
  for (const cluster of clusters) requireCluster(cluster)
  const count = clusters.length
  if (count < 2) throw new RangeError(`the variance between clusters needs two of them, got ${count}`)
  const turns = clusters.reduce((total, cluster) => total + cluster.turns, 0)
  const difference = clusters.reduce((total, cluster) => total + cluster.difference, 0) / turns
  const spread = clusters.reduce((total, cluster) => {
    const excess = (cluster.difference - difference * cluster.turns) / turns
    return total + excess * excess
  }, 0)
  const standardError = Math.sqrt((count / (count - 1)) * spread)
  // At alpha ½ the quantile is 0, not −0.
  const reach = Math.abs(tQuantile({ probability: alpha, degreesOfFreedom: count - 1 })) * standardError
  return { difference, lower: difference - reach, upper: difference + reach, standardError }
}

/**
 * As `estimateDifferenceClustered`, but null where the variance can't be trusted: with under 10 clusters
 * whose arms differ, and when all clusters differ alike. Throws a RangeError as it does, except for too few
 * clusters.
 */
export function boundDifferenceClustered(sample: Sample): ClusteredDifferenceBounds | null {
  requireAlpha(sample.alpha)
  for (const cluster of sample.clusters) requireCluster(cluster)
  const nonzero = sample.clusters.filter(
    ({ difference, turns }) => Math.abs(difference) > precision * turns,
  ).length
  if (nonzero < fewestNonzero) return null
  const bounds = estimateDifferenceClustered(sample)
  return bounds.standardError > precision * Math.abs(bounds.difference) ? bounds : null
}
