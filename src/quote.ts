import { describeCalls } from './grade/grade.ts'
import type { Plan } from './plan/plan.ts'
import { chooseJobMinutes, describeBudget } from './policy/budget-policy.ts'
import type { Policy } from './policy/schema.ts'
import type { Spent } from './replay/spent.ts'
import { type CostForecast, forecastCost } from './report/forecast/cost.ts'
import type { CostQuestion } from './report/forecast/cost-question.ts'
import { describeSteps } from './report/forecast/tool-steps.ts'
import { formatUsd } from './report/format.ts'
import { safeText } from './safe-text.ts'
import type { Sample } from './sample/draw.ts'

interface Quoted {
  plan: Plan
  sample: Sample
  policy: Policy
  labelledSets: CostQuestion['labelledSets']
  /** Completions of an earlier part. */
  done: number
  /** Those of the baseline that an earlier run got, and that are reused where they still hold. */
  reused: number
  /** Known items to grade. */
  known: number
  /** What earlier parts took. */
  spent: Spent | null
  /** How long the job lets it measure; `null`: as long as it takes. */
  jobMinutes: number | null
  /** Why the results can't end the run; `null` where they can. */
  off: string | null
}

/** What a run will ask and cost, in words, before it asks anything. */
export function quoteRun(request: Quoted): string {
  const { plan, sample, policy, done, reused, known, off } = request
  const units = sample.turns.length * 2 - done - reused
  const there = [
    ...(done === 0 ? [] : [`${done} completions of an earlier part of this run are there`]),
    ...(reused === 0
      ? []
      : [
          `${reused} of the baseline are reused from an earlier run, unless the first turns speak against it`,
        ]),
  ]
  const before = there.length === 0 ? '' : ` (${there.join('; ')})`
  const limits = describeBudget(policy.budget)
  const budget = limits.length === 0 ? 'no budget is set' : `the budget is ${limits.join(' and ')}`
  const ending =
    off === null ? 'It ends as soon as the results decide.' : `It does not end early by its results: ${off}.`
  const items = known === 0 ? '' : ` and ${known} known items to grade`
  const cost = quoteCost(request)
  return `${sample.turns.length} turns in two arms: ${units} ${nameUnits(cost)} to ask for${quoteSteps(request, cost)}${items}, ${describeCalls(plan.policy.categories)}, retries not counted${before}${quoteDollars(request, cost)}; ${budget}${describeSpent(request)}. ${ending}${describeJob(request)}`
}

function quoteCost({ plan, sample, policy, labelledSets }: Quoted): CostForecast {
  const { predictions } = plan.registration
  return forecastCost({
    plan,
    sample,
    policy,
    labelledSets,
    expectedTurns: null,
    flagged: new Map(predictions.map(({ category, ratePer100k }) => [category, ratePer100k / 100_000])),
    measured: null,
  })
}

function nameUnits({ tool_steps: steps }: CostForecast): string {
  return steps === null ? 'completions' : 'trajectories'
}

/** Trajectories take several requests each, and calls that a model may stand in for. */
function quoteSteps(request: Quoted, { tool_steps: steps }: CostForecast): string {
  if (steps === null) return ''
  const { simulator } = steps
  const calls = simulator === null ? 0 : Math.ceil(simulator.calls * findShareLeft(request))
  const simulated =
    simulator === null ? '' : `, and up to about ${calls} calls of the simulator ${safeText(simulator.model)}`
  return ` (${describeSteps(steps)}${simulated})`
}

/** The share of the completions that are left to ask. */
function findShareLeft({ sample, done, reused }: Quoted): number {
  return sample.turns.length === 0 ? 0 : 1 - (done + reused) / (2 * sample.turns.length)
}

/** What is left to ask costs about its share of what the whole would; nothing is said where a price is not known. */
function quoteDollars(request: Quoted, { usd }: CostForecast): string {
  const share = findShareLeft(request)
  if (usd.expected === null || share === 0) return ''
  const most = usd.at_most === null ? '' : `, at most ${formatUsd(usd.at_most * share)}`
  return `; about ${formatUsd(usd.expected * share)}${most}`
}

function describeSpent({ spent, policy }: Quoted): string {
  if (spent === null) return ''
  const { requests, usd, promptTokens, completionTokens, elapsedMs } = spent
  const { maxTokens, maxMinutes } = policy.budget
  const parts = [
    `${requests} requests`,
    ...(maxTokens === null ? [] : [`${promptTokens + completionTokens} tokens`]),
    ...(usd === null || usd === 0 ? [] : [formatUsd(usd)]),
    ...(maxMinutes === null ? [] : [`${Math.round(elapsedMs / 60_000)} minutes`]),
  ]
  return `; earlier parts took ${parts.join(' and ')}`
}

function describeJob({ policy, jobMinutes }: Quoted): string {
  const minutes = chooseJobMinutes(policy.budget.maxMinutes, jobMinutes)
  return minutes === null
    ? ''
    : ` After ${minutes} minutes it ends, before GitHub ends the job: a rerun goes on from there.`
}
