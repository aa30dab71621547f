import {
  type ForecastQuestion,
  forecastLimit,
  forecastRegression,
  wantedPower,
} from '../estimate/forecast.ts'
import { renderPrefix } from '../grade/evidence.ts'
import { countJudges } from '../grade/grade.ts'
import type { Plan, PlannedCategory } from '../plan/plan.ts'
import { formatRate } from '../policy/rate.ts'
import type { Policy } from '../policy/schema.ts'
import { priceUsage } from '../record/build.ts'
import { safeText } from '../safe-text.ts'
import type { Sample } from '../sample/draw.ts'
import { countThings, formatUsd } from './format.ts'

/** A rough rule for English text; what a run really uses is in its record. */
const charactersPerToken = 4

/** What a plan can show and what it will cost, before anything is asked. Rates per 100,000 turns. */
export interface PlanForecast {
  version: 1
  plan_digest: string
  baseline: string
  candidate: string
  turns_asked: number
  turns_drawn: number
  conversations: number
  categories: CategoryForecast[]
  requests: { completions: number; judgements_at_most: number }
  /** `null` when a price or `max_tokens` is not known. */
  usd_at_most: number | null
}

/** What the plan can show of one category. */
export interface CategoryForecast {
  id: string
  role: 'block' | 'watch'
  limit_per_100k: number | null
  predicted_per_100k: number | null
  smallest_passable_per_100k: number | null
  turns_to_pass: number | null
  chances: { pass: number; fail: number; inconclusive: number } | null
  /** The candidate's rate from which on it is found worse with a chance of .8. */
  worse_from_per_100k: number | null
  /** This sample can hardly pass the limit: what is wrong, and the ways out. */
  problem: string | null
}

/** Forecasts a plan from the turns that it draws. Equal weights are assumed; unequal ones show a little less. */
export function forecastPlan(request: {
  plan: Plan
  planDigest: string
  sample: Sample
  prices: Policy['prices']
}): PlanForecast {
  const { plan, planDigest, sample, prices } = request
  const { turnsAsked, turnsDrawn, conversations } = sample.counts
  const judges = countJudges(plan.policy.categories)
  return {
    version: 1,
    plan_digest: planDigest,
    baseline: plan.baseline,
    candidate: plan.candidate,
    turns_asked: turnsAsked,
    turns_drawn: turnsDrawn,
    conversations,
    categories: plan.policy.categories.map((category) =>
      forecastCategory({ plan, category, turns: turnsDrawn }),
    ),
    requests: { completions: 2 * turnsDrawn, judgements_at_most: 2 * turnsDrawn * judges },
    usd_at_most: forecastCost({ plan, sample, prices, judges }),
  }
}

/** Forecasts one category with the tests that the plan's blocking categories make one family of. */
export function forecastCategory(request: {
  plan: Plan
  category: PlannedCategory
  turns: number
}): CategoryForecast {
  const { plan, category, turns } = request
  const { alpha, regressionAlpha } = plan.policy.gate
  const predicted =
    plan.registration.predictions.find((entry) => entry.category === category.id)?.ratePer100k ?? null
  const blocking = plan.policy.categories.filter(({ role }) => role === 'block')
  const tests = blocking.reduce((sum, { limitPer100k }) => sum + (limitPer100k === null ? 1 : 2), 0)
  const question: ForecastQuestion = {
    turns,
    limit: category.limitPer100k === null ? null : category.limitPer100k / 100_000,
    predicted: predicted === null ? null : predicted / 100_000,
    alpha,
    regressionAlpha,
    tests: Math.max(1, category.role === 'watch' ? 1 : tests),
  }
  const limit = forecastLimit(question)
  const { detectable } = forecastRegression(question)
  const forecast = {
    id: category.id,
    role: category.role,
    limit_per_100k: category.limitPer100k,
    predicted_per_100k: predicted,
    smallest_passable_per_100k: limit === null ? null : limit.smallestPassable * 100_000,
    turns_to_pass: limit?.turnsToPass ?? null,
    chances: limit?.chances ?? null,
    worse_from_per_100k: detectable === null ? null : detectable * 100_000,
  }
  return { ...forecast, problem: category.role === 'block' ? findProblem(forecast, turns) : null }
}

