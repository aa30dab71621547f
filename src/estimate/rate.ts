import type { Arm } from '../ports.ts'
import { boundClustered } from './clustered-bounds.ts'
import { testAboveLimit, testAboveLimitClustered } from './limit-test.ts'
import type { Observation, State } from './observations.ts'
import { testUnequal } from './paired.ts'
import { type Bounds, boundProportion } from './proportion-bounds.ts'

/** How many times the graded upper bound a transport-missing turn is assumed to be. */
export const missingFactor = 10
const unequalLevel = 0.01

/** How weights enter: equal ones give exact bounds, others bounds for weighted samples. */
export type Method = 'exact' | 'weighted'

/** Squared coefficient of variation under which weights count as equal. */
const equalWeightsVariation = 0.01

/** Equal weights if cv²(w) < .01. */
export function chooseMethod(observations: readonly Observation[]): Method {
  const n = observations.length
  if (n === 0) return 'exact'
  const sum = observations.reduce((total, { weight }) => total + weight, 0)
  const squares = observations.reduce((total, { weight }) => total + weight * weight, 0)
  return (n * squares) / (sum * sum) - 1 < equalWeightsVariation ? 'exact' : 'weighted'
}

/**
 * How transport-missing turns count: at their worst, unless they are within the missing budget in each arm
 * and not unequal between the arms (exact two-sided test on the turns missing in one arm only, p > .01).
 */
export function chooseMissingRule(
  observations: readonly Observation[],
  budgetShare: number,
): 'within-budget' | 'at-worst' {
  const lost = (arm: Arm) => observations.filter((entry) => entry[arm] === 'transport-missing').length
  const only = (arm: Arm, other: Arm) =>
    observations.filter((entry) => entry[arm] === 'transport-missing' && entry[other] !== 'transport-missing')
      .length
  const most = Math.max(lost('baseline'), lost('candidate'))
  if (most > budgetShare * observations.length) return 'at-worst'
  const p = testUnequal({ first: only('candidate', 'baseline'), second: only('baseline', 'candidate') })
  return p > unequalLevel ? 'within-budget' : 'at-worst'
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
    if (entry[arm] === 'event' || entry[arm] === 'none') graded += entry.weight
  }
  return graded === 0 ? null : events / graded
}

/**
 * One-sided bounds of a rate with what is missing counted against both.
 *
 * Lower: every missing turn is absent. Upper: content-missing turns are present, and the M transport-missing
 * ones too, or, within budget, as often as κ = 10 times the upper bound U_g of the others:
 * U = (g·U_g + M·min(1, κ·U_g))/n, by weight.
 */
export function boundRate(question: RateQuestion): Bounds {
  const asked = question.observations.filter((entry) => entry[question.arm] !== 'not-asked')
  const { lower } = boundStates({ ...question, observations: asked, present: ['event'] })
  if (question.missingRule === 'at-worst') {
    const present: State[] = ['event', 'content-missing', 'transport-missing']
    return { lower, upper: boundStates({ ...question, observations: asked, present }).upper }
  }
  const reached = asked.filter((entry) => entry[question.arm] !== 'transport-missing')
  const graded = boundStates({
    ...question,
    observations: reached,
    present: ['event', 'content-missing'],
  }).upper
  const share = asked.length === 0 ? 1 : sumWeights(reached) / sumWeights(asked)
  return { lower, upper: Math.min(1, share * graded + (1 - share) * Math.min(1, missingFactor * graded)) }
}

/** The upper bound if nothing were missing: what the graded turns alone say. */
export function boundGraded(question: RateQuestion): Bounds {
  const graded = question.observations.filter(
    (entry) => entry[question.arm] === 'event' || entry[question.arm] === 'none',
  )
  return boundStates({ ...question, observations: graded, present: ['event'] })
}

/** The smallest α at which the lower bound exceeds a limit (a proportion), every missing turn absent. */
export function testAbove(question: Omit<RateQuestion, 'alpha'> & { limit: number }): number {
  const { observations, arm, method, limit } = question
  const asked = observations.filter((entry) => entry[arm] !== 'not-asked')
  if (asked.length === 0) return 1
  if (limit === 0) return asked.some((entry) => entry[arm] === 'event') ? 0 : 1
  if (limit >= 1) return 1
  if (method === 'weighted') return testAboveLimitClustered({ units: toUnits(asked, arm, ['event']), limit })
  return testAboveLimit({ events: countStates(asked, arm, ['event']), trials: asked.length, limit })
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
