import { betaCdf, binomialCdf, binomialUpperTail, gammaQuantile } from './distributions.ts'
import { requireAlpha, requireCount, requireOpenProportion, requireProportion } from './preconditions.ts'
import { findFirst, findFirstNear } from './search.ts'

/** What a sample size is planned for: rates are proportions, alpha is one-sided, power is a probability. */
export interface PlanQuestion {
  limit: number
  /** The rate that the sample will really have. */
  rate: number
  power: number
  alpha: number
  /** Answers above it count as none; by default 20 million. */
  maxTurns?: number
}

/** A sample of `fewestTurns` up to `turns` fails at `criticalEvents` events. */
export interface FailPlan {
  turns: number
  criticalEvents: number
  fewestTurns: number
}

const defaultMaxTurns = 20_000_000

/** How far under the wanted power a power in real turns may lie, so that rounding skips no count of events. */
const powerSlack = 1e-6

/** Halvings of one turn: the fraction is exact to 1e-9 turns. */
const fractionHalvings = 30

function requireQuestion({ limit, rate, power, alpha, maxTurns = defaultMaxTurns }: PlanQuestion): void {
  requireOpenProportion('limit', limit)
  requireProportion('rate', rate)
  requireOpenProportion('power', power)
  requireAlpha(alpha)
  requireCount('maxTurns', maxTurns)
}

/** P(X ≤ events) for a real number of turns above `events`. */
function cumulate(binomial: { events: number; turns: number; rate: number }): number {
  const { events, turns, rate } = binomial
  return 1 - betaCdf({ x: rate, a: events + 1, b: turns - events })
}

/**
 * The real number of turns between two neighbours at which `isBeyond` turns true. Power in whole turns goes up
 * and down with the count of events, as the turns are rounded; in real turns it only grows, so it can be
 * searched by bisection.
 */
function divideTurn(search: { below: number; isBeyond: (turns: number) => boolean }): number {
  let { below } = search
  let beyond = below + 1
  for (let halving = 0; halving < fractionHalvings; halving += 1) {
    const middle = (below + beyond) / 2
    if (search.isBeyond(middle)) beyond = middle
    else below = middle
  }
  return below
}

/** The fewest turns at which `events` events pass: min{n : P(X ≤ events | n, limit) ≤ alpha}, or null. */
function countTurnsToPass(plan: PlanQuestion & { events: number }): number | null {
  const { limit, alpha, events, maxTurns = defaultMaxTurns } = plan
  return findFirstNear({
    guess: Math.ceil(gammaQuantile({ probability: 1 - alpha, shape: events + 1 }) / limit),
    least: events + 1,
    most: maxTurns,
    isReached: (turns) => binomialCdf({ events, trials: turns, rate: limit }) <= alpha,
  })
}

/**
 * The smallest sample that passes a limit with the wanted power if the rate is `rate`, and the events that it
 * allows. For c = 0, 1, … n_c is the fewest turns at which the upper Clopper–Pearson bound of c events is within
 * the limit; the answer is the first with P(X ≤ c | n_c, rate) ≥ power. Null when the rate isn't under the
 * limit or no sample of up to `maxTurns` does it. Throws a RangeError unless limit and power lie in (0, 1),
 * the rate in [0, 1] and alpha in [1e-15, ½].
 */
export function planTurnsToPass(question: PlanQuestion): { turns: number; allowedEvents: number } | null {
  requireQuestion(question)
  const { limit, rate, power, alpha, maxTurns = defaultMaxTurns } = question
  if (rate >= limit) return null
  const couldPass = (events: number) => {
    const whole = countTurnsToPass({ ...question, events })
    if (whole === null) return true
    const turns = divideTurn({
      below: whole - 1,
      isBeyond: (n) => cumulate({ events, turns: n, rate: limit }) <= alpha,
    })
    return turns > events && cumulate({ events, turns, rate }) >= power - powerSlack
  }
  const first = findFirstNear({ guess: 0, least: 0, most: maxTurns, isReached: couldPass })
  if (first === null) return null
  for (let events = first; ; events += 1) {
    const turns = countTurnsToPass({ ...question, events })
    if (turns === null) return null
    if (binomialCdf({ events, trials: turns, rate }) >= power) return { turns, allowedEvents: events }
  }
}