function findProblem(forecast: Omit<CategoryForecast, 'problem'>, turns: number): string | null {
  const {
    limit_per_100k: limit,
    smallest_passable_per_100k: smallest,
    chances,
    predicted_per_100k: predicted,
  } = forecast
  if (limit === null || smallest === null) return null
  const enough = forecast.turns_to_pass === null ? '' : `draw at least ${forecast.turns_to_pass} turns, `
  if (limit < smallest) {
    return `not measurable: ${turns} turns without a single event still allow ${formatRate(smallest)}, the limit is ${formatRate(limit)}; ${enough}raise the limit, or set \`role: watch\``
  }
  if (chances === null || predicted === null || chances.pass >= wantedPower) return null
  return `at the predicted ${formatRate(predicted)} it passes its limit of ${formatRate(limit)} with a chance of only ${formatChance(chances.pass)}; ${enough}raise the limit, or set \`role: watch\``
}

// Every completion as long as it may be, every judgement asked for.
function forecastCost(request: {
  plan: Plan
  sample: Sample
  prices: Policy['prices']
  judges: number
}): number | null {
  const { plan, sample, prices, judges } = request
  const { replay, judge } = plan.policy
  if (replay.maxTokens === null) return null
  const count = (text: string) => Math.ceil(text.length / charactersPerToken)
  const prompts = sample.turns.reduce(
    (sum, turn) => sum + count(renderPrefix(turn.prefix)) + count(JSON.stringify(turn.tools ?? [])),
    0,
  )
  const answers = sample.turns.length * replay.maxTokens
  const rubrics = Object.values(plan.rubrics).reduce((sum, text) => sum + count(text), 0)
  const arm = { promptTokens: prompts, completionTokens: answers }
  const judged = {
    promptTokens: 2 * (judges * (prompts + answers) + sample.turns.length * rubrics),
    completionTokens: 2 * sample.turns.length * judges * judgementTokens,
  }
  return priceUsage(
    [
      { model: plan.baseline, usage: arm },
      { model: plan.candidate, usage: arm },
      ...(judge === null || judges === 0 ? [] : [{ model: judge.model, usage: judged }]),
    ],
    prices,
  )
}

/** A judgement: a sentence or two, a label and a quote. */
const judgementTokens = 200

/** The forecast as text, one block a category. */
export function renderForecast(forecast: PlanForecast): string {
  const { turns_asked: asked, turns_drawn: drawn, conversations, requests, usd_at_most: usd } = forecast
  const fewer = drawn < asked ? `, ${asked} were asked for` : ''
  const head = [
    `Plan ${forecast.plan_digest.slice(0, 12)}: ${safeText(forecast.candidate)} against ${safeText(forecast.baseline)}`,
    `${drawn} turns of ${countThings(conversations, 'conversation', 'conversations')}${fewer}`,
    `${requests.completions} completions and at most ${requests.judgements_at_most} judgements, retries not counted`,
    usd === null
      ? 'cost: not known (it takes `prices` for every model and `replay.max_tokens`)'
      : `cost: at most about ${formatUsd(usd)}, counting ${charactersPerToken} characters a token`,
  ]
  return [head.join('\n'), ...forecast.categories.map(renderCategory)].join('\n\n')
}

function renderCategory(category: CategoryForecast): string {
  const {
    predicted_per_100k: predicted,
    limit_per_100k: limit,
    chances,
    worse_from_per_100k: worse,
  } = category
  const lines = [
    `${safeText(category.id)}${category.role === 'watch' ? ' (watched)' : ''}: ${predicted === null ? 'nothing predicted' : `predicted ${formatRate(predicted)}`}${limit === null ? '' : `, limit ${formatRate(limit)}`}`,
  ]
  if (predicted !== null) {
    lines.push(
      worse === null
        ? `  worse than the baseline: no rate would be found with a chance of ${formatChance(wantedPower)}`
        : `  worse than the baseline: found with a chance of ${formatChance(wantedPower)} from ${formatRate(worse)} on, if the baseline is at ${formatRate(predicted)}`,
    )
  }
  if (category.smallest_passable_per_100k !== null) {
    lines.push(
      `  limit: ${formatRate(category.smallest_passable_per_100k)} is the smallest that this sample can pass`,
    )
  }
  if (chances !== null) {
    const { pass, fail, inconclusive } = chances
    lines.push(
      `  limit, at the prediction: pass ${formatChance(pass)}, fail ${formatChance(fail)}, inconclusive ${formatChance(inconclusive)}`,
    )
  }
  if (category.problem !== null) lines.push(`  PROBLEM: ${category.problem}`)
  return lines.join('\n')
}

function formatChance(chance: number): string {
  if (chance > 0.995 && chance < 1) return '> 99 %'
  if (chance > 0 && chance < 0.005) return '< 1 %'
  return `${Math.round(chance * 100)} %`
}
