import { binomialCdf, binomialUpperTail } from './distributions.ts'
import { testWorse } from './paired.ts'
import { criticalCounts, planTurnsToPass, smallestPassableLimit } from './planning.ts'

/** The chance with which a sample should be able to show what it is drawn for. */
export const wantedPower = 0.8

const rateSteps = 40

/** What a category is forecast from. Rates are proportions. */
export interface ForecastQuestion {
  turns: number
  limit: number | null
  /** The registered rate, taken for both arms; `null` where nothing was predicted. */
  predicted: number | null
  alpha: number
  regressionAlpha: number
  /** How many tests can fail the candidate: the first level of Holm's procedure is α over their number. */
  tests: number
}

/** What a sample can show of a limit, before it is measured. */
export interface LimitForecast {
  /** Below it not even a sample without events passes. */
  smallestPassable: number
  /** The fewest turns that pass with the wanted power at the predicted rate; `null`: none, or no prediction. */
  turnsToPass: number | null
  /** At the predicted rate, of this category's limit alone. */
  chances: { pass: number; fail: number; inconclusive: number } | null
}

/** What a sample can show of a regression. */
export interface RegressionForecast {
  /** The fewest pairs of which all speaking against the candidate show it worse. */
  fewestPairs: number
  /** The candidate's rate from which on "worse" is found with the wanted power, the baseline at the predicted rate. */
  detectable: number | null
}

/**
 * Forecasts what Clopper–Pearson bounds of a sample with equal weights will say of a limit (the rule of
 * `decideVerdict`); `null` where there is no limit.
 */
export function forecastLimit(question: ForecastQuestion): LimitForecast | null {
  const { turns, limit, predicted, alpha, tests } = question
  if (limit === null) return null
  const smallestPassable = smallestPassableLimit({ turns, alpha })
  if (predicted === null) return { smallestPassable, turnsToPass: null, chances: null }
  if (limit <= 0 || limit >= 1) {
    const pass = limit >= 1 ? 1 : 0
    return { smallestPassable, turnsToPass: null, chances: { pass, fail: 0, inconclusive: 1 - pass } }
  }
  const { maxPass } = criticalCounts({ turns, limit, alpha })
  const { minFail } = criticalCounts({ turns, limit, alpha: alpha / tests })
  const pass = maxPass === null ? 0 : binomialCdf({ events: maxPass, trials: turns, rate: predicted })
  const fail = minFail === null ? 0 : binomialUpperTail({ events: minFail, trials: turns, rate: predicted })
  return {
    smallestPassable,
    turnsToPass: planTurnsToPass({ limit, rate: predicted, power: wantedPower, alpha })?.turns ?? null,
    chances: { pass, fail, inconclusive: Math.max(0, 1 - pass - fail) },
  }
}

/**
 * Forecasts from which rate on the exact one-sided McNemar test finds a candidate worse, at the first level of
 * Holm's procedure, if events fall independently in the two arms: the discordant counts are binomial with
 * p_c(1 − p_b) and p_b(1 − p_c), and are taken as independent of each other, which rare events nearly are.
 */
export function forecastRegression(question: ForecastQuestion): RegressionForecast {
  const { turns, predicted, regressionAlpha, tests } = question
  const alpha = regressionAlpha / tests
  const fewestPairs = countFewestPairs(regressionAlpha)
  if (predicted === null || predicted >= 1 || turns === 0) return { fewestPairs, detectable: null }
  const power = (candidate: number) => computePower({ turns, baseline: predicted, candidate, alpha })
  if (power(1) < wantedPower) return { fewestPairs, detectable: null }
  let low = predicted
  let high = 1
  for (let step = 0; step < rateSteps; step += 1) {
    const middle = (low + high) / 2
    if (power(middle) >= wantedPower) high = middle
    else low = middle
  }
  return { fewestPairs, detectable: high }
}

/** The fewest pairs of which all speaking against the candidate would show it worse. */
export function countFewestPairs(alpha: number): number {
  let pairs = 1
  while (testWorse({ candidateOnly: pairs, baselineOnly: 0 }) > alpha) pairs += 1
  return pairs
}

function computePower(question: {
  turns: number
  baseline: number
  candidate: number
  alpha: number
}): number {
  const { turns, baseline, candidate, alpha } = question
  const worse = candidate * (1 - baseline)
  const better = baseline * (1 - candidate)
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
