import type { Arm } from '../ports.ts'
import { boundClustered } from './clustered-bounds.ts'
import { testAboveLimit, testAboveLimitClustered } from './limit-test.ts'
import type { Observation, State } from './observations.ts'
import { testUnequal } from './paired.ts'
import { type Bounds, boundProportion } from './proportion-bounds.ts'
import { roundBound } from './rounding.ts'

/** How many times the graded upper bound a transport-missing turn is assumed to be. */
export const missingFactor = 10
const unequalLevel = 0.01

/** `exact`: equal weights, one turn a conversation. `weighted`: bounds for weighted or clustered samples. */
export type Method = 'exact' | 'weighted'

/** Squared coefficient of variation under which weights count as equal. */
const equalWeightsVariation = 0.01

/** Exact if cv²(w) < .01 and no conversation gave two turns, which would not be independent. */
export function chooseMethod(observations: readonly Observation[]): Method {
  const n = observations.length
  if (n === 0) return 'exact'
  if (new Set(observations.map(({ cluster }) => cluster)).size < n) return 'weighted'
  const sum = observations.reduce((total, { weight }) => total + weight, 0)
  const squares = observations.reduce((total, { weight }) => total + weight * weight, 0)
  return (n * squares) / (sum * sum) - 1 < equalWeightsVariation ? 'exact' : 'weighted'
}

/** The exact method counts turns: whatever is read from the weights, too, has to see equal ones. */
export function weighFor(method: Method, observations: readonly Observation[]): Observation[] {
  return observations.map((entry) => (method === 'exact' ? { ...entry, weight: 1 } : entry))
}

/**
 * How transport-missing turns count: at their worst, unless they are within the missing budget in each arm, by
 * number and by weight, and not unequal between the arms (exact two-sided test on the turns missing in one arm
 * only, p > .01).
 */
export function chooseMissingRule(
  observations: readonly Observation[],
  budgetShare: number,
): 'within-budget' | 'at-worst' {
  const isOver = (arm: Arm) => {
    const lost = observations.filter((entry) => entry[arm] === 'transport-missing')
    return (
      isAboveShare({ part: lost.length, whole: observations.length, share: budgetShare }) ||
      isAboveShare({ part: sumWeights(lost), whole: sumWeights(observations), share: budgetShare })
    )
  }
  const only = (arm: Arm, other: Arm) =>
    observations.filter((entry) => entry[arm] === 'transport-missing' && entry[other] !== 'transport-missing')
      .length
  if (isOver('baseline') || isOver('candidate')) return 'at-worst'
  const p = testUnequal({ first: only('candidate', 'baseline'), second: only('baseline', 'candidate') })
  return p > unequalLevel ? 'within-budget' : 'at-worst'
}

// 0.0029 · 10,000 is 28.999999999999996: 29 turns of them are within 0.29 % all the same.
function isAboveShare({ part, whole, share }: { part: number; whole: number; share: number }): boolean {
  return roundBound(part) > roundBound(share * whole)
}

/** How a rate is bounded. */
export interface RateQuestion {
  observations: readonly Observation[]
  arm: Arm
  alpha: number
  method: Method
  missingRule: 'within-budget' | 'at-worst'
}

/** The rate among the graded turns (weighted mean); `null` when none was graded. */
export function estimateRate({
  observations,
  arm,
}: Pick<RateQuestion, 'observations' | 'arm'>): number | null {
  let events = 0
  let graded = 0
  for (const entry of observations) {
    if (entry[arm] === 'event') events += entry.weight
    if (isGraded(entry[arm])) graded += entry.weight
  }
  return graded === 0 ? null : events / graded
}

/**
 * One-sided bounds of a rate with what is missing counted against both.
 *
 * Lower: every missing turn is absent. Upper: content-missing turns are present, and the M transport-missing
 * ones too, or, within budget, as often as κ = 10 times the upper bound U_g of the others:
 * U = (g·U_g + M·min(1, κ·U_g))/n, by weight.
 *
 * What is missing never narrows a bound: in a weighted sample one more light turn can, so that each is at least
 * as wide as the graded turns' own.
 */
export function boundRate(question: RateQuestion): Bounds {
  const { arm, missingRule } = question
  const asked = question.observations.filter((entry) => entry[arm] !== 'not-asked')
  const own = boundGraded(question)
  const bound = (observations: readonly Observation[], present: State[]) =>
    boundStates({ ...question, observations, present })
  const lower = Math.min(own.lower, bound(asked, ['event']).lower)
  if (missingRule === 'at-worst') {
    const worst = bound(asked, ['event', 'content-missing', 'transport-missing'])
    return { lower, upper: Math.max(own.upper, worst.upper) }
  }
  const reached = asked.filter((entry) => entry[arm] !== 'transport-missing')
  const upper = Math.max(own.upper, bound(reached, ['event', 'content-missing']).upper)
  const share = asked.length === 0 ? 1 : sumWeights(reached) / sumWeights(asked)
  return { lower, upper: Math.min(1, share * upper + (1 - share) * Math.min(1, missingFactor * upper)) }
}

/** What the graded turns alone say, as if nothing else had been asked. */
export function boundGraded(question: RateQuestion): Bounds {
  const graded = question.observations.filter((entry) => isGraded(entry[question.arm]))
  return boundStates({ ...question, observations: graded, present: ['event'] })
}

/** The smallest α at which the lower bound of `boundRate` exceeds a limit (a proportion). */
export function testAbove(question: Omit<RateQuestion, 'alpha'> & { limit: number }): number {
  const { observations, arm, method, limit } = question
  const asked = observations.filter((entry) => entry[arm] !== 'not-asked')
  if (asked.length === 0) return 1
  if (limit === 0) return asked.some((entry) => entry[arm] === 'event') ? 0 : 1
  if (limit >= 1) return 1
  if (method === 'exact') {
    return testAboveLimit({ events: countStates(asked, arm, ['event']), trials: asked.length, limit })
  }
  const test = (turns: readonly Observation[]) =>
    testAboveLimitClustered({ units: toUnits(turns, arm, ['event']), limit })
  return Math.max(test(asked), test(asked.filter((entry) => isGraded(entry[arm]))))
}

/** Bounds with the given states taken as present. */
export function boundStates(request: RateQuestion & { present: readonly State[] }): Bounds {
  const { observations, arm, alpha, method, present } = request
  if (observations.length === 0) return { lower: 0, upper: 1 }
  if (method === 'exact') {
    return boundProportion({
      events: countStates(observations, arm, present),
      trials: observations.length,
      alpha,
    })
  }
  const { lower, upper } = boundClustered({ units: toUnits(observations, arm, present), alpha })
  return { lower, upper }
}

/** How many turns of an arm are in one of the states. */
export function countStates(
  observations: readonly Observation[],
  arm: Arm,
  states: readonly State[],
): number {
  return observations.filter((entry) => states.includes(entry[arm])).length
}

/** Whether a label says what happened. */
export function isGraded(state: State): boolean {
  return state === 'event' || state === 'none'
}

function toUnits(observations: readonly Observation[], arm: Arm, present: readonly State[]) {
  return observations.map((entry) => ({
    event: present.includes(entry[arm]),
    weight: entry.weight,
    cluster: entry.cluster,
  }))
}

function sumWeights(observations: readonly Observation[]): number {
  return observations.reduce((sum, entry) => sum + entry.weight, 0)
}
