import { countTests } from '../../estimate/looks.ts'
import { boundFalseAlarms, type FalseAlarms } from '../../forecast/false-alarms.ts'
import { describeSetting, type ForecastSetting, planStoppingAt } from '../../forecast/forecast-setting.ts'
import { approximateChance } from '../../forecast/margin-forecast.ts'
import type { MeasuredRun } from '../../forecast/measured-run.ts'
import { wantedPower } from '../../forecast/regression-forecast.ts'
import { type Chances, type SimulatedRuns, simulateRuns } from '../../forecast/run-simulation.ts'
import { findTurnsForAll } from '../../forecast/turns-to-pass.ts'
import type { Plan, PlannedCategory } from '../../plan/plan.ts'
import type { Sample } from '../../sample/draw.ts'
import {
  type CategoryForecast,
  type Expectation,
  expectDiscordance,
  expectPairs,
  expectRates,
  forecastCategory,
} from './category-forecast.ts'
import { type CostForecast, forecastCost } from './cost.ts'
import type { CostQuestion } from './cost-question.ts'

/** What a plan can show and what it will cost, before anything is asked. */
export interface PlanForecast {
  version: 1
  plan_digest: string
  baseline: string
  candidate: string
  tier: 'smoke' | 'release'
  round: number
  turns_asked: number
  turns_drawn: number
  conversations: number
  /** How many turns of equal weight those drawn are worth (Kish), and their number over it. */
  effective_turns: number
  design_effect: number
  effective_conversations: number
  rule: {
    decided_by: 'bounds' | 'point-estimate'
    /** Of the last turn, one-sided; looks may have spent a part before. */
    alpha: number
    regression_alpha: number
    /** Why the results can't end the run; `null` when they can. */
    early_stopping_off: string | null
    /** Tests that can fail the candidate. */
    tests: number
    missing_budget_share: number
  }
  /** The earlier run that the baseline's rates are from; `null`: the predictions are taken for both arms. */
  rates_from: { run: string; turns: number } | null
  categories: CategoryForecast[]
  overall: {
    /** Of the verdict at the predictions; `null` where a blocking category is not predicted. */
    chances: Chances | null
    simulated_runs: number | null
    /** Turns with which all limits and margins that block pass together with a chance of .8; `null`: none, or not known. */
    turns_to_pass: number | null
  }
  cost: CostForecast
  /** `null` where no level bounds them. */
  false_fails: {
    runs_per_year: number
    per_run_at_most: number
    per_year_at_most: number
    /** `null`: never. */
    years_between_at_least: number | null
    per_year_at_most_without_holm: number
  } | null
}

/** What is forecast, and from what. */
export interface ForecastRequest {
  plan: Plan
  planDigest: string
  tier: 'smoke' | 'release'
  sample: Sample
  policy: CostQuestion['policy']
  /** The labelled sets that the run grades beside the sample. */
  labelledSets: CostQuestion['labelledSets']
  /** Its name, and what it measured. */
  from: { run: string; measured: MeasuredRun } | null
  runsPerYear: number
}

/** What the tests of a plan are forecast from: of its turns, what they stand for. */
export interface TestsRequest {
  plan: Plan
  planDigest: string
  tier: 'smoke' | 'release'
  turns: Parameters<typeof describeSetting>[0]['turns']
  measured: MeasuredRun | null
}

/** What the tests of a plan can show, whatever they cost. */
export type TestsForecast = Pick<PlanForecast, 'rule' | 'categories' | 'overall'> & {
  setting: ForecastSetting
  expected: ExpectedCategory[]
  /** `null` where nothing is known of any category. */
  runs: SimulatedRuns | null
}

/** Forecasts the tests of a plan by the rule that will decide it. */
export function forecastTests(request: TestsRequest): TestsForecast {
  const { plan, tier, turns, measured } = request
  const setting = describeSetting({ plan, tier, turns })
  const expected = plan.policy.categories.map((category) => ({
    category,
    expected: expectRates(setting, category, measured),
  }))
  const runs = simulate(request, setting, expected)
  const { levels, off } = setting.stopping
  return {
    setting,
    expected,
    runs,
    rule: {
      decided_by: plan.policy.gate.decideBy,
      alpha: levels.alpha,
      regression_alpha: levels.regressionAlpha,
      early_stopping_off: off,
      tests: countTests(plan),
      missing_budget_share: plan.policy.gate.missingBudgetShare,
    },
    categories: expected.map((entry) =>
      forecastCategory({ setting, ...entry, chances: runs?.categories.get(entry.category.id) ?? null }),
    ),
    overall: {
      chances: isPredicted(expected) ? (runs?.overall ?? null) : null,
      simulated_runs: runs?.runs ?? null,
      turns_to_pass: sizeForAll(setting, expected),
    },
  }
}

