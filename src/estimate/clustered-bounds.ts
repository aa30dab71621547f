import { gammaQuantile, tQuantile } from './distributions.ts'
import { requireAlpha } from './preconditions.ts'
import { type Bounds, boundProportion } from './proportion-bounds.ts'

/** One graded turn: whether the event was present, what the turn stands for, and its conversation. */
export interface ClusteredUnit {
  event: boolean | 0 | 1
  /** At least 0; only the ratios between weights matter. A turn of weight 0 is left out altogether. */
  weight: number
  cluster: string
}

/** What the bounds need to know of a weighted or clustered sample. Weights are shares of their sum. */
export interface ClusterSummary {
  turns: number
  clusters: number
  /** The weighted share of events (Hájek); 0 for an empty sample. */
  rate: number
  /** Cluster-robust variance of the rate, linearised; null with fewer than two clusters. */
  variance: number | null
  /** Σ z², z being the weight of the events in a cluster. */
  sumSquaredTotals: number
  /** Kish's effective number of turns, 1/Σ weight²; 0 for an empty sample. */
  effectiveTurns: number
  /** Kish's effective number of clusters, 1/Σ (cluster weight)²; 0 for an empty sample. */
  effectiveClusters: number
}

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

interface Cluster {
  weight: number
  eventWeight: number
}

function requireUnit({ event, weight }: ClusteredUnit): void {
  if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`a weight must be a finite number of at least 0, got ${weight}`)
  }
  if (Number(event) !== 0 && Number(event) !== 1) throw new RangeError(`not an event: ${event}`)
}

function groupUnits(units: readonly ClusteredUnit[]): Cluster[] {
  const clusters = new Map<string, Cluster>()
  for (const { event, weight, cluster: name } of units) {
    const cluster = clusters.get(name) ?? { weight: 0, eventWeight: 0 }
    cluster.weight += weight
    cluster.eventWeight += Number(event) * weight
    clusters.set(name, cluster)
  }
  return [...clusters.values()]
}

/** The weights as shares of the largest: neither their sum nor their squares can overflow or vanish. */
function scaleWeights(units: readonly ClusteredUnit[]): ClusteredUnit[] {
  const largest = units.reduce((most, { weight }) => Math.max(most, weight), 0)
  return units.filter(({ weight }) => weight > 0).map((unit) => ({ ...unit, weight: unit.weight / largest }))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/**
 * Summarises a weighted or clustered sample (Kish 1965; Binder 1983 for the variance of a ratio, which is
 * C/(C−1)·Σ u², u being the weighted excess of a cluster's events over the rate). Throws a RangeError for a
 * weight that isn't a finite number of at least 0, and for an event that is neither 0 nor 1.
 */
export function summarizeClusters(units: readonly ClusteredUnit[]): ClusterSummary {
  for (const unit of units) requireUnit(unit)
  const counted = scaleWeights(units)
  const clusters = groupUnits(counted)
  const count = clusters.length
  // Both sums run over the same turns in the same order, so that nothing but events is a rate of exactly 1.
  const total = sum(counted.map(({ weight }) => weight))
  const eventTotal = sum(counted.map(({ event, weight }) => Number(event) * weight))
  const rate = total === 0 ? 0 : eventTotal / total
  const sumSquares = (values: readonly number[]) =>
    sum(values.map((value) => (value / total) * (value / total)))
  const spread = sumSquares(clusters.map(({ weight, eventWeight }) => eventWeight - rate * weight))
  return {
    turns: counted.length,
    clusters: count,
    rate,
    variance: count < 2 ? null : (count / (count - 1)) * spread,
    sumSquaredTotals: sumSquares(clusters.map(({ eventWeight }) => eventWeight)),
    // No more than there are, which rounding can miss when the weights are all but equal.
    effectiveTurns:
      total === 0 ? 0 : Math.min(counted.length, 1 / sumSquares(counted.map(({ weight }) => weight))),
    effectiveClusters:
      total === 0 ? 0 : Math.min(count, 1 / sumSquares(clusters.map(({ weight }) => weight))),
  }
}

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

/** n_eff = rate·(1−rate)/variance·(t_{n−1}/t_{C−1})², at most n; Kish's sizes where there is no variance. */
function sizeEffectively({ summary, alpha }: { summary: ClusterSummary; alpha: number }): number {
  const { turns, clusters, rate, variance, effectiveTurns, effectiveClusters } = summary
  const precision = effectiveClusters === 0 ? 0 : variancePrecision / effectiveClusters
  if (rate <= 0 || rate >= 1 || variance === null || variance <= precision) {
    return Math.min(effectiveTurns, effectiveClusters)
  }
  const probability = Math.min(alpha, largestRatioAlpha)
  const ratio =
    tQuantile({ probability, degreesOfFreedom: turns - 1 }) /
    tQuantile({ probability, degreesOfFreedom: clusters - 1 })
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
