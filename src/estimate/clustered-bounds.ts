import { type ClusteredUnit, type ClusterSummary, summarizeClusters } from './cluster-summary.ts'
import { gammaQuantile, tQuantile } from './distributions.ts'
import { requireAlpha } from './preconditions.ts'
import { type Bounds, boundProportion } from './proportion-bounds.ts'

export {
  type ClusteredTurn,
  type ClusteredUnit,
  type ClusterIndex,
  type ClusterSummary,
  indexClusters,
  leftOut,
  summarizeClusters,
  summarizeIndexed,
} from './cluster-summary.ts'

export interface ClusteredBounds extends Bounds {
  /** The number of equally weighted, independent turns that the sample is worth (Korn & Graubard). */
  effectiveSize: number
}

/** The gamma bounds hold for rare events; from this rate on Korn & Graubard's are used for both sides. */
const commonRate = 0.1

/** Close to ½ both t quantiles vanish; their ratio has reached its limit to 8 digits here. */
const largestRatioAlpha = 0.4999

/** Under this share of Σ (cluster weight)² a variance is the rounding error of 0. */
const variancePrecision = 1e-20

/**
 * Fay & Feuer's gamma bounds (1997, Statistics in Medicine 16:791) on the cluster totals, each one-sided at
 * `alpha`. The weight that one more event would bring is taken as the size-biased mean cluster weight, not as
 * the largest weight. Equal weights and one turn per cluster give Garwood's exact Poisson bounds.
 */
export function boundGamma({ summary, alpha }: { summary: ClusterSummary; alpha: number }): Bounds {
  requireAlpha(alpha)
  const { rate, sumSquaredTotals } = summary
  if (summary.effectiveClusters === 0) return { lower: 0, upper: 1 }
  const isEventFree = rate === 0 || sumSquaredTotals === 0
  const next = Math.max(isEventFree ? 0 : sumSquaredTotals / rate, 1 / summary.effectiveClusters)
  const scale = isEventFree ? 0 : sumSquaredTotals / rate
  const upperRate = rate + next
  const upperScale = (sumSquaredTotals + next * next) / upperRate
  const upper = upperScale * gammaQuantile({ probability: 1 - alpha, shape: upperRate / upperScale })
  return {
    lower: scale === 0 ? 0 : scale * gammaQuantile({ probability: alpha, shape: rate / scale }),
    upper: Math.min(1, upper),
  }
}

/**
 * n_eff = rate·(1−rate)/variance·(t_{n−1}/t_{C−H})², at most n, for C clusters in H strata; Kish's sizes where
 * there is no variance.
 */
function sizeEffectively({ summary, alpha }: { summary: ClusterSummary; alpha: number }): number {
  const { turns, rate, variance, degreesOfFreedom, effectiveTurns, effectiveClusters } = summary
  const precision = effectiveClusters === 0 ? 0 : variancePrecision / effectiveClusters
  if (rate <= 0 || rate >= 1 || variance === null || variance <= precision) {
    return Math.min(effectiveTurns, effectiveClusters)
  }
  const probability = Math.min(alpha, largestRatioAlpha)
  const ratio =
    tQuantile({ probability, degreesOfFreedom: turns - 1 }) / tQuantile({ probability, degreesOfFreedom })
  return Math.min(turns, ((rate * (1 - rate)) / variance) * ratio * ratio)
}

/**
 * Clopper–Pearson bounds at the effective sample size of Korn & Graubard (1998, Survey Methodology 24:193),
 * each one-sided at `alpha`. Where the clusters don't differ (no events, only events, one cluster) the
 * effective size is the smaller of Kish's two. An empty sample has the bounds 0 and 1.
 */
export function boundKornGraubard(sample: { summary: ClusterSummary; alpha: number }): ClusteredBounds {
  requireAlpha(sample.alpha)
  const effectiveSize = sizeEffectively(sample)
  const events = sample.summary.rate * effectiveSize
  return { ...boundProportion({ events, trials: effectiveSize, alpha: sample.alpha }), effectiveSize }
}

/**
 * The bounds for a summarised sample: above from `boundGamma`, below the lower of `boundGamma` and
 * `boundKornGraubard`; at rates of 10 % and more both from `boundKornGraubard`. Over weighted, bursty and
 * clustered simulations the worst coverage at 95 % was 94.5 above and 94.0 below.
 */
export function boundSummary(sample: { summary: ClusterSummary; alpha: number }): ClusteredBounds {
  const common = boundKornGraubard(sample)
  if (sample.summary.rate >= commonRate) return common
  const rare = boundGamma(sample)
  return { ...common, lower: Math.min(rare.lower, common.lower), upper: rare.upper }
}

/**
 * The weighted rate of a clustered sample with bounds in [0, 1], each one-sided at `alpha` (`boundSummary`). An
 * empty sample has the rate 0, the bounds 0 and 1, and the effective size 0. Throws a RangeError for bad
 * units (`summarizeClusters`) and unless alpha lies in [1e-15, ½].
 */
export function boundClustered(sample: {
  units: readonly ClusteredUnit[]
  alpha: number
}): ClusteredBounds & { rate: number } {
  const summary = summarizeClusters(sample.units)
  return { rate: summary.rate, ...boundSummary({ summary, alpha: sample.alpha }) }
}