/** Forecasts a plan by the rule that will decide it. */
export function forecastPlan(request: ForecastRequest): PlanForecast {
  const { plan, tier, sample, from } = request
  const { counts, turns } = sample
  const tests = forecastTests({ ...request, turns, measured: from?.measured ?? null })
  const { setting, expected, runs, rule, categories, overall } = tests
  return {
    version: 1,
    plan_digest: request.planDigest,
    baseline: plan.baseline,
    candidate: plan.candidate,
    tier,
    round: plan.registration.round,
    turns_asked: counts.turnsAsked,
    turns_drawn: counts.turnsDrawn,
    conversations: counts.conversations,
    effective_turns: counts.effectiveTurns,
    design_effect: counts.designEffect,
    effective_conversations: counts.effectiveConversations,
    rule,
    rates_from: from === null ? null : { run: from.run, turns: from.measured.turns },
    categories,
    overall,
    cost: forecastCost({
      ...request,
      expectedTurns: isPredicted(expected) ? (runs?.turnsAsked ?? null) : null,
      flagged: readFlagged(expected),
      measured: isComparable(plan, from) ? from.measured : null,
    }),
    false_fails: describeFalseFails(
      boundFalseAlarms({ plan, stopping: setting.stopping, runsPerYear: request.runsPerYear }),
    ),
  }
}

/** A category, and what is expected of it. */
export interface ExpectedCategory {
  category: PlannedCategory
  expected: Expectation
}

function simulate(
  { planDigest, tier }: Pick<TestsRequest, 'planDigest' | 'tier'>,
  setting: ForecastSetting,
  categories: readonly ExpectedCategory[],
): SimulatedRuns | null {
  const known = categories.flatMap(({ category, expected }) => {
    const rates = expectPairs(expected)
    return rates === null ? [] : [{ category, rates }]
  })
  if (known.length === 0) return null
  // Looks at some blocking categories alone would end runs that the others go on with.
  const isWhole = isPredicted(categories)
  const stopping = isWhole
    ? setting.stopping
    : { ...setting.stopping, off: 'not every blocking category is predicted' }
  const runs = simulateRuns({
    setting: { ...setting, stopping },
    categories: known,
    seed: Number.parseInt(planDigest.slice(0, 8), 16),
  })
  if (tier === 'release') return runs
  return {
    ...runs,
    overall: neverPass(runs.overall),
    categories: new Map([...runs.categories].map(([id, chances]) => [id, neverPass(chances)])),
  }
}

/** A smoke run that finds nothing is inconclusive. */
function neverPass({ pass, fail, inconclusive }: Chances): Chances {
  return { pass: 0, fail, inconclusive: inconclusive + pass }
}

function isPredicted(categories: readonly ExpectedCategory[]): boolean {
  return categories.every(
    ({ category, expected }) => category.role === 'watch' || expectPairs(expected) !== null,
  )
}

function sizeForAll(setting: ForecastSetting, categories: readonly ExpectedCategory[]): number | null {
  const blocking = categories.filter(({ category }) => category.role === 'block')
  if (blocking.length === 0 || setting.plan.policy.gate.decideBy === 'point-estimate') return null
  const goals = blocking.flatMap(({ category, expected }) => {
    const rate = expected.predicted ?? expected.baseline
    return category.limitPer100k === null || rate === null ? [] : [{ category, rate }]
  })
  const margins = blocking.filter(({ category }) => category.marginPer100k !== null)
  if (goals.length === 0 && margins.length === 0) return null
  if (!isPredicted(categories)) return null
  const others = (turns: number) => {
    const { levels } = planStoppingAt(setting, turns)
    return margins.reduce((chance, { category, expected }) => {
      const discordant = expectDiscordance(expected)
      return chance * approximateChance({ setting, category, levels, pairs: turns, discordant })
    }, 1)
  }
  return findTurnsForAll({ setting, goals, power: wantedPower, others })
}

function readFlagged(categories: readonly ExpectedCategory[]): Map<string, number> {
  return new Map(
    categories.flatMap(({ category, expected }) => {
      const rate = expected.predicted ?? expected.baseline
      return rate === null ? [] : [[category.id, rate] as const]
    }),
  )
}

// Another set of categories asks the judge another number of times.
function isComparable(
  plan: Plan,
  from: ForecastRequest['from'],
): from is NonNullable<ForecastRequest['from']> {
  if (from === null) return false
  const ids = plan.policy.categories.map(({ id }) => id)
  return JSON.stringify(ids.toSorted()) === JSON.stringify(from.measured.asked.toSorted())
}

function describeFalseFails(alarms: FalseAlarms | null): PlanForecast['false_fails'] {
  if (alarms === null) return null
  return {
    runs_per_year: alarms.runsPerYear,
    per_run_at_most: alarms.perRun,
    per_year_at_most: alarms.perYear,
    years_between_at_least: alarms.yearsBetween,
    per_year_at_most_without_holm: alarms.runsPerYear * alarms.perRunUnadjusted,
  }
}
