import type { Policy } from '../../policy/schema.ts'
import type { Usage } from '../../replay/completion.ts'
import { formatUsd } from '../format.ts'
import { listAssumptions } from './assumptions.ts'
import {
  type Amount,
  answerTokens,
  type CostQuestion,
  describeVia,
  latencyMs,
  reckonConcurrency,
} from './cost-question.ts'
import { describeGrading, forecastGrading, type Grading, type GradingForecast } from './grading-forecast.ts'
import { addAll, type EndpointLoad } from './grading-load.ts'
import { priceSpending, type Spent } from './price.ts'
import { forecastSteps, listSimulatorLoad, reckonTrajectory, type StepForecast } from './tool-steps.ts'

/** What a run will cost. */
export interface CostForecast {
  /** Turns asked before the results end the run. */
  turns: Amount
  /** Requests to the arms: one for each turn, and with tools one for each step. */
  completions: Amount
  /** Calls of graders. */
  judgements: Amount
  prompt_tokens: Amount
  completion_tokens: Amount
  usd: Amount
  minutes: Amount
  grading: GradingForecast
  /** `null` where a completion ends with its first tool calls. */
  tool_steps: StepForecast | null
  /** What the amounts rest on. */
  assumptions: string[]
  /** Why the budget would end the run before it is done; `null` where it has room. */
  over_budget: string | null
}

/** Forecasts calls, tokens, dollars and minutes. */
export function forecastCost(question: CostQuestion): CostForecast {
  const drawn = question.sample.turns.length
  const turns = { expected: question.expectedTurns ?? drawn, at_most: drawn }
  const grading = forecastGrading(question, turns.expected)
  const steps = forecastSteps(question, turns.expected)
  const simulators = listSimulatorLoad(steps)
  const requests = {
    expected: steps?.requests_each.expected ?? 1,
    at_most: steps?.requests_each.at_most ?? 1,
  }
  const amounts = {
    turns,
    completions: {
      expected: 2 * turns.expected * requests.expected,
      at_most: 2 * drawn * requests.at_most,
    },
    judgements: { expected: addAll(grading.expected).calls, at_most: addAll(grading.atMost).calls },
    ...forecastTokens(question, { turns, grading, simulators }),
    minutes: forecastMinutes(question, { turns, requests, grading, simulators }),
  }
  const described = describeGrading(question, grading)
  return {
    ...amounts,
    grading: described,
    tool_steps: steps,
    assumptions: listAssumptions(question, { endpoints: described.endpoints, steps }),
    over_budget: findOverrun(question.policy.budget, amounts, addAll(simulators).calls),
  }
}

/** Tokens, and what they cost. */
function forecastTokens(
  question: CostQuestion,
  load: { turns: { expected: number }; grading: Grading; simulators: EndpointLoad[] },
): Pick<CostForecast, 'prompt_tokens' | 'completion_tokens' | 'usd'> {
  const { plan, sample, policy } = question
  const { turns, grading, simulators } = load
  const { maxTokens } = plan.policy.replay
  const likely = complete({
    arms: forecastArms(question, turns.expected),
    graders: grading.expected,
    simulators,
  })
  const most = reckonArms(question, { turns: sample.turns.length, answer: maxTokens ?? 0 })
  const worst = complete({ arms: most, graders: grading.atMost, simulators })
  // What tools say to a model may be long, and without a longest answer the most is not known either.
  const isOpen = plan.policy.tools !== undefined
  const atMost = (amount: number | null) => (maxTokens === null || isOpen ? null : amount)
  const via = describeVia(question)
  const price = (spent: Spent, isCached: boolean) =>
    priceSpending({ plan, spent, prices: policy.prices, isCached, via })
  return {
    prompt_tokens: { expected: likely.prompts, at_most: isOpen ? null : worst.prompts },
    completion_tokens: { expected: likely.completions, at_most: atMost(worst.completions) },
    usd: { expected: price(likely, true), at_most: atMost(price(worst, false)) },
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

function reckonArms(
  { plan, sample }: CostQuestion,
  { turns, answer }: { turns: number; answer: number },
): Arms {
  const { tools = null } = plan.policy
  const drawn = sample.turns.length
  const sums = { prompts: 0, requests: 0 }
  for (const turn of sample.turns) {
    const { promptTokens, requests } = reckonTrajectory(turn, tools)
    sums.prompts += promptTokens
    sums.requests += requests
  }
  const part = drawn === 0 ? 0 : turns / drawn
  const arm = { promptTokens: sums.prompts * part, completionTokens: sums.requests * part * answer }
  return { baseline: arm, candidate: arm }
}

function complete(parts: {
  arms: Arms
  graders: EndpointLoad[]
  simulators: EndpointLoad[]
}): Spent & { prompts: number; completions: number } {
  const { arms, graders, simulators } = parts
  const { baseline, candidate } = arms
  const others = addAll([...graders, ...simulators])
  return {
    ...arms,
    graders,
    simulators,
    prompts: Math.round(baseline.promptTokens + candidate.promptTokens + others.promptTokens),
    completions: Math.round(baseline.completionTokens + candidate.completionTokens + others.completionTokens),
  }
}

/** Each endpoint has its own requests under way: the one with the most calls takes longest. A batch takes what it takes. */
function forecastMinutes(
  question: CostQuestion,
  load: {
    turns: { expected: number; at_most: number }
    /** Of one turn. */
    requests: { expected: number; at_most: number }
    grading: Grading
    simulators: readonly EndpointLoad[]
  },
): Amount {
  const { turns, requests, grading, simulators } = load
  const { timeoutMs } = question.plan.policy.replay
  const { plan, policy, measured } = question
  if (Object.values(describeVia(question)).includes('batch')) return { expected: null, at_most: null }
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
        ? take(turns.expected * requests.expected, [...grading.expected, ...simulators], latencyMs)
        : (elapsedMs / measured.turns) * (turns.expected / 60_000),
    at_most: take(turns.at_most * countLongest(plan, requests.at_most), grading.atMost, timeoutMs),
  }
}

/** Requests as long as their deadline, as many as a trajectory has time for: its last one may begin just before the end. */
function countLongest({ policy: { tools, replay } }: CostQuestion['plan'], atMost: number): number {
  return tools === undefined ? 1 : Math.min(atMost, (tools.limits.minutes * 60_000) / replay.timeoutMs + 1)
}

function findOverrun(
  { maxRequests, maxMinutes, maxTokens, maxUsd }: Policy['budget'],
  amounts: Pick<
    CostForecast,
    'completions' | 'judgements' | 'minutes' | 'prompt_tokens' | 'completion_tokens' | 'usd'
  >,
  simulated: number,
): string | null {
  const tokens = (amounts.prompt_tokens.expected ?? 0) + (amounts.completion_tokens.expected ?? 0)
  const usd = amounts.usd.expected ?? 0
  const requests = (amounts.completions.expected ?? 0) + (amounts.judgements.expected ?? 0) + simulated
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
