import type { MeasuredRun } from '../../forecast/measured-run.ts'
import { renderPrefix } from '../../grade/evidence.ts'
import { addUsage, noUsage } from '../../grade/usage.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Policy } from '../../policy/schema.ts'
import { priceUsage } from '../../record/build.ts'
import type { Usage } from '../../replay/completion.ts'
import type { Sample } from '../../sample/draw.ts'
import { countThings, formatDuration } from '../format.ts'

/** What is expected, and the most that there can be; `null` where it is not known. Retries are not counted. */
interface Amount {
  expected: number | null
  at_most: number | null
}

/** What a run will cost. */
export interface CostForecast {
  /** Turns asked before the results end the run. */
  turns: Amount
  completions: Amount
  judgements: Amount
  prompt_tokens: Amount
  completion_tokens: Amount
  usd: Amount
  minutes: Amount
  /** What the amounts rest on. */
  assumptions: string[]
  /** Why the budget would end the run before it is done; `null` where it has room. */
  over_budget: string | null
}

/** What a cost is forecast from. */
export interface CostQuestion {
  plan: Plan
  sample: Sample
  policy: Pick<Policy, 'prices' | 'budget'> & { replay: Pick<Policy['replay'], 'concurrency'> }
  /** The mean of the turns that are asked; `null` where nothing is predicted. */
  expectedTurns: number | null
  /** The share of the turns that a category's first grader flags, by category; 1 where it is not known. */
  flagged: ReadonlyMap<string, number>
  measured: MeasuredRun | null
}

/** A rough rule for English text; what a run really uses is in its record. */
const charactersPerToken = 4
const answerTokens = 250
/** A judgement: a sentence or two, a label and a quote. */
const judgementTokens = 200
const latencyMs = 5000

/** Forecasts calls, tokens, dollars and minutes. */
export function forecastCost(question: CostQuestion): CostForecast {
  const { plan, sample, policy, measured, expectedTurns } = question
  const drawn = sample.turns.length
  const turns: Amount = { expected: expectedTurns ?? drawn, at_most: drawn }
  const perTurn = countJudgements(question)
  const requests = measured?.requests ?? null
  const expected = turns.expected ?? drawn
  const judgements: Amount = {
    expected:
      requests === null || measured === null
        ? expected * perTurn.expected
        : expected * Math.max(0, requests / measured.turns - 2),
    at_most: drawn * perTurn.atMost,
  }
  const worst = sumTokens(question, {
    turns: drawn,
    judged: perTurn.atMost,
    answer: plan.policy.replay.maxTokens,
  })
  const likely =
    measured === null || measured.turns === 0
      ? sumTokens(question, {
          turns: expected,
          judged: perTurn.expected,
          answer: Math.min(answerTokens, plan.policy.replay.maxTokens ?? answerTokens),
        })
      : scaleUsage(measured.usage, expected / measured.turns)
  const amounts = {
    turns,
    completions: { expected: 2 * expected, at_most: 2 * drawn },
    judgements,
    prompt_tokens: { expected: likely.sum.promptTokens, at_most: worst.sum.promptTokens },
    completion_tokens: {
      expected: likely.sum.completionTokens,
      at_most: plan.policy.replay.maxTokens === null ? null : worst.sum.completionTokens,
    },
    usd: {
      expected: price(plan, likely, policy.prices),
      at_most: plan.policy.replay.maxTokens === null ? null : price(plan, worst, policy.prices),
    },
    minutes: forecastMinutes(question, { turns, judgements }),
  }
  return {
    ...amounts,
    assumptions: listAssumptions(question),
    over_budget: findOverrun(policy.budget, amounts),
  }
}

/** Judgements of both arms of a turn: a grader after another sees only what that has flagged. */
function countJudgements({ plan, flagged }: CostQuestion): { expected: number; atMost: number } {
  let expected = 0
  let atMost = 0
  for (const { id, graders } of plan.policy.categories) {
    for (const [index, { kind }] of graders.entries()) {
      if (kind !== 'judge') continue
      expected += 2 * (index === 0 ? 1 : (flagged.get(id) ?? 1))
      atMost += 2
    }
  }
  return { expected, atMost }
}

interface Spent {
  baseline: Usage
  candidate: Usage
  judge: Usage
  sum: Usage
}

