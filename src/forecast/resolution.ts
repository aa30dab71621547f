import { binomialCdf, normalDeviate } from '../estimate/distributions.ts'
import type { Plan, PlannedCategory } from '../plan/plan.ts'
import { formatRate } from '../policy/rate.ts'
import { countUnits, type ForecastSetting } from './forecast-setting.ts'
import { quantileBinomial } from './limit-forecast.ts'
import { formatChance, joinWaysOut } from './measurability.ts'
import { joinRates } from './pair-rates.ts'
import { computeWorsePower, wantedPower } from './regression-forecast.ts'

/** A part of a prediction that the sample can't resolve, and the ways out. */
export interface Unresolved {
  field: 'interval' | 'direction'
  message: string
  remedy: string
}

/** A prediction, and what it is held against. Rates of turns are proportions. */
export interface ResolutionQuestion {
  setting: ForecastSetting
  category: PlannedCategory
  prediction: Plan['registration']['predictions'][number]
  /** The baseline's rate; `null` where it is not known. */
  baseline: number | null
  /** How independently events fall in the two arms (`joinRates`). */
  independence: number
}

/** Above it an answer is none. */
const mostTurns = 20_000_000
const growth = 1.02
/** Above so many turns the normal approximation is as good as the exact power, and much quicker. */
const mostExact = 100_000
/** Of either end of what is called noise. */
const tail = 0.025

/**
 * What the drawn turns can't tell of a prediction: an interval in which even a candidate that is exactly as predicted
 * lies with a chance under .8, and a difference from the baseline that the test which finds a candidate worse (exact
 * McNemar, in either direction, at the category's own level) shows with a chance under .8. Where the baseline's rate is
 * not known, a rise is held against the best case, a baseline without a single event. A prediction of the same claims no
 * difference.
 */
export function findUnresolved(question: ResolutionQuestion): Unresolved[] {
  const found = [refuseInterval(question), refuseDirection(question)]
  return found.filter((problem) => problem !== null)
}

/**
 * How many turns of equal weight, each a conversation of its own, the drawn ones are worth (Kish's effective number of
 * conversations).
 */
export function countWorth({ draw, method }: Pick<ForecastSetting, 'draw' | 'method'>): number {
  if (method === 'exact') return draw.length
  const weights = new Map<number, number>()
  for (const { cluster, weight } of draw) weights.set(cluster, (weights.get(cluster) ?? 0) + weight)
  let sum = 0
  let squares = 0
  for (const weight of weights.values()) {
    sum += weight
    squares += weight * weight
  }
  return squares === 0 ? 0 : Math.floor((sum * sum) / squares)
}

function refuseInterval({ setting, prediction }: ResolutionQuestion): Unresolved | null {
  const { ratePer100k, intervalPer100k } = prediction
  const [low, high] = intervalPer100k
  const turns = countWorth(setting)
  // Who predicts a rate outside the interval has mistaken one of the two, which is another problem.
  if (ratePer100k < low || ratePer100k > high || turns === 0) return null
  const rate = ratePer100k / 100_000
  const chance = computeChanceInside({ turns, rate, intervalPer100k })
  if (chance >= wantedPower) return null
  const needed = findByGrowth(turns, (count) => computeChanceInside({ turns: count, rate, intervalPer100k }))
  const [from, to] = findNoise(turns, rate)
  return {
    field: 'interval',
    message: `the sample can't resolve it: at the predicted ${formatRate(ratePer100k)}, ${sayTurns(setting, turns)} lie within ${formatRate(low)} to ${formatRate(high)} with a chance of only ${formatChance(chance)}`,
    remedy: joinWaysOut([
      `widen the interval to ${formatRate(from)} to ${formatRate(to)}`,
      // Of those that are drawn, more are worth as many of equal weight.
      ...(needed === null ? [] : [`draw about ${Math.ceil((needed * setting.draw.length) / turns)} turns`]),
    ]),
  }
}

