import { binomialCdf } from '../estimate/distributions.ts'
import { batchTurns, createLooks } from '../estimate/looks.ts'
import type { Observation } from '../estimate/observations.ts'
import { criticalCounts } from '../estimate/planning.ts'
import { boundRate, type RateQuestion, testAbove } from '../estimate/rate.ts'
import { roundBound } from '../estimate/rounding.ts'
import { findFirstNear } from '../estimate/search.ts'
import type { PlannedCategory } from '../plan/plan.ts'
import {
  changeCategory,
  countRivals,
  describeJudge,
  type ForecastSetting,
  spreadEvents,
} from './forecast-setting.ts'

/** How many events among the drawn turns decide a limit; `null` where no number does. */
export interface LimitRule {
  /** So many pass. */
  maxPass: number | null
  /** So many fail, whatever the other categories show: the first level of Holm's procedure. */
  minFail: number | null
  /** So many are over the limit by the category's own test, and can't pass. */
  minSuspect: number | null
}

/** The smallest limits (proportions) that the drawn turns pass without a single event. */
export interface SmallestLimits {
  /** With every turn graded. */
  clean: number
  /** With as many turns lost in transport as the missing budget allows. */
  withMissing: number
}

const halvings = 40

/** What decides a category's limit, found by asking the rule that will; `null` without a limit. */
export function findLimitRule(setting: ForecastSetting, category: PlannedCategory): LimitRule | null {
  const { limitPer100k } = category
  if (limitPer100k === null) return null
  const { plan, draw, stopping } = setting
  const maxPass = countMaxPass(setting, category)
  if (plan.policy.gate.decideBy === 'point-estimate') {
    const isBound = draw.length > 0 && (maxPass ?? 0) < draw.length
    return { maxPass, minFail: isBound ? (maxPass ?? 0) + 1 : null, minSuspect: null }
  }
  const { levels } = stopping
  const failAlpha = levels.alpha / countRivals(plan, category)
  return {
    maxPass,
    minFail: levels.finalDecides ? countFailing(setting, category, failAlpha) : null,
    minSuspect: countFailing(setting, category, levels.alpha),
  }
}

/** The most events that pass a limit; `null` where not even none does. */
export function countMaxPass(setting: ForecastSetting, category: PlannedCategory): number | null {
  const { plan, draw, stopping } = setting
  const turns = draw.length
  const limitPer100k = category.limitPer100k ?? 0
  const limit = limitPer100k / 100_000
  if (turns === 0) return null
  // Rounded as the observed rate is: 7 of 700 turns are 1 %, and not a hair above it.
  if (plan.policy.gate.decideBy === 'point-estimate') {
    return Math.min(turns, Math.floor(roundBound(limit * turns)))
  }
  const { alpha, finalDecides } = stopping.levels
  if (finalDecides && isPlain(setting, category)) return criticalCounts({ turns, limit, alpha }).maxPass
  // With nothing left for the end only a look can pass it; evidence grows with turns, so that the last is the best.
  const isRefused = finalDecides
    ? (events: number) => {
        const { upper } = boundRate(askRate(setting, category, placeEvents(setting, events)))
        return roundBound(upper * 100_000) > limitPer100k
      }
    : (events: number) => !passesByLooks({ setting, category, events })
  const guess = (guessCounts({ turns, limit, alpha })?.maxPass ?? -1) + 1
  const first = findFirstNear({ guess, least: 0, most: turns, isReached: isRefused })
  if (first === null) return turns
  return first === 0 ? null : first - 1
}

/** Turns that count alike, labels that are taken as they are, and a limit that counts can cross. */
function isPlain({ plan, method }: ForecastSetting, category: PlannedCategory): boolean {
  const limit = category.limitPer100k ?? 0
  return method === 'exact' && describeJudge(plan, category) === null && limit > 0 && limit < 100_000
}

/** The chances that a limit, by itself, decides at a rate (a proportion) of events. */
export function forecastLimit(
  rule: LimitRule,
  { turns, rate }: { turns: number; rate: number },
): { pass: number; fail: number; inconclusive: number } {
  const { maxPass, minFail } = rule
  const pass = computePassChance(maxPass, { turns, rate })
  const fail = minFail === null ? 0 : 1 - binomialCdf({ events: minFail - 1, trials: turns, rate })
  return { pass, fail, inconclusive: Math.max(0, 1 - pass - fail) }
}

/** The chance of at most so many events. */
export function computePassChance(
  maxPass: number | null,
  { turns, rate }: { turns: number; rate: number },
): number {
  return maxPass === null ? 0 : binomialCdf({ events: maxPass, trials: turns, rate })
}

