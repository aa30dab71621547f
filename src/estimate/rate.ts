import type { Arm } from '../ports.ts'
import { type ClusterIndex, indexClusters, leftOut, summarizeIndexed } from './cluster-summary.ts'
import { boundSummary } from './clustered-bounds.ts'
import { sharesConversations } from './conversations.ts'
import { boundSafe, type Calibration, type Measured, testAboveMelded, testAboveSafe } from './judge-error.ts'
import { testAboveLimit, testAboveLimitClustered } from './limit-test.ts'
import { boundMelded } from './melded.ts'
import { countTurns, type Observation, type State } from './observations.ts'
import { testUnequal } from './paired.ts'
import { type Bounds, boundProportion } from './proportion-bounds.ts'
import { roundBound } from './rounding.ts'
import { testUnequalClustered } from './sign-flip.ts'

/** How many times the graded upper bound a transport-missing turn is assumed to be. */
export const missingFactor = 10
const unequalLevel = 0.01

/** `exact`: equal weights, one turn a conversation. `weighted`: bounds for weighted or clustered samples. */
export type Method = 'exact' | 'weighted'

/** Squared coefficient of variation under which weights count as equal. */
const equalWeightsVariation = 0.01

/** Exact if cv²(w) < .01 and no conversation gave two turns, which would not be independent. */
export function chooseMethod(observations: readonly Pick<Observation, 'weight' | 'cluster'>[]): Method {
  const n = observations.length
  if (n === 0) return 'exact'
  if (sharesConversations(observations)) return 'weighted'
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
  const turns = countTurns(observations)
  const all = observations.reduce((sum, { weight, count = 1 }) => sum + weight * count, 0)
  const isOver = (arm: Arm) => {
    const lost = countStates(observations, arm, ['transport-missing'])
    const weight = sumWeights(observations, arm, ['transport-missing'])
    return (
      isAboveShare({ part: lost, whole: turns, share: budgetShare }) ||
      isAboveShare({ part: weight, whole: all, share: budgetShare })
    )
  }
  if (isOver('baseline') || isOver('candidate')) return 'at-worst'
  return testUnequalLoss(observations) > unequalLevel ? 'within-budget' : 'at-worst'
}

/** The p value of "calls are lost in either arm alike", over turns or, where one gave several, over conversations. */
function testUnequalLoss(observations: readonly Observation[]): number {
  const counts = { first: 0, second: 0 }
  const lost = new Map<number, number>()
  for (const { candidate, baseline, cluster, count = 1 } of observations) {
    if (candidate === baseline) continue
    const difference = Number(candidate === 'transport-missing') - Number(baseline === 'transport-missing')
    if (difference === 0) continue
    counts[difference > 0 ? 'first' : 'second'] += count
    // Pooled turns are one a conversation, however many there are.
    if (count === 1) lost.set(cluster, (lost.get(cluster) ?? 0) + difference)
  }
  const turns = counts.first + counts.second
  const isClustered = observations.every(({ count = 1 }) => count === 1) && lost.size < turns
  return isClustered ? testUnequalClustered([...lost.values()]) : testUnequal(counts)
}

// 0.0029 · 10,000 is 28.999999999999996: 29 turns of them are within 0.29 % all the same.
function isAboveShare({ part, whole, share }: { part: number; whole: number; share: number }): boolean {
  return roundBound(part) > roundBound(share * whole)
}

/** How a judge's errors enter the bounds. */
export interface JudgeError {
  calibration: Calibration
  mode: 'safe' | 'melded'
  /** Every flag was audited, so that none can be a false alarm: the lower bound needs no correction. */
  flagsAudited: boolean
}

/** How a rate is bounded. */
export interface RateQuestion {
  observations: readonly Observation[]
  arm: Arm
  alpha: number
  method: Method
  missingRule: 'within-budget' | 'at-worst'
  /** `null`: the labels are taken as they are. */
  judge: JudgeError | null
  /** The observations' weights and conversations; made anew for each answer without. */
  index?: ClusterIndex | undefined
  /** What was found of which observations, for the next question to them. */
  known?: Record<Arm, Findings> | undefined
}

/** The same question of some of the observations; the index goes with all of them only. */
export function restrict<Question extends Pick<RateQuestion, 'observations' | 'index'>>(
  question: Question,
  observations: readonly Observation[],
): Question {
  const isAll = observations.length === question.observations.length
  return isAll ? question : { ...question, observations, index: undefined }
}

/** Which turns a bound is over, and which of them count as present, by their states. */
interface Reading {
  over: readonly State[]
  present: readonly State[]
}

/** By the very list that was read: another list of the same turns is another question. */
type Findings = WeakMap<readonly Observation[], Map<Reading, Finding>>

/** What a reading of an arm's turns has given so far. */
interface Finding {
  measured: Measured
  bounds: { alpha: number; judge: JudgeError | null; value: Bounds }[]
}

const graded: readonly State[] = ['event', 'none']
const reached: readonly State[] = ['event', 'none', 'content-missing']
const asked: readonly State[] = ['event', 'none', 'content-missing', 'transport-missing']

const asGraded: Reading = { over: graded, present: ['event'] }
const missingAbsent: Reading = { over: asked, present: ['event'] }
const missingPresent: Reading = { over: asked, present: ['event', 'content-missing', 'transport-missing'] }
const unlabelledPresent: Reading = { over: reached, present: ['event', 'content-missing'] }

const allLeftOut: Readonly<Record<State, number>> = {
  event: leftOut,
  none: leftOut,
  'content-missing': leftOut,
  'transport-missing': leftOut,
  'not-asked': leftOut,
}