/** The chance that the observed rate of so many turns lies within the interval. */
function computeChanceInside(question: {
  turns: number
  rate: number
  intervalPer100k: readonly [number, number]
}): number {
  const { turns, rate, intervalPer100k } = question
  const [low, high] = intervalPer100k
  // 1 % of 700 turns are 7 of them, and not 7.000000000000001.
  const count = (per100k: number) => Number(((turns * per100k) / 100_000).toPrecision(12))
  const cumulate = (events: number) => (events < 0 ? 0 : binomialCdf({ events, trials: turns, rate }))
  return cumulate(Math.min(turns, Math.floor(count(high)))) - cumulate(Math.ceil(count(low)) - 1)
}

/** Where nineteen of twenty samples of that rate lie, per 100,000 turns. */
export function findNoise(turns: number, rate: number): [number, number] {
  const find = (probability: number) => quantileBinomial({ trials: turns, rate, probability })
  const at = (events: number) => (events / turns) * 100_000
  return [at(find(tail)), at(find(1 - tail))]
}

function refuseDirection(question: ResolutionQuestion): Unresolved | null {
  const { setting, prediction, baseline } = question
  const { direction, ratePer100k } = prediction
  const turns = countUnits(setting)
  if (direction === 'same' || turns === 0) return null
  const candidate = ratePer100k / 100_000
  if (baseline === null && direction === 'down') return null
  const from = baseline ?? 0
  const isThere = direction === 'up' ? candidate > from : candidate < from
  const word = direction === 'up' ? 'rise' : 'fall'
  const known = `${formatRate(from * 100_000)}${baseline === null ? ', the least that it could be,' : ''}`
  const remedy = (turns: number | null) =>
    joinWaysOut([
      'predict `same`',
      'predict a larger difference',
      ...(turns === null ? [] : [`draw about ${turns} turns`]),
    ])
  if (!isThere) {
    return {
      field: 'direction',
      message: `\`${direction}\` is predicted, and the rate of ${formatRate(ratePer100k)} is no ${word} from the baseline's ${known.replace(/,$/, '')}`,
      remedy: remedy(null),
    }
  }
  const sides = direction === 'up' ? { candidate, baseline: from } : { candidate: from, baseline: candidate }
  const chance = (count: number) => computeDirectionPower(question, { ...sides, turns: count })
  const power = chance(turns)
  if (power >= wantedPower) return null
  const guess = guessTurns(question, sides)
  const needed = guess > mostExact ? guess : findByGrowth(Math.max(turns, Math.floor(guess / 2)), chance)
  return {
    field: 'direction',
    message: `the sample can't resolve it: ${sayTurns(setting, turns)} show a ${word} from the baseline's ${known} to ${formatRate(ratePer100k)} with a chance of only ${formatChance(power)}`,
    remedy: remedy(needed !== null && needed <= mostTurns ? needed : null),
  }
}

interface Sides {
  /** The higher rate. */
  candidate: number
  baseline: number
}

function computeDirectionPower(
  { setting, independence }: ResolutionQuestion,
  question: Sides & { turns: number },
): number {
  return computeWorsePower({ ...question, independence, alpha: setting.stopping.levels.regressionAlpha })
}

/** By the normal approximation of McNemar's test: (z_α + z_power)² (p₁₀ + p₀₁) / (p₁₀ − p₀₁)². */
function guessTurns({ setting, independence }: ResolutionQuestion, sides: Sides): number {
  const { candidateOnly, baselineOnly } = joinRates({ ...sides, independence })
  const difference = candidateOnly - baselineOnly
  const deviates = normalDeviate(setting.stopping.levels.regressionAlpha) + normalDeviate(1 - wantedPower)
  return Math.ceil((deviates * deviates * (candidateOnly + baselineOnly)) / (difference * difference))
}

/** The first of turns, turns · 1.02, … that reach the wanted chance. */
function findByGrowth(turns: number, chance: (turns: number) => number): number | null {
  for (let count = Math.max(1, turns); count <= mostTurns; count = Math.ceil(count * growth)) {
    if (chance(count) >= wantedPower) return count
  }
  return null
}

function sayTurns({ draw }: ForecastSetting, worth: number): string {
  const turns = `${worth} turns`
  return worth === draw.length ? turns : `${draw.length} turns, worth ${worth} of equal weight,`
}
