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

/** Clusters in columns: of many, an object each would be most of what an estimate holds. */
export interface ClusterColumns {
  readonly differences: Float64Array
  readonly turns: Float64Array
}

interface Sample {
  clusters: readonly ClusterDifference[] | ClusterColumns
  alpha: number
}

/** With fewer conversations that differ, their variance says too little about the next one. */
const fewestNonzero = 10

/** Under this many events per turn a difference is the rounding error of a sum of weights. */
const precision = 1e-12

function readClusters(clusters: Sample['clusters']): ClusterColumns {
  const columns = 'differences' in clusters ? clusters : listColumns(clusters)
  for (const difference of columns.differences)
    if (!Number.isFinite(difference)) throw new RangeError(`a difference must be finite, got ${difference}`)
  for (const turns of columns.turns)
    if (!(turns > 0 && turns < Number.POSITIVE_INFINITY))
      throw new RangeError(`the turns of a cluster must be a finite number above 0, got ${turns}`)
  return columns
}

function listColumns(clusters: readonly ClusterDifference[]): ClusterColumns {
  return {
    differences: Float64Array.from(clusters, ({ difference }) => difference),
    turns: Float64Array.from(clusters, ({ turns }) => turns),
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
  const columns = readClusters(clusters)
  const count = columns.turns.length
  if (count < 2) throw new RangeError(`the variance between clusters needs two of them, got ${count}`)
  const turns = columns.turns.reduce((total, own) => total + own, 0)
  const difference = columns.differences.reduce((total, own) => total + own, 0) / turns
  let spread = 0
  for (let place = 0; place < count; place += 1) {
    const excess = ((columns.differences[place] ?? 0) - difference * (columns.turns[place] ?? 0)) / turns
    spread += excess * excess
  }
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
  const clusters = readClusters(sample.clusters)
  const { differences, turns } = clusters
  let nonzero = 0
  for (let place = 0; place < turns.length; place += 1)
    if (Math.abs(differences[place] ?? 0) > precision * (turns[place] ?? 0)) nonzero += 1
  if (nonzero < fewestNonzero) return null
  const bounds = estimateDifferenceClustered({ ...sample, clusters })
  return bounds.standardError > precision * Math.abs(bounds.difference) ? bounds : null
}
