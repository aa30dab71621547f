import { type Bracket, findCrossing } from './crossing.ts'
import { accumulate, computeMean, computeQuantile, computeSpread, type Marginal } from './marginal.ts'
import { placeNodes } from './quadrature.ts'

/** `lower`: the α quantile of what is melded. `upper`: its 1−α quantile. */
export type Side = 'lower' | 'upper'

/** The marginals that the true rate (rate − falsePositive)/(sensitivity − falsePositive) is melded from. */
export interface JudgedRate {
  rate: Marginal
  sensitivity: Marginal
  falsePositive: Marginal
  side: Side
}

/** The marginals that the true rate rate·precision/sensitivity is melded from. */
export interface AuditedRate {
  rate: Marginal
  precision: Marginal
  sensitivity: Marginal
  side: Side
}

/** P(true rate ≤ p) for p in [0, 1]. */
export type Melding = (p: number) => number

interface Cell {
  first: number
  second: number
  weight: number
}

/** One marginal is integrated exactly and the others by nodes: so many for one, and so many each for two. */
const nodesForOne = 64
const nodesForTwo = 32

/** A cell of the grid that weighs less can't change a probability that matters. */
const negligibleWeight = 1e-15

/**
 * The measured rate is the one that is integrated exactly, unless another marginal is over twice as wide: between
 * the nodes of that one, the distribution of a much narrower rate would be a step that they can't see.
 */
const narrow = 0.5
/** The same where the bound depends on an end of [0, 1] at which the density of the other breaks off. */
const narrowAtEdge = 0.1
/** From this shape on the density has died away at its end. */
const edgeless = 4

/** Rates under e^−40 are 0, and those within 1e-12 of it are 1. */
const smallestLogRate = -40
const largestLogRate = -1e-12
/** Stands for a probability of 0, which has no logarithm. */
const tiny = 1e-300

/** Half the width, on the log scale, to which a bound is narrowed. */
const tolerance = 5e-13

function buildGrid(first: Marginal, second: Marginal): Cell[] {
  const count = first.kind === 'point' || second.kind === 'point' ? nodesForOne : nodesForTwo
  const others = placeNodes(second, count)
  return placeNodes(first, count)
    .flatMap(({ value, weight }) =>
      others.map((other) => ({ first: value, second: other.value, weight: weight * other.weight })),
    )
    .filter(({ weight }) => weight > negligibleWeight)
}

function sumGrid(grid: readonly Cell[], probability: (first: number, second: number) => number): number {
  let sum = 0
  for (const { first, second, weight } of grid) sum += weight * probability(first, second)
  return Math.min(1, sum)
}

function estimateMelded({ rate, sensitivity, falsePositive }: JudgedRate): number {
  const alarms = computeMean(falsePositive)
  const contrast = computeMean(sensitivity) - alarms
  return contrast > 0 ? Math.min(1, Math.max(0, (computeMean(rate) - alarms) / contrast)) : 0
}

/** A density that is infinite at an end can't be put on nodes. */
function isBounded(marginal: Marginal): boolean {
  return marginal.kind !== 'beta' || (marginal.a >= 1 && marginal.b >= 1)
}

/** What can be integrated exactly in place of the rate. */
interface Rival<Name> {
  name: Name
  marginal: Marginal
  /** Of its part in the spread of what is melded. */
  width: number
  /** The end of [0, 1] that the bound depends on, if the marginal may break off there. */
  edge: 0 | 1 | null
}

function breaksOff({ marginal, edge }: Pick<Rival<string>, 'marginal' | 'edge'>): boolean {
  if (marginal.kind !== 'beta' || edge === null) return false
  return (edge === 0 ? marginal.a : marginal.b) < edgeless
}

/** Which marginal is integrated exactly. */
function chooseExact<Name>(
  rate: { marginal: Marginal; width: number },
  rivals: readonly [Rival<Name>, Rival<Name>],
): Name | 'rate' {
  if (!isBounded(rate.marginal)) return 'rate'
  const widest = rivals[0].width > rivals[1].width ? rivals[0] : rivals[1]
  return rate.width < (breaksOff(widest) ? narrowAtEdge : narrow) * widest.width ? widest.name : 'rate'
}

function chooseExactOfJudged(judged: JudgedRate): 'rate' | 'sensitivity' | 'falsePositive' {
  const { rate, sensitivity, falsePositive, side } = judged
  const p = estimateMelded(judged)
  return chooseExact({ marginal: rate, width: computeSpread(rate) }, [
    {
      name: 'sensitivity',
      marginal: sensitivity,
      width: p * computeSpread(sensitivity),
      edge: side === 'lower' ? 1 : null,
    },
    {
      name: 'falsePositive',
      marginal: falsePositive,
      width: (1 - p) * computeSpread(falsePositive),
      edge: side === 'upper' ? 0 : null,
    },
  ])
}

/**
 * The distribution of (rate − F)/(Se − F), within [0, 1], for independent marginals (Bayer, Fay & Graubard 2023,
 * arXiv:2205.13494, there by Monte Carlo). It is 0 where the rate is at most F, and where the
 * judge can't tell anything (Se ≤ F) what makes the bound wider: 0 below, 1 above.
 */
