import { type DiscordantCounts, scoreDifference } from './paired.ts'

/** What a difference is tested from. */
export type Sample = DiscordantCounts & { pairs: number }

/**
 * The tables up to a score: the most candidate-only pairs, −1 for none, given one of the other two counts.
 */
export interface Region {
  pairs: number
  margin: number
  byBaselineOnly: Int32Array
  byConcordant: Int32Array
}

/** Scores this close (relative to 1 + |score|) count as equal: rounding must not part equal tables. */
const tieTolerance = 1e-9

/** Terms under this share of the largest no longer change a sum. */
const negligible = 1e-18

/** The smallest terms that still have all their digits. */
const vanishing = 1e-300

/**
 * The tables whose score is at most the observed one (`ties` 1), or under it (`ties` −1). The score grows
 * with the candidate-only pairs and falls with the baseline-only ones, so from one number of discordant pairs
 * to the next the most candidate-only ones stay or grow by one.
 */
export function outlineRegion(sample: Sample & { margin: number }, ties: 1 | -1): Region {
  const { pairs, margin } = sample
  const score = scoreDifference(sample, margin)
  const highest = score + ties * tieTolerance * (1 + Math.abs(score))
  const byBaselineOnly = new Int32Array(pairs + 1)
  const byConcordant = new Int32Array(pairs + 1)
  let most = -1
  for (let discordant = 0; discordant <= pairs; discordant += 1) {
    const baselineOnly = discordant - most - 1
    const next = { candidateOnly: most + 1, baselineOnly, pairs }
    if (scoreDifference(next, margin) <= highest) most += 1
    else byBaselineOnly[baselineOnly] = most
    byConcordant[pairs - discordant] = most
  }
  for (let count = pairs - most; count <= pairs; count += 1) byBaselineOnly[count] = pairs - count
  return { pairs, margin, byBaselineOnly, byConcordant }
}

/**
 * The counts that are left when one is set aside: `rate` is the candidate-only share of them, `rest` 1 −
 * rate.
 */
interface Split {
  pairs: number
  most: Int32Array
  aside: number
  rate: number
  rest: number
}

/** P(X = events) and P(X ≤ events) for X ~ Binomial(trials, rate). */
interface Tail {
  events: number
  trials: number
  term: number
  cumulated: number
}

/** From the mode outwards, as far as terms count. */
function startTail({ rate, rest }: Split, { events, trials }: { events: number; trials: number }): Tail {
  const mode = Math.min(trials, Math.floor((trials + 1) * rate))
  let total = 0
  let cumulated = 0
  let term = 0
  for (const step of [-1, 1]) {
    let weight = step < 0 ? 1 : ((trials - mode) * rate) / ((mode + 1) * rest)
    let count = step < 0 ? mode : mode + 1
    while (weight > vanishing && (weight > negligible || (events - count) * step >= 0)) {
      total += weight
      if (count <= events) cumulated += weight
      if (count === events) term = weight
      if (step < 0) weight *= (count * rest) / ((trials - count + 1) * rate)
      else weight *= ((trials - count) * rate) / ((count + 1) * rest)
      count += step
    }
  }
  return { events, trials, term: term / total, cumulated: cumulated / total }
}

/** To one trial more or fewer, then to the events: single terms change, and follow from each other. */
function moveTail(tail: Tail, { rate, rest }: Split, to: { events: number; trials: number }): void {
  const { trials } = to
  if (trials < tail.trials) {
    tail.term *= (tail.trials - tail.events) / (tail.trials * rest)
    tail.cumulated += rate * tail.term
  } else {
    tail.cumulated -= rate * tail.term
    tail.term *= (trials * rest) / (trials - tail.events)
  }
  tail.trials = trials
  for (; tail.events < to.events; tail.events += 1) {
    tail.term *= ((trials - tail.events) * rate) / ((tail.events + 1) * rest)
    tail.cumulated += tail.term
  }
  for (; tail.events > to.events; tail.events -= 1) {
    tail.cumulated -= tail.term
    tail.term *= (tail.events * rest) / ((trials - tail.events + 1) * rate)
  }
}

/**
 * Σ weight·P(X ≤ most[a]) and Σ weight over a = from, from ± 1, … for X ~ Binomial(pairs − a, rate). The
 * weights are the terms of Binomial(pairs, aside), relative to the largest.
 */
function sumSide(split: Split, side: { from: number; step: 1 | -1; weight: number }) {
  const { pairs, most, aside } = split
  const { from, step } = side
  let { weight } = side
  let sum = 0
  let total = 0
  let tail: Tail | null = null
  for (let count = from; count >= 0 && count <= pairs && weight > negligible; count += step) {
    const to = { events: most[count] ?? -1, trials: pairs - count }
    const isPart = to.events >= 0 && to.events < to.trials && split.rate > 0
    if (!isPart) tail = null
    else if (tail === null) tail = startTail(split, to)
    else moveTail(tail, split, to)
    sum += weight * (tail?.cumulated ?? (to.events < 0 ? 0 : 1))
    total += weight
    if (step > 0) weight *= ((pairs - count) * aside) / ((count + 1) * (1 - aside))
    else weight *= (count * (1 - aside)) / ((pairs - count + 1) * aside)
  }
  return { sum, total }
}

/** P(table in the region) at Δ = margin and q = margin + (1 − margin)·sin²(angle). */
export function weighRegion(region: Region, angle: number): number {
  const { pairs, margin, byBaselineOnly, byConcordant } = region
  const sine = Math.sin(angle)
  const cosine = Math.cos(angle)
  const baselineOnly = ((1 - margin) * sine * sine) / 2
  const candidateOnly = margin + baselineOnly
  const concordant = (1 - margin) * cosine * cosine
  // The rarer of the two is set aside: it spreads no more than the candidate-only count does given it.
  const isRarer = baselineOnly <= concordant
  const aside = isRarer ? baselineOnly : concordant
  const other = isRarer ? concordant : baselineOnly
  const split = {
    pairs,
    most: isRarer ? byBaselineOnly : byConcordant,
    aside,
    rate: candidateOnly / (candidateOnly + other),
    rest: other / (candidateOnly + other),
  }
  const from = Math.floor((pairs + 1) * aside)
  const above = sumSide(split, { from, step: 1, weight: 1 })
  const weight = (from * (1 - aside)) / ((pairs - from + 1) * aside)
  const below = sumSide(split, { from: from - 1, step: -1, weight })
  return (above.sum + below.sum) / (above.total + below.total)
}