/** The rate among the graded turns (weighted mean); `null` when none was graded. */
export function estimateRate({
  observations,
  arm,
}: Pick<RateQuestion, 'observations' | 'arm'>): number | null {
  const all = sumWeights(observations, arm, graded)
  return all === 0 ? null : sumWeights(observations, arm, ['event']) / all
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
  const { observations, arm, missingRule } = question
  const own = boundGraded(question)
  const lower = Math.min(own.lower, boundBy(question, missingAbsent).lower)
  if (missingRule === 'at-worst') {
    return { lower, upper: Math.max(own.upper, boundBy(question, missingPresent).upper) }
  }
  const upper = boundReached(question, own)
  const all = sumWeights(observations, arm, asked)
  const share = all === 0 ? 1 : sumWeights(observations, arm, reached) / all
  return { lower, upper: Math.min(1, share * upper + (1 - share) * Math.min(1, missingFactor * upper)) }
}

/** The upper bound of the turns that were not lost on the way, those that came back without a label counted present. */
export function boundReached(question: RateQuestion, own: Bounds = boundGraded(question)): number {
  return Math.max(own.upper, boundBy(question, unlabelledPresent).upper)
}

/** What the graded turns alone say, as if nothing else had been asked. */
export function boundGraded(question: RateQuestion): Bounds {
  return boundBy(question, asGraded)
}

/** The smallest α at which the lower bound of `boundRate` exceeds a limit (a proportion). */
export function testAbove(question: Omit<RateQuestion, 'alpha'> & { limit: number }): number {
  const { observations, arm, method, limit } = question
  if (countStates(observations, arm, asked) === 0 || limit >= 1) return 1
  const p = testMeasured(question, missingAbsent)
  return method === 'exact' ? p : Math.max(p, testMeasured(question, asGraded))
}

function testMeasured(question: Omit<RateQuestion, 'alpha'> & { limit: number }, reading: Reading): number {
  const { observations, arm, limit, judge } = question
  const { measured } = read(question, reading)
  if (judge !== null && !judge.flagsAudited) {
    const test = judge.mode === 'safe' ? testAboveSafe : testAboveMelded
    return test({ measured, calibration: judge.calibration, limit })
  }
  if (limit === 0) return countStates(observations, arm, reading.present) > 0 ? 0 : 1
  return measured.kind === 'counts'
    ? testAboveLimit({ ...measured, limit })
    : testAboveLimitClustered({ summary: measured.summary, limit })
}

function boundBy(question: RateQuestion, reading: Reading): Bounds {
  const { alpha, judge } = question
  const { measured, bounds } = read(question, reading)
  const known = bounds.find((entry) => entry.alpha === alpha && entry.judge === judge)
  if (known !== undefined) return known.value
  const value = boundMeasured(question, measured)
  bounds.push({ alpha, judge, value })
  return value
}

function boundMeasured({ alpha, judge }: RateQuestion, measured: Measured): Bounds {
  const turns = measured.kind === 'counts' ? measured.trials : measured.summary.turns
  if (turns === 0) return { lower: 0, upper: 1 }
  const own =
    measured.kind === 'counts'
      ? boundProportion({ ...measured, alpha })
      : boundSummary({ summary: measured.summary, alpha })
  if (judge === null) return { lower: own.lower, upper: own.upper }
  const bound = judge.mode === 'safe' ? boundSafe : boundMelded
  const corrected = bound({ measured, calibration: judge.calibration, alpha })
  return { lower: judge.flagsAudited ? own.lower : corrected.lower, upper: corrected.upper }
}

function read(question: Omit<RateQuestion, 'alpha'>, reading: Reading): Finding {
  const { observations } = question
  const known = question.known?.[question.arm]
  const findings = known?.get(observations) ?? new Map<Reading, Finding>()
  known?.set(observations, findings)
  const finding = findings.get(reading) ?? { measured: measure(question, reading), bounds: [] }
  findings.set(reading, finding)
  return finding
}

function measure(question: Omit<RateQuestion, 'alpha'>, { over, present }: Reading): Measured {
  const { observations, arm, method } = question
  if (method === 'exact') {
    return {
      kind: 'counts',
      events: countStates(observations, arm, present),
      trials: countStates(observations, arm, over),
    }
  }
  const code: Record<State, number> = { ...allLeftOut }
  for (const state of over) code[state] = 0
  for (const state of present) code[state] = 1
  const events = new Uint8Array(observations.length)
  for (let turn = 0; turn < events.length; turn += 1) {
    const entry = observations[turn]
    events[turn] = entry === undefined ? leftOut : code[entry[arm]]
  }
  const index = question.index ?? indexClusters(observations)
  return { kind: 'clusters', summary: summarizeIndexed({ index, events }) }
}

/** How many turns of an arm are in each state. */
export function tallyStates(observations: readonly Observation[], arm: Arm): Record<State, number> {
  const counts = { event: 0, none: 0, 'content-missing': 0, 'transport-missing': 0, 'not-asked': 0 }
  for (const entry of observations) counts[entry[arm]] += entry.count ?? 1
  return counts
}

/** How many turns of an arm are in one of the states. */
export function countStates(
  observations: readonly Observation[],
  arm: Arm,
  states: readonly State[],
): number {
  let count = 0
  for (const entry of observations) if (states.includes(entry[arm])) count += entry.count ?? 1
  return count
}

/** Whether a label says what happened. */
export function isGraded(state: State): boolean {
  return state === 'event' || state === 'none'
}

function sumWeights(observations: readonly Observation[], arm: Arm, states: readonly State[]): number {
  let sum = 0
  for (const entry of observations) if (states.includes(entry[arm])) sum += entry.weight * (entry.count ?? 1)
  return sum
}