/** The smallest limits that the drawn turns can pass at all. */
export function findSmallestLimits(setting: ForecastSetting, category: PlannedCategory): SmallestLimits {
  const { plan, draw, stopping } = setting
  const { gate } = plan.policy
  if (draw.length === 0) return { clean: 1, withMissing: 1 }
  if (gate.decideBy === 'point-estimate') return { clean: 0, withMissing: 0 }
  if (!stopping.levels.finalDecides) {
    const clean = findSmallestByLooks(setting, category)
    return { clean, withMissing: clean }
  }
  const lost = Math.floor(gate.missingBudgetShare * draw.length)
  // Lost in both arms, as an arm that loses more has its missing turns counted at their worst.
  const missing: Pick<Observation, 'baseline' | 'candidate'> = {
    baseline: 'transport-missing',
    candidate: 'transport-missing',
  }
  const partly = draw.map((turn, index) => (index < lost ? { ...turn, ...missing } : turn))
  return {
    clean: boundRate(askRate(setting, category, draw)).upper,
    withMissing: boundRate(askRate(setting, category, partly)).upper,
  }
}

/**
 * The smallest limit (a proportion) that the drawn turns pass with a power if events come at a rate: the upper bound
 * of the count that is not exceeded with that chance. A higher limit can let results end the run, which costs level:
 * the bound is taken at the levels that the new limit has.
 */
export function findLimitToPass(request: {
  setting: ForecastSetting
  category: PlannedCategory
  rate: number
  power: number
}): number {
  const { setting, category, rate, power } = request
  const turns = setting.draw.length
  if (turns === 0) return 1
  const events = quantileBinomial({ trials: turns, rate, probability: power })
  if (setting.plan.policy.gate.decideBy === 'point-estimate') return events / turns
  const bound = (other: ForecastSetting) =>
    other.stopping.levels.finalDecides
      ? boundRate(askRate(other, category, placeEvents(other, events))).upper
      : findSmallestByLooks(other, category, events)
  const first = bound(setting)
  const raised = { ...category, limitPer100k: Math.min(100_000, first * 100_000) }
  return Math.max(first, bound(changeCategory(setting, raised)))
}

/** The smallest count that is not exceeded with the probability. */
export function quantileBinomial(question: { trials: number; rate: number; probability: number }): number {
  const { trials, rate, probability } = question
  return (
    findFirstNear({
      guess: Math.floor(trials * rate),
      least: 0,
      most: trials,
      isReached: (events) => binomialCdf({ events, trials, rate }) >= probability,
    }) ?? trials
  )
}

function askRate(
  setting: ForecastSetting,
  category: PlannedCategory,
  observations: readonly Observation[],
): RateQuestion {
  const { plan, method, stopping } = setting
  return {
    observations,
    arm: 'candidate',
    alpha: stopping.levels.alpha,
    method,
    missingRule: 'within-budget',
    judge: describeJudge(plan, category),
    index: setting.index,
  }
}

function placeEvents(setting: ForecastSetting, events: number): Observation[] {
  return spreadEvents(setting, { candidateOnly: events, baselineOnly: 0, both: 0 })
}

/** The fewest events whose lower bound at the level is above the limit. */
function countFailing(setting: ForecastSetting, category: PlannedCategory, alpha: number): number | null {
  const limit = (category.limitPer100k ?? 0) / 100_000
  const turns = setting.draw.length
  if (isPlain(setting, category) && turns > 0) return criticalCounts({ turns, limit, alpha }).minFail
  const isOver = (events: number) => {
    const question = { ...askRate(setting, category, placeEvents(setting, events)), alpha }
    // Of counts the p value is the quicker to have, of weighted turns the bound.
    return setting.method === 'exact'
      ? testAbove({ ...question, limit }) < alpha
      : boundRate(question).lower > limit
  }
  const guess = guessCounts({ turns, limit, alpha })?.minFail ?? turns
  return findFirstNear({ guess, least: 1, most: turns, isReached: isOver })
}

/** What would decide turns that count alike and labels that are taken as they are: not far from what does. */
function guessCounts(plan: { turns: number; limit: number; alpha: number }) {
  return plan.turns > 0 && plan.limit > 0 && plan.limit < 1 ? criticalCounts(plan) : null
}

function findSmallestByLooks(setting: ForecastSetting, category: PlannedCategory, events = 0): number {
  let refused = 0
  let passed = 1
  for (let halving = 0; halving < halvings; halving += 1) {
    const middle = (refused + passed) / 2
    const other = { ...category, limitPer100k: middle * 100_000 }
    if (passesByLooks({ setting, category: other, events })) passed = middle
    else refused = middle
  }
  return passed
}

function passesByLooks(request: {
  setting: ForecastSetting
  category: PlannedCategory
  events: number
}): boolean {
  const { setting, category, events } = request
  const { plan, draw, stopping } = setting
  const look = createLooks({ plan, category, plannedTurns: draw.length, levels: stopping.levels })
  const observations = placeEvents(setting, events)
  for (let start = 0; start < observations.length; start += batchTurns) {
    const decided = look(observations.slice(start, start + batchTurns))
    if (decided !== null) return decided.decision === 'pass'
  }
  return false
}
