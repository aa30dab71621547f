/** What a turn stands for, and the conversation and stratum that it belongs to. */
export interface ClusteredTurn {
  /** At least 0; only the ratios between weights matter. A turn of weight 0 is left out altogether. */
  weight: number
  /** A name, or a number where names have been numbered: the quicker of the two. */
  cluster: string | number
  /** A cluster lies in one stratum. Turns without one are a stratum of their own. */
  stratum?: string | number | null | undefined
}

/** One graded turn: whether the event was present, what the turn stands for, and its conversation. */
export interface ClusteredUnit extends ClusteredTurn {
  event: boolean | 0 | 1
}

/** What the bounds need to know of a weighted or clustered sample. Weights are shares of their sum. */
export interface ClusterSummary {
  turns: number
  clusters: number
  /** The weighted share of events (Hájek); 0 for an empty sample. */
  rate: number
  /** Cluster-robust variance of the rate within strata, linearised; null with fewer than two clusters. */
  variance: number | null
  /** Of the variance: clusters less strata; 0 without a variance. */
  degreesOfFreedom: number
  /** Σ z², z being the weight of the events in a cluster. */
  sumSquaredTotals: number
  /** Kish's effective number of turns, 1/Σ weight²; 0 for an empty sample. */
  effectiveTurns: number
  /** Kish's effective number of clusters, 1/Σ (cluster weight)²; 0 for an empty sample. */
  effectiveClusters: number
}

/** Turns with their clusters and strata as numbers: made once of a sample, and used for every question to it. */
export interface ClusterIndex {
  /** By turn. */
  readonly weights: Float64Array
  /** By turn: which cluster. */
  readonly clusterOf: Int32Array
  /** By cluster: which stratum. */
  readonly stratumOf: Int32Array
  /** The strata's names, by number. */
  readonly strata: readonly (string | number)[]
}

/** In a list of events by turn: the turn is not a part of the question. */
export const leftOut = 2

/**
 * Numbers the clusters and strata of turns. Throws a RangeError for a weight that isn't a finite number of at
 * least 0, and for a cluster in two strata.
 */
