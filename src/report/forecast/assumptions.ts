import { findPrice } from '../../policy/prices.ts'
import { countThings, formatDuration } from '../format.ts'
import { answerTokens, type CostQuestion, latencyMs, reckonConcurrency } from './cost-question.ts'
import type { GradingForecast } from './grading-forecast.ts'
import { charactersPerToken } from './grading-load.ts'
import type { StepForecast } from './tool-steps.ts'

/** What the amounts of a cost rest on, a phrase each. */
export function listAssumptions(
  question: CostQuestion,
  { endpoints, steps }: Pick<GradingForecast, 'endpoints'> & { steps: StepForecast | null },
): string[] {
  const { plan, policy, measured, expectedTurns } = question
  const { timeoutMs, maxTokens } = plan.policy.replay
  const { concurrency } = policy.replay
  const atOnce = countThings(reckonConcurrency(concurrency), 'request', 'requests')
  const seen = measured === null ? null : countThings(measured.turns, 'turn', 'turns')
  return [
    ...(expectedTurns === null ? ['no early end, as not every blocking category is predicted'] : []),
    seen === null
      ? `an answer of ${Math.min(answerTokens, maxTokens ?? answerTokens)} tokens, ${charactersPerToken} characters a token`
      : `tokens as in the run of --from (${seen})`,
    measured?.requests == null
      ? 'later graders asked of as many turns as are predicted to be flagged'
      : 'judgements and retries as in that run',
    ...describeSteps(steps),
    ...(isCachePriced(question) ? ['what begins every request to a judge alike at the cached price'] : []),
    ...(endpoints.some(({ model }) => model === null)
      ? ['what endpoints other than models of chat charge not counted']
      : []),
    measured?.elapsedMs == null
      ? `${formatDuration(latencyMs)} a request with ${atOnce} under way at each endpoint${concurrency === 'auto' ? ', as `auto` begins' : ''}`
      : 'the time a turn took in that run',
    `at most: every completion flagged in every category, every request as long as its deadline (${formatDuration(timeoutMs)})${maxTokens === null ? '' : `, every answer of ${maxTokens} tokens`}; retries and second opinions not counted`,
  ]
}

function describeSteps(steps: StepForecast | null): string[] {
  if (steps === null) return []
  const { is_measured: isMeasured, simulator } = steps
  const taken = isMeasured ? 'steps as in that run' : 'the calls that production made from each turn on'
  if (simulator === null || isMeasured) return [taken]
  return [taken, `all of them answered by ${simulator.model}: recordings save what they answer`]
}

function isCachePriced({ plan, policy }: CostQuestion): boolean {
  const models = plan.policy.categories.flatMap(({ graders }) => graders.map(({ model }) => model))
  return models.some(
    (model) => typeof model === 'string' && findPrice(policy.prices, model)?.cachedInputUsdPer1m != null,
  )
}
