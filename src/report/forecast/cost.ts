import { renderPrefix } from '../../grade/evidence.ts'
import type { Policy } from '../../policy/schema.ts'
import type { Usage } from '../../replay/completion.ts'
import { formatUsd } from '../format.ts'
import { listAssumptions } from './assumptions.ts'
import {
  type Amount,
  answerTokens,
  type CostQuestion,
  latencyMs,
  reckonConcurrency,
} from './cost-question.ts'
import { describeGrading, forecastGrading, type Grading, type GradingForecast } from './grading-forecast.ts'
import { addAll, charactersPerToken, type EndpointLoad } from './grading-load.ts'
import { priceSpending, type Spent } from './price.ts'

/** What a run will cost. */
export interface CostForecast {
  /** Turns asked before the results end the run. */
  turns: Amount
  completions: Amount
  /** Calls of graders. */
  judgements: Amount
  prompt_tokens: Amount
  completion_tokens: Amount
  usd: Amount
  minutes: Amount
  grading: GradingForecast
  /** What the amounts rest on. */
  assumptions: string[]
  /** Why the budget would end the run before it is done; `null` where it has room. */
  over_budget: string | null
}

/** Forecasts calls, tokens, dollars and minutes. */
export function forecastCost(question: CostQuestion): CostForecast {
  const { plan, sample, policy } = question
  const { maxTokens } = plan.policy.replay
  const drawn = sample.turns.length
  const turns = { expected: question.expectedTurns ?? drawn, at_most: drawn }
  const grading = forecastGrading(question, turns.expected)
  const likely = complete(forecastArms(question, turns.expected), grading.expected)
  const worst = complete(reckonArms(question, { turns: drawn, answer: maxTokens ?? 0 }), grading.atMost)
  // Without a longest answer the most is not known.
  const atMost = (amount: number | null) => (maxTokens === null ? null : amount)
  const amounts = {
    turns,
    completions: { expected: 2 * turns.expected, at_most: 2 * drawn },
    judgements: { expected: addAll(grading.expected).calls, at_most: addAll(grading.atMost).calls },
    prompt_tokens: { expected: likely.prompts, at_most: worst.prompts },
    completion_tokens: { expected: likely.completions, at_most: atMost(worst.completions) },
    usd: {
      expected: priceSpending({ plan, spent: likely, prices: policy.prices, isCached: true }),
      at_most: atMost(priceSpending({ plan, spent: worst, prices: policy.prices, isCached: false })),
    },
    minutes: forecastMinutes(question, { turns, grading }),
  }
  const described = describeGrading(question, grading)
  return {
    ...amounts,
    grading: described,
    assumptions: listAssumptions(question, described),
    over_budget: findOverrun(policy.budget, amounts),
  }
}

interface Arms {
  baseline: Usage
  candidate: Usage
}

function forecastArms(question: CostQuestion, expectedTurns: number): Arms {
  const { measured, plan } = question
  const { maxTokens } = plan.policy.replay
  const answer = Math.min(answerTokens, maxTokens ?? answerTokens)
  const reckoned = reckonArms(question, { turns: expectedTurns, answer })
  if (measured === null || measured.turns === 0) return reckoned
  const follow = (arm: keyof Arms): Usage => {
    const { promptTokens, completionTokens } = measured.usage[arm]
    const factor = expectedTurns / measured.turns
    if (promptTokens === 0) return reckoned[arm]
    return { promptTokens: promptTokens * factor, completionTokens: completionTokens * factor }
  }
  return { baseline: follow('baseline'), candidate: follow('candidate') }
}

function reckonArms({ sample }: CostQuestion, { turns, answer }: { turns: number; answer: number }): Arms {
  const count = (text: string) => Math.ceil(text.length / charactersPerToken)
  const drawn = sample.turns.length
  const prompts = sample.turns.reduce(
    (sum, turn) => sum + count(renderPrefix(turn.prefix)) + count(JSON.stringify(turn.tools ?? [])),
    0,
  )
  const arm = {
    promptTokens: drawn === 0 ? 0 : prompts * (turns / drawn),
    completionTokens: turns * answer,
  }
  return { baseline: arm, candidate: arm }
}

function complete(arms: Arms, graders: EndpointLoad[]): Spent & { prompts: number; completions: number } {
  const judges = addAll(graders)
  const { baseline, candidate } = arms
  return {
    ...arms,
    graders,
    prompts: Math.round(baseline.promptTokens + candidate.promptTokens + judges.promptTokens),
    completions: Math.round(baseline.completionTokens + candidate.completionTokens + judges.completionTokens),
  }
}

/** Each endpoint has its own requests under way: the one with the most calls takes longest. */
function forecastMinutes(
  { plan, policy, measured }: CostQuestion,
  { turns, grading }: { turns: { expected: number; at_most: number }; grading: Grading },
): Amount {
  const take = (asked: number, loads: readonly EndpointLoad[], milliseconds: number) => {
    const byEndpoint = loads.map(({ endpoint }) =>
      addAll(loads.filter((other) => other.endpoint === endpoint)),
    )
    const most = Math.max(asked, ...byEndpoint.map(({ calls }) => calls))
    return (most / reckonConcurrency(policy.replay.concurrency)) * (milliseconds / 60_000)
  }
  const elapsedMs = measured?.elapsedMs ?? null
  return {
    expected:
      elapsedMs === null || measured === null
        ? take(turns.expected, grading.expected, latencyMs)
        : (elapsedMs / measured.turns) * (turns.expected / 60_000),
    at_most: take(turns.at_most, grading.atMost, plan.policy.replay.timeoutMs),
  }
}

function findOverrun(
  { maxRequests, maxMinutes, maxTokens, maxUsd }: Policy['budget'],
  amounts: Pick<
    CostForecast,
    'completions' | 'judgements' | 'minutes' | 'prompt_tokens' | 'completion_tokens' | 'usd'
  >,
): string | null {
  const tokens = (amounts.prompt_tokens.expected ?? 0) + (amounts.completion_tokens.expected ?? 0)
  const usd = amounts.usd.expected ?? 0
  const requests = (amounts.completions.expected ?? 0) + (amounts.judgements.expected ?? 0)
  if (maxRequests !== null && requests > maxRequests) {
    return `budget.max_requests is ${maxRequests}, and about ${Math.ceil(requests)} are expected: the run would end before it is done`
  }
  if (maxTokens !== null && tokens > maxTokens) {
    return `budget.max_tokens is ${maxTokens}, and about ${Math.ceil(tokens)} are expected: the run would end before it is done`
  }
  if (maxUsd !== null && usd > maxUsd) {
    return `budget.max_usd is ${maxUsd}, and about ${formatUsd(usd)} are expected: the run would end before it is done`
  }
  if (maxMinutes !== null && (amounts.minutes.expected ?? 0) > maxMinutes) {
    return `budget.max_minutes is ${maxMinutes}, and about ${Math.ceil(amounts.minutes.expected ?? 0)} are expected: the run would end before it is done`
  }
  return null
}
