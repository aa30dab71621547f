import { computeJudgeFloor, estimateTrueRate } from '../../estimate/judge-error.ts'
import { countFewestPairs } from '../../estimate/paired.ts'
import {
  countRivals,
  countUnits,
  describeJudge,
  type ForecastSetting,
} from '../../forecast/forecast-setting.ts'
import { findLimitRule, findSmallestLimits, forecastLimit } from '../../forecast/limit-forecast.ts'
import { computeChanceWithin, findPairsToPass } from '../../forecast/margin-forecast.ts'
import { findUnmeasurable, type Unmeasurable } from '../../forecast/measurability.ts'
import type { MeasuredRun } from '../../forecast/measured-run.ts'
import { joinRates, type PairRates } from '../../forecast/pair-rates.ts'
import { findDetectableRate, wantedPower } from '../../forecast/regression-forecast.ts'
import type { Chances } from '../../forecast/run-simulation.ts'
import { findTurnsToPass } from '../../forecast/turns-to-pass.ts'
import type { PlannedCategory } from '../../plan/plan.ts'

/** What the plan can show of one category. Rates per 100,000 turns. */
export interface CategoryForecast {
  id: string
  role: 'block' | 'watch'
  /** What was registered of the candidate; `null` where nothing was. */
  predicted_per_100k: number | null
  /** The baseline's rate that is reckoned with: a measured one, else the predicted; `null` without either. */
  baseline_per_100k: number | null
  /** Of all its tests together, at the prediction; `null` without one. */
  chances: Chances | null
  regression: {
    /** The candidate's rate from which on it is found worse with a chance of .8; `null`: from none. */
    worse_from_per_100k: number | null
    /** Fewer pairs can't show a candidate worse. */
    fewest_pairs: number
  } | null
  limit: {
    per_100k: number
    smallest_per_100k: number
    /** With as many calls lost as the missing budget allows. */
    smallest_with_missing_per_100k: number
    /** Of the limit by itself. */
    chances: Chances | null
    /** Turns that pass with a chance of .8; `null`: none, or no such rate. */
    turns_to_pass: { at_prediction: number | null; at_baseline: number | null }
  } | null
  margin: {
    per_100k: number
    /** That it passes when nothing changed. */
    chance_unchanged: number
    turns_to_pass: number | null
  } | null
  judge: {
    kind: 'none' | 'uncalibrated' | 'calibrated' | 'unusable'
    /** The smallest rate that can be told from false alarms on top of the limit; `null` where it is not known. */
    floor_per_100k: number | null
  }
  /** Why it can hardly pass, and the ways out. */
  problems: Unmeasurable[]
}

/** What is expected of a category, as proportions. */
export interface Expectation {
  predicted: number | null
  baseline: number | null
  independence: number
}

/** What is expected: of the candidate what was registered, of the baseline what an earlier run measured. */
export function expectRates(
  setting: ForecastSetting,
  category: PlannedCategory,
  measured: MeasuredRun | null,
): Expectation {
  const prediction = setting.plan.registration.predictions.find((entry) => entry.category === category.id)
  const predicted = prediction === undefined ? null : prediction.ratePer100k / 100_000
  const seen = measured?.categories.get(category.id)
  return {
    predicted,
    baseline: seen?.baselineRate ?? predicted,
    independence: seen?.independence ?? 1,
  }
}

/** The rates of both arms; without a prediction the candidate is taken to be like the baseline, `null` without either. */
export function expectPairs({ predicted, baseline, independence }: Expectation): PairRates | null {
  const candidate = predicted ?? baseline
  return candidate === null || baseline === null ? null : joinRates({ candidate, baseline, independence })
}

/** The share of the pairs that differs when the candidate is like the baseline. */
export function expectDiscordance({ baseline, independence }: Expectation): number {
  if (baseline === null) return 0
  const pairs = joinRates({ candidate: baseline, baseline, independence })
  return pairs.candidateOnly + pairs.baselineOnly
}

/** Forecasts one category by the rule that will decide it; its chances come from simulated runs. */
export function forecastCategory(request: {
  setting: ForecastSetting
  category: PlannedCategory
  expected: Expectation
  chances: Chances | null
}): CategoryForecast {
  const { setting, category, expected, chances } = request
  const { predicted, baseline } = expected
  return {
    id: category.id,
    role: category.role,
    predicted_per_100k: toPer100k(predicted),
    baseline_per_100k: toPer100k(baseline),
    chances,
    regression: category.regression ? forecastRegression(request) : null,
    limit: forecastOwnLimit(request),
    margin: forecastOwnMargin(request),
    judge: describeErrors(setting, category),
    problems: findUnmeasurable({
      setting,
      category,
      rate: predicted,
      discordant: expectDiscordance(expected),
    }),
  }
}

interface Question {
  setting: ForecastSetting
  category: PlannedCategory
  expected: Expectation
}

function forecastRegression({ setting, category, expected }: Question): CategoryForecast['regression'] {
  const { regressionAlpha } = setting.stopping.levels
  const detectable = findDetectableRate({
    turns: countUnits(setting),
    baseline: expected.baseline,
    independence: expected.independence,
    alpha: regressionAlpha / countRivals(setting.plan, category),
  })
  return { worse_from_per_100k: toPer100k(detectable), fewest_pairs: countFewestPairs(regressionAlpha) }
}

function forecastOwnLimit({ setting, category, expected }: Question): CategoryForecast['limit'] {
  const rule = findLimitRule(setting, category)
  if (rule === null || category.limitPer100k === null) return null
  const turnsToPass = (rate: number | null) =>
    rate === null ? null : findTurnsToPass({ setting, goal: { category, rate }, power: wantedPower })
  const { predicted, baseline } = expected
  const smallest = findSmallestLimits(setting, category)
  return {
    per_100k: category.limitPer100k,
    smallest_per_100k: smallest.clean * 100_000,
    smallest_with_missing_per_100k: smallest.withMissing * 100_000,
    chances: predicted === null ? null : forecastLimit(rule, { turns: setting.draw.length, rate: predicted }),
    turns_to_pass: { at_prediction: turnsToPass(predicted), at_baseline: turnsToPass(baseline) },
  }
}

function forecastOwnMargin({ setting, category, expected }: Question): CategoryForecast['margin'] {
  const { marginPer100k } = category
  if (marginPer100k === null) return null
  const discordant = expectDiscordance(expected)
  return {
    per_100k: marginPer100k,
    chance_unchanged: computeChanceWithin({ setting, category, marginPer100k, discordant }),
    turns_to_pass: findPairsToPass({ setting, category, discordant, power: wantedPower }),
  }
}

function describeErrors(setting: ForecastSetting, category: PlannedCategory): CategoryForecast['judge'] {
  const judge = describeJudge(setting.plan, category)
  if (judge === null) {
    const isJudged = category.graders.some(({ endpoint }) => typeof endpoint === 'string')
    return { kind: isJudged ? 'uncalibrated' : 'none', floor_per_100k: null }
  }
  const { calibration } = judge
  if (estimateTrueRate({ rate: 0, calibration }).kind === 'unusable') {
    return { kind: 'unusable', floor_per_100k: null }
  }
  const { alpha } = setting.stopping.levels
  // Without a limit a rate of 0 is what false alarms are told from.
  const limit = (category.limitPer100k ?? 0) / 100_000
  return { kind: 'calibrated', floor_per_100k: toPer100k(computeJudgeFloor({ limit, calibration, alpha })) }
}

function toPer100k(proportion: number): number
function toPer100k(proportion: number | null): number | null
function toPer100k(proportion: number | null): number | null {
  return proportion === null ? null : proportion * 100_000
}