function sumTokens(
  { plan, sample }: CostQuestion,
  amount: { turns: number; judged: number; answer: number | null },
): Spent {
  const count = (text: string) => Math.ceil(text.length / charactersPerToken)
  const drawn = sample.turns.length
  const share = drawn === 0 ? 0 : amount.turns / drawn
  const prompts =
    share *
    sample.turns.reduce(
      (sum, turn) => sum + count(renderPrefix(turn.prefix)) + count(JSON.stringify(turn.tools ?? [])),
      0,
    )
  const answers = amount.turns * (amount.answer ?? 0)
  const rubrics = Object.values(plan.rubrics).map(count)
  const rubric = rubrics.length === 0 ? 0 : rubrics.reduce((sum, tokens) => sum + tokens, 0) / rubrics.length
  const judgements = amount.turns * amount.judged
  const arm = { promptTokens: prompts, completionTokens: answers }
  const judge = {
    promptTokens: amount.judged * (prompts + answers) + judgements * rubric,
    completionTokens: judgements * judgementTokens,
  }
  return complete({ baseline: arm, candidate: arm, judge })
}

function scaleUsage(usage: Omit<Spent, 'sum'>, factor: number): Spent {
  const scale = ({ promptTokens, completionTokens }: Usage): Usage => ({
    promptTokens: promptTokens * factor,
    completionTokens: completionTokens * factor,
  })
  return complete({
    baseline: scale(usage.baseline),
    candidate: scale(usage.candidate),
    judge: scale(usage.judge),
  })
}

function complete(spent: Omit<Spent, 'sum'>): Spent {
  const sum = [spent.baseline, spent.candidate, spent.judge].reduce<Usage>(addUsage, noUsage)
  return { ...spent, sum: round(sum) }
}

function round({ promptTokens, completionTokens }: Usage): Usage {
  return { promptTokens: Math.round(promptTokens), completionTokens: Math.round(completionTokens) }
}

function price(plan: Plan, spent: Spent, prices: Policy['prices']): number | null {
  return priceUsage(
    [
      { model: plan.baseline, usage: spent.baseline },
      { model: plan.candidate, usage: spent.candidate },
      ...(plan.policy.judge === null ? [] : [{ model: plan.policy.judge.model, usage: spent.judge }]),
    ],
    prices,
  )
}

/** Each endpoint has its own requests under way: the one with the most calls takes longest. */
function forecastMinutes(
  { plan, policy, measured }: CostQuestion,
  { turns, judgements }: { turns: Amount; judgements: Amount },
): Amount {
  const take = (count: Amount, key: keyof Amount, milliseconds: number) =>
    (Math.max(count[key] ?? 0, judgements[key] ?? 0) / policy.replay.concurrency) * (milliseconds / 60_000)
  const { elapsedMs } = measured ?? { elapsedMs: null }
  return {
    expected:
      elapsedMs === null || measured === null
        ? take(turns, 'expected', latencyMs)
        : (elapsedMs / measured.turns) * ((turns.expected ?? 0) / 60_000),
    at_most: take(turns, 'at_most', plan.policy.replay.timeoutMs),
  }
}

function listAssumptions({ plan, policy, measured, expectedTurns }: CostQuestion): string[] {
  const { timeoutMs, maxTokens } = plan.policy.replay
  const atOnce = countThings(policy.replay.concurrency, 'request', 'requests')
  const seen = measured === null ? null : countThings(measured.turns, 'turn', 'turns')
  return [
    ...(expectedTurns === null ? ['no early end, as not every blocking category is predicted'] : []),
    seen === null
      ? `an answer of ${Math.min(answerTokens, maxTokens ?? answerTokens)} tokens, ${charactersPerToken} characters a token`
      : `tokens as in the run of --from (${seen})`,
    measured?.requests == null
      ? 'later graders asked of as many turns as are predicted to be flagged'
      : 'judgements and retries as in that run',
    measured?.elapsedMs == null
      ? `${formatDuration(latencyMs)} a request with ${atOnce} under way at each endpoint`
      : 'the time a turn took in that run',
    `at most: every judgement asked for, every request as long as its deadline (${formatDuration(timeoutMs)})${maxTokens === null ? '' : `, every answer of ${maxTokens} tokens`}; retries not counted`,
  ]
}

function findOverrun(
  { maxRequests, maxMinutes }: Policy['budget'],
  amounts: Pick<CostForecast, 'completions' | 'judgements' | 'minutes'>,
): string | null {
  const requests = (amounts.completions.expected ?? 0) + (amounts.judgements.expected ?? 0)
  if (maxRequests !== null && requests > maxRequests) {
    return `budget.max_requests is ${maxRequests}, and about ${Math.ceil(requests)} are expected: the run would end before it is done`
  }
  if (maxMinutes !== null && (amounts.minutes.expected ?? 0) > maxMinutes) {
    return `budget.max_minutes is ${maxMinutes}, and about ${Math.ceil(amounts.minutes.expected ?? 0)} are expected: the run would end before it is done`
  }
  return null
}