export function meldRate(judged: JudgedRate): Melding {
  const { rate, sensitivity, falsePositive } = judged
  const useless = judged.side === 'lower' ? 1 : 0
  const exact = chooseExactOfJudged(judged)
  if (exact === 'rate') {
    const grid = buildGrid(sensitivity, falsePositive)
    return capAtOne((p) => sumGrid(grid, (s, f) => (s <= f ? useless : accumulate(rate, f + p * (s - f)))))
  }
  if (exact === 'sensitivity') {
    const grid = buildGrid(rate, falsePositive)
    return capAtOne((p) =>
      sumGrid(grid, (q, f) => {
        const below = accumulate(sensitivity, f)
        const enough = q <= f ? f : p === 0 ? 1 : Math.min(1, f + (q - f) / p)
        return useless * below + 1 - accumulate(sensitivity, enough)
      }),
    )
  }
  const grid = buildGrid(rate, sensitivity)
  return capAtOne((p) =>
    sumGrid(grid, (q, s) => {
      const above = 1 - accumulate(falsePositive, s)
      const enough = Math.min(s, (q - p * s) / (1 - p))
      return 1 - accumulate(falsePositive, enough) - (1 - useless) * above
    }),
  )
}

/** The distribution of rate·precision/Se, within [0, 1], for independent marginals. */
export function meldProduct(audited: AuditedRate): Melding {
  const { rate, precision, sensitivity, side } = audited
  const exact = chooseExact({ marginal: rate, width: computeVariation(rate) }, [
    {
      name: 'precision',
      marginal: precision,
      width: computeVariation(precision),
      edge: side === 'upper' ? 1 : null,
    },
    {
      name: 'sensitivity',
      marginal: sensitivity,
      width: computeVariation(sensitivity),
      edge: side === 'lower' ? 1 : null,
    },
  ])
  if (exact === 'rate') {
    const grid = buildGrid(precision, sensitivity)
    return capAtOne((p) => sumGrid(grid, (share, s) => (share === 0 ? 1 : accumulate(rate, (p * s) / share))))
  }
  if (exact === 'precision') {
    const grid = buildGrid(rate, sensitivity)
    return capAtOne((p) => sumGrid(grid, (q, s) => (q === 0 ? 1 : accumulate(precision, (p * s) / q))))
  }
  const grid = buildGrid(rate, precision)
  return capAtOne((p) =>
    sumGrid(grid, (q, share) =>
      q * share === 0 ? 1 : p === 0 ? 0 : 1 - accumulate(sensitivity, Math.min(1, (q * share) / p)),
    ),
  )
}

/** The standard deviation as a share of the mean. */
function computeVariation(marginal: Marginal): number {
  return marginal.kind === 'point' ? 0 : computeSpread(marginal) / computeMean(marginal)
}

function capAtOne(melding: Melding): Melding {
  return (p) => (p >= 1 ? 1 : melding(p))
}

/** Where the search for a bound starts: the rate's own bound with the means of the others. */
export function guessBound(judged: JudgedRate & { alpha: number }): number {
  const probability = judged.side === 'lower' ? judged.alpha : 1 - judged.alpha
  const own = computeQuantile(judged.rate, probability)
  return Math.max(own / 100, estimateMelded({ ...judged, rate: { kind: 'point', value: own } }))
}

/**
 * The quantile of a melding that is its bound at `alpha`: the α quantile below, the 1−α quantile above, found to
 * 12 digits, the wider end of what is left. 0 and 1 where the probability of just those reaches it.
 */
export function findBound(search: { melding: Melding; side: Side; alpha: number; guess: number }): number {
  const { melding, side, alpha } = search
  const logAlpha = Math.log(alpha)
  const excess = (logRate: number) => {
    const below = melding(Math.exp(logRate))
    return side === 'lower'
      ? Math.log(Math.max(tiny, below)) - logAlpha
      : logAlpha - Math.log(Math.max(tiny, 1 - below))
  }
  if (side === 'lower' ? melding(0) >= alpha : 1 - melding(0) <= alpha) return 0
  if (excess(largestLogRate) < 0) return 1
  const start = Math.min(largestLogRate, Math.max(smallestLogRate, Math.log(search.guess)))
  const { below, above } = findCrossing({ ...encloseCrossing(excess, start), evaluate: excess, tolerance })
  if (side === 'upper') return Math.exp(above)
  return below <= smallestLogRate ? 0 : Math.exp(below)
}

/** From a start outwards in growing steps, to where the sign changes or the range ends. */
function encloseCrossing(excess: (logRate: number) => number, start: number): Bracket {
  const isAbove = excess(start) >= 0
  const end = isAbove ? smallestLogRate : largestLogRate
  let inner = start
  for (let step = 0.1; ; step *= 2) {
    const outer = isAbove ? Math.max(end, inner - step) : Math.min(end, inner + step)
    if (outer === end || excess(outer) >= 0 !== isAbove) {
      return isAbove ? { below: outer, above: inner } : { below: inner, above: outer }
    }
    inner = outer
  }
}
