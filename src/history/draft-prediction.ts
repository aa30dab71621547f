import { predictEvents } from '../estimate/prediction-limits.ts'
import type { Prediction } from '../registration/schema.ts'
import type { PastRate } from './past-rates.ts'

/** Of either end of a drafted interval: nineteen of twenty unchanged checkpoints lie within. */
const surprise = 0.025
/** Digits that are written. */
const digits = 3

/**
 * Predicts that a behaviour is as frequent as it was. The interval says where the rate of the next sample's turns would be
 * surprising if it were: it holds the uncertainty of the past rate and the noise of the next sample (`predictEvents`),
 * each end being missed with a chance of 2.5 % at most. It is rounded outwards.
 * @param next how many turns of equal weight, each a conversation of its own, the next sample is worth; at least 1
 */
export function draftPrediction(parts: { category: string; past: PastRate; next: number }): Prediction {
  const { category, past, next } = parts
  const { events, trials, ratePer100k } = past
  const { lower, upper } = predictEvents({ events, trials, next, alpha: surprise })
  return {
    category,
    ratePer100k: roundRate(ratePer100k, 'nearest'),
    intervalPer100k: [roundRate((lower / next) * 100_000, 'down'), roundRate((upper / next) * 100_000, 'up')],
    direction: 'same',
    limitPer100k: null,
  }
}

/** A rate with as many digits as a registration is written with. */
export function roundRate(per100k: number, way: 'nearest' | 'down' | 'up'): number {
  const [mantissa = '0', exponent = '0'] = per100k.toExponential(digits - 1).split('e')
  const nearest = Number(`${mantissa}e${exponent}`)
  // What is a hair off by division is not another number.
  const exact = Number(per100k.toPrecision(12))
  const step = Number(`1e${Number(exponent) - digits + 1}`)
  const shift = (by: number) => Number((nearest + by).toPrecision(digits))
  if (way === 'down' && nearest > exact) return shift(-step)
  if (way === 'up' && nearest < exact) return Math.min(100_000, shift(step))
  return nearest
}
