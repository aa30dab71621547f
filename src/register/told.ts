import { GateError } from '../errors.ts'
import type { ForecastSetting } from '../forecast/forecast-setting.ts'
import { countWorth, findNoise } from '../forecast/resolution.ts'
import { draftPrediction, roundRate } from '../history/draft-prediction.ts'
import { suggestKey } from '../policy/document.ts'
import { parseRate } from '../policy/rate.ts'
import type { Policy } from '../policy/schema.ts'
import type { Prediction } from '../registration/schema.ts'
import type { ChosenPast } from './past.ts'

/** What somebody expects of a category beside, or in place of, what was measured. Rates per 100,000 turns. */
export interface ToldPrediction {
  ratePer100k?: number
  intervalPer100k?: [number, number]
  direction?: Prediction['direction']
  limitPer100k?: number
}

/** What was told, as it was written: `category=value`, a list for each part of a prediction. */
export interface ToldWords {
  rates: readonly string[]
  intervals: readonly string[]
  directions: readonly string[]
  limits: readonly string[]
}

/**
 * Reads what was told, by category.
 * @throws GateError for what is no `category=value`, no rate, or no direction
 */
export function parseTold(words: ToldWords): Map<string, ToldPrediction> {
  const told = new Map<string, ToldPrediction>()
  const add = (
    option: string,
    texts: readonly string[],
    read: (value: string) => ToldPrediction | string,
  ) => {
    for (const text of texts) {
      const [, category = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
      const found = category === '' ? `"${text}" is no category=value` : read(value)
      if (typeof found === 'string') throw refuseWord(option, found)
      told.set(category, { ...told.get(category), ...found })
    }
  }
  const readRate = (key: 'ratePer100k' | 'limitPer100k') => (value: string) => {
    const rate = parseRate(value)
    return typeof rate === 'string' ? rate : { [key]: rate }
  }
  add('--rate', words.rates, readRate('ratePer100k'))
  add('--interval', words.intervals, readInterval)
  add('--direction', words.directions, (value) =>
    value === 'up' || value === 'down' || value === 'same'
      ? { direction: value }
      : `"${value}" is not up, down or same`,
  )
  add('--limit', words.limits, readRate('limitPer100k'))
  return told
}

function readInterval(value: string): ToldPrediction | string {
  const [low, high, ...rest] = value.split('..').map(parseRate)
  if (low === undefined || high === undefined || rest.length > 0) {
    return `"${value}" is no interval: write it as from..to, such as 0.1%..0.5%`
  }
  if (typeof low === 'string') return low
  if (typeof high === 'string') return high
  return low > high ? 'the interval ends before it begins' : { intervalPer100k: [low, high] }
}

/**
 * Predicts of each category what was measured, or what was told in place of it; none of a category of which neither is
 * known. A told rate without an interval gets the one in which nineteen of twenty samples at that rate lie.
 * @throws GateError for an unknown category, or one of which something is told but no rate is known
 */
export function draftPredictions(parts: {
  policy: Policy
  past: ChosenPast
  told: ReadonlyMap<string, ToldPrediction>
  setting: ForecastSetting
}): Prediction[] {
  const { policy, past, told, setting } = parts
  const ids = policy.categories.map(({ id }) => id)
  for (const category of told.keys()) {
    if (ids.includes(category)) continue
    throw refuseWord('register', `the policy has no category "${category}"${suggestKey(category, ids)}`)
  }
  const next = Math.max(1, countWorth(setting))
  return ids.flatMap((category) => {
    const found = past.rates.get(category)
    const own = told.get(category)
    const drafted = found === undefined ? null : draftPrediction({ category, past: found.past, next })
    if (own === undefined) return drafted === null ? [] : [drafted]
    return [changePrediction({ category, drafted, told: own, next })]
  })
}

function changePrediction(parts: {
  category: string
  drafted: Prediction | null
  told: ToldPrediction
  next: number
}): Prediction {
  const { category, drafted, told, next } = parts
  const ratePer100k = told.ratePer100k ?? drafted?.ratePer100k
  if (ratePer100k === undefined) {
    throw refuseWord('register', `nothing was measured of "${category}": tell its rate too, with --rate`)
  }
  const around = (): [number, number] => {
    if (drafted !== null && told.ratePer100k === undefined) return drafted.intervalPer100k
    const [low, high] = findNoise(next, ratePer100k / 100_000)
    return [roundRate(Math.min(low, ratePer100k), 'down'), roundRate(Math.max(high, ratePer100k), 'up')]
  }
  return {
    category,
    ratePer100k,
    intervalPer100k: told.intervalPer100k ?? around(),
    direction: told.direction ?? 'same',
    limitPer100k: told.limitPer100k ?? null,
  }
}

function refuseWord(option: string, message: string): GateError {
  return new GateError({
    code: 'usage',
    message: `${option}: ${message}`,
    remedy: 'write it as category=value, such as --rate over-refusal=0.5% or --direction over-refusal=down',
  })
}