/** The most turns, up to maxTurns + 1, at which `events` events fail: max{n : P(X ≥ events | n, limit) < alpha}. */
function countTurnsToFail(plan: PlanQuestion & { events: number }): number | null {
  const { limit, alpha, events, maxTurns = defaultMaxTurns } = plan
  const firstTooMany = findFirstNear({
    guess: Math.floor(gammaQuantile({ probability: alpha, shape: events }) / limit),
    least: events,
    most: maxTurns + 1,
    isReached: (turns) => binomialUpperTail({ events, trials: turns, rate: limit }) >= alpha,
  })
  if (firstTooMany === null) return maxTurns + 1
  return firstTooMany === events ? null : firstTooMany - 1
}

/**
 * A sample that fails a limit with the wanted power if the rate is `rate`, and the events that then decide. For
 * k = 1, 2, … n_k is the most turns at which the lower Clopper–Pearson bound of k events is above the limit; the
 * answer is the first with P(X ≥ k | n_k, rate) ≥ power. `fewestTurns` is the smallest sample at all with that
 * power: k decides there too, but any turn above `turns` needs one event more. Null when the rate isn't above
 * the limit or no sample of up to `maxTurns` does it. Throws as `planTurnsToPass`.
 */
export function planTurnsToFail(question: PlanQuestion): FailPlan | null {
  requireQuestion(question)
  const { limit, rate, power, alpha, maxTurns = defaultMaxTurns } = question
  if (rate <= limit) return null
  const couldFail = (events: number) => {
    const whole = countTurnsToFail({ ...question, events })
    if (whole === null) return false
    if (whole > maxTurns) return true
    const turns = divideTurn({
      below: whole,
      isBeyond: (n) => binomialUpperTail({ events, trials: n, rate: limit }) >= alpha,
    })
    return binomialUpperTail({ events, trials: turns, rate }) >= power - powerSlack
  }
  const first = findFirstNear({ guess: 1, least: 1, most: maxTurns, isReached: couldFail })
  if (first === null) return null
  for (let events = first; events <= maxTurns; events += 1) {
    const most = Math.min(maxTurns, countTurnsToFail({ ...question, events }) ?? 0)
    const isReached = (turns: number) => binomialUpperTail({ events, trials: turns, rate }) >= power
    if (most >= events && isReached(most)) {
      const fewestTurns = findFirst({ below: events - 1, reached: most, isReached })
      return { turns: most, criticalEvents: events, fewestTurns }
    }
    if (most === maxTurns) return null
  }
  return null
}

/**
 * For a sample of `turns`: the most events whose upper Clopper–Pearson bound is within the limit (`maxPass`, as
 * a bound at the limit passes), and the fewest whose lower bound is above it (`minFail`, as a bound at the
 * limit doesn't fail); null where no count does. Throws a RangeError unless `turns` is a count, the limit lies
 * in (0, 1) and alpha in [1e-15, ½].
 */
export function criticalCounts(plan: { turns: number; limit: number; alpha: number }): {
  maxPass: number | null
  minFail: number | null
} {
  const { turns, limit, alpha } = plan
  requireCount('turns', turns)
  requireOpenProportion('limit', limit)
  requireAlpha(alpha)
  const guess = Math.floor(turns * limit)
  const firstNotPassing = findFirstNear({
    guess,
    least: 0,
    most: turns,
    isReached: (events) => binomialCdf({ events, trials: turns, rate: limit }) > alpha,
  })
  const minFail = findFirstNear({
    guess,
    least: 1,
    most: turns,
    isReached: (events) => binomialUpperTail({ events, trials: turns, rate: limit }) < alpha,
  })
  return { maxPass: firstNotPassing === null || firstNotPassing === 0 ? null : firstNotPassing - 1, minFail }
}

/**
 * The smallest limit that a sample without events passes: 1 − alpha^(1/turns), in (0, 1]; 1 without turns.
 * Throws a RangeError unless `turns` is a count and alpha lies in [1e-15, ½].
 */
export function smallestPassableLimit({ turns, alpha }: { turns: number; alpha: number }): number {
  requireCount('turns', turns)
  requireAlpha(alpha)
  return turns === 0 ? 1 : -Math.expm1(Math.log(alpha) / turns)
}