export function indexClusters(turns: readonly ClusteredTurn[]): ClusterIndex {
  const clusters = new Map<string | number, number>()
  const strata = new Map<string | number, number>()
  const weights = new Float64Array(turns.length)
  const clusterOf = new Int32Array(turns.length)
  const stratumOf: number[] = []
  for (const [index, { weight, cluster: name, stratum }] of turns.entries()) {
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a weight must be a finite number of at least 0, got ${weight}`)
    }
    const cluster = takeNumber(clusters, name)
    const place = takeNumber(strata, stratum ?? '')
    stratumOf[cluster] ??= place
    if (stratumOf[cluster] !== place) throw new RangeError(`the cluster ${name} lies in two strata`)
    weights[index] = weight
    clusterOf[index] = cluster
  }
  return { weights, clusterOf, stratumOf: Int32Array.from(stratumOf), strata: [...strata.keys()] }
}

function takeNumber(names: Map<string | number, number>, name: string | number): number {
  const known = names.get(name)
  if (known !== undefined) return known
  names.set(name, names.size)
  return names.size - 1
}

/** The weights of turns and clusters, as shares of the largest turn: their squares neither overflow nor vanish. */
interface Totals {
  turns: number
  weight: number
  eventWeight: number
  /** Σ (weight / all weight)² over the turns. */
  squaredShares: number
  /** The numbers of the clusters in the order in which they first appear; what follows is in that order. */
  clusters: Int32Array
  clusterWeights: Float64Array
  clusterEvents: Float64Array
}

// Plain loops from here on: an estimate goes over all turns once for each category, arm and bound.
function sumTurns({ weights, clusterOf, stratumOf }: ClusterIndex, events: Uint8Array): Totals {
  const largest = findLargest(weights, events)
  const clusters = new Int32Array(stratumOf.length)
  const clusterWeights = new Float64Array(stratumOf.length)
  const clusterEvents = new Float64Array(stratumOf.length)
  const placeOf = new Int32Array(stratumOf.length).fill(-1)
  let [turns, weight, eventWeight, seen] = [0, 0, 0, 0]
  for (let turn = 0; turn < weights.length; turn += 1) {
    const own = (weights[turn] ?? 0) / largest
    const event = events[turn] ?? leftOut
    if (event === leftOut || weights[turn] === 0) continue
    const cluster = clusterOf[turn] ?? 0
    let place = placeOf[cluster] ?? -1
    if (place < 0) {
      place = seen
      placeOf[cluster] = place
      clusters[place] = cluster
      seen += 1
    }
    clusterWeights[place] = (clusterWeights[place] ?? 0) + own
    clusterEvents[place] = (clusterEvents[place] ?? 0) + event * own
    turns += 1
    weight += own
    eventWeight += event * own
  }
  let squaredShares = 0
  for (let turn = 0; turn < weights.length; turn += 1) {
    const share = events[turn] === leftOut ? 0 : (weights[turn] ?? 0) / largest / weight
    squaredShares += share * share
  }
  return {
    turns,
    weight,
    eventWeight,
    squaredShares,
    clusters: clusters.subarray(0, seen),
    clusterWeights: clusterWeights.subarray(0, seen),
    clusterEvents: clusterEvents.subarray(0, seen),
  }
}

function findLargest(weights: Float64Array, events: Uint8Array): number {
  let largest = 0
  for (let turn = 0; turn < weights.length; turn += 1) {
    const weight = weights[turn] ?? 0
    if (weight > largest && events[turn] !== leftOut) largest = weight
  }
  return largest
}

/** Σ (value/total)² */
function sumSquares(values: Float64Array, total: number): number {
  let squares = 0
  for (let index = 0; index < values.length; index += 1) {
    const share = (values[index] ?? 0) / total
    squares += share * share
  }
  return squares
}

/**
 * Summarises what was found in the turns of an index: by turn 0, 1 or `leftOut`. Kish 1965 for the effective
 * sizes; Binder 1983 for the variance of a ratio, which is Σ_h C_h/(C_h−1)·Σ (u − ū_h)² over the strata h, u
 * being the weighted excess of a cluster's events over the rate. Throws a RangeError for anything else than
 * one event a turn.
 */
export function summarizeIndexed(sample: { index: ClusterIndex; events: Uint8Array }): ClusterSummary {
  requireEvents(sample)
  const totals = sumTurns(sample.index, sample.events)
  const { turns, weight: total, clusterWeights, clusterEvents } = totals
  const clusters = totals.clusters.length
  // Both sums run over the same turns in the same order, so that nothing but events is a rate of exactly 1.
  const rate = total === 0 ? 0 : totals.eventWeight / total
  const excess = clusterEvents.map((events, place) => events - rate * (clusterWeights[place] ?? 0))
  const strata = groupStrata(sample.index, totals.clusters)
  return {
    turns,
    clusters,
    rate,
    variance: clusters < 2 ? null : sumVariance({ excess, total, strata }),
    degreesOfFreedom: clusters < 2 ? 0 : clusters - strata.sizes.length,
    sumSquaredTotals: sumSquares(clusterEvents, total),
    // No more than there are, which rounding can miss when the weights are all but equal.
    effectiveTurns: total === 0 ? 0 : Math.min(turns, 1 / totals.squaredShares),
    effectiveClusters: total === 0 ? 0 : Math.min(clusters, 1 / sumSquares(clusterWeights, total)),
  }
}

function requireEvents({ index, events }: { index: ClusterIndex; events: Uint8Array }): void {
  if (events.length !== index.weights.length) {
    throw new RangeError(`${events.length} events of ${index.weights.length} turns`)
  }
  for (let turn = 0; turn < events.length; turn += 1) {
    const event = events[turn]
    if (event !== 0 && event !== 1 && event !== leftOut) throw new RangeError(`not an event: ${event}`)
  }
}

/** Summarises a weighted or clustered sample. Throws a RangeError for bad turns and events. */
export function summarizeClusters(units: readonly ClusteredUnit[]): ClusterSummary {
  const index = indexClusters(units)
  const events = new Uint8Array(units.length)
  for (let turn = 0; turn < units.length; turn += 1) {
    const event = Number(units[turn]?.event)
    if (event !== 0 && event !== 1) throw new RangeError(`not an event: ${units[turn]?.event}`)
    events[turn] = event
  }
  return summarizeIndexed({ index, events })
}

/** The strata as the variance sees them. */
interface Grouping {
  /** By cluster: which group. */
  groupOf: Int32Array
  /** By group: how many clusters. */
  sizes: number[]
}

/**
 * Groups the clusters by stratum. A stratum of a single cluster shows no variance, so that all of those become
 * one group, and if there is but one, it joins the smallest other stratum (the first by name of equal ones): the
 * difference between strata then counts as variance (collapsed strata, Wolter 2007, §2.5), never the reverse.
 */
function groupStrata(index: ClusterIndex, clusters: Int32Array): Grouping {
  if (index.strata.length === 1 && clusters.length > 0) {
    return { groupOf: new Int32Array(clusters.length), sizes: [clusters.length] }
  }
  const sizes = new Int32Array(index.strata.length)
  for (const cluster of clusters) {
    const stratum = index.stratumOf[cluster] ?? 0
    sizes[stratum] = (sizes[stratum] ?? 0) + 1
  }
  const bySize = index.strata
    .map((name, stratum) => ({ name, stratum, size: sizes[stratum] ?? 0 }))
    .filter(({ size }) => size > 0)
    .toSorted((a, b) => a.size - b.size || (String(a.name) < String(b.name) ? -1 : 1))
  const singles = bySize.filter(({ size }) => size === 1).length
  const merged = singles === 1 ? Math.min(2, bySize.length) : singles
  const groupOfStratum = new Int32Array(index.strata.length)
  const groupSizes: number[] = []
  for (const [place, { stratum, size }] of bySize.entries()) {
    const group = merged === 0 ? place : Math.max(0, place - merged + 1)
    groupOfStratum[stratum] = group
    groupSizes[group] = (groupSizes[group] ?? 0) + size
  }
  return {
    groupOf: clusters.map((cluster) => groupOfStratum[index.stratumOf[cluster] ?? 0] ?? 0),
    sizes: groupSizes,
  }
}

function sumVariance(parts: { excess: Float64Array; total: number; strata: Grouping }): number {
  const { excess, total, strata } = parts
  const { groupOf, sizes } = strata
  // Over all clusters the mean is 0 as it is: subtracting it could only add its rounding.
  if (sizes.length === 1) return (excess.length / (excess.length - 1)) * sumSquares(excess, total)
  const means = new Float64Array(sizes.length)
  for (let place = 0; place < excess.length; place += 1) {
    const group = groupOf[place] ?? 0
    means[group] = (means[group] ?? 0) + (excess[place] ?? 0) / (sizes[group] ?? 1)
  }
  let variance = 0
  for (let place = 0; place < excess.length; place += 1) {
    const group = groupOf[place] ?? 0
    const size = sizes[group] ?? 2
    const deviation = ((excess[place] ?? 0) - (means[group] ?? 0)) / total
    variance += (size / (size - 1)) * deviation * deviation
  }
  return variance
}
