import { binomialCdf, binomialUpperTail } from '../estimate/distributions.ts'
import { countFewestPairs, testWorse } from '../estimate/paired.ts'
import { joinRates } from './pair-rates.ts'

/** The chance with which a sample should be able to show what it is drawn for. */
export const wantedPower = 0.8

const rateSteps = 40

/** What a regression is forecast from. */
export interface RegressionForecastQuestion {
  turns: number
  /** The baseline's rate, a proportion; `null` where nothing is known of it. */
  baseline: number | null
  /** How independently events fall in the two arms (`joinRates`). */
  independence: number
  /** The level of "worse" at the first step of Holm's procedure. */
  alpha: number
}

/**
 * The candidate's rate from which on the exact one-sided McNemar test finds it worse with the wanted power; `null` when
 * there is none. The discordant counts are taken as independent of each other, which rare events nearly are.
 */
export function findDetectableRate(question: RegressionForecastQuestion): number | null {
  const { turns, baseline } = question
  if (baseline === null || baseline >= 1 || turns === 0) return null
  const power = (candidate: number) => computeWorsePower({ ...question, baseline, candidate })
  if (power(1) < wantedPower) return null
  let low = baseline
  let high = 1
  for (let step = 0; step < rateSteps; step += 1) {
    const middle = (low + high) / 2
    if (power(middle) >= wantedPower) high = middle
    else low = middle
  }
  return high
}

/** The fewest candidate-only pairs beside so many of the baseline's that show a candidate worse. */
export function countWorsePairs({ baselineOnly, alpha }: { baselineOnly: number; alpha: number }): number {
  let candidateOnly = Math.max(1, baselineOnly)
  while (testWorse({ candidateOnly, baselineOnly }) > alpha) candidateOnly += 1
  return candidateOnly
}

/** The chance that the test finds a candidate with a higher rate than the baseline's worse. */
export function computeWorsePower(question: {
  turns: number
  baseline: number
  candidate: number
  independence: number
  alpha: number
}): number {
  const { turns, alpha } = question
  const { candidateOnly: worse, baselineOnly: better } = joinRates(question)
  let power = 0
  let below = 0
  let critical = countFewestPairs(alpha)
  for (let events = 0; events <= turns; events += 1) {
    const cumulated = binomialCdf({ events, trials: turns, rate: better })
    while (testWorse({ candidateOnly: critical, baselineOnly: events }) > alpha) critical += 1
    if (critical <= turns)
      power += (cumulated - below) * binomialUpperTail({ events: critical, trials: turns, rate: worse })
    below = cumulated
    if (1 - cumulated < 1e-9) break
  }
  return power
}
