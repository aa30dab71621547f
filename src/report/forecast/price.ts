import type { Plan } from '../../plan/plan.ts'
import { chooseBatchShare, findPrice } from '../../policy/prices.ts'
import type { Policy } from '../../policy/schema.ts'
import type { Arm } from '../../ports.ts'
import { priceUsage } from '../../record/build.ts'
import type { Usage } from '../../replay/completion.ts'
import type { EndpointLoad } from './grading-load.ts'

/** US dollars per million tokens; prompts that a provider has seen before may cost less. */
export type ModelPrice = Policy['prices'][string] & { cachedInputUsdPer1m?: number | null }

/** The tokens of a run, by who is asked. */
export interface Spent extends Record<Arm, Usage> {
  graders: readonly EndpointLoad[]
  /** Models that stand in for tools, which are always asked live. */
  simulators?: readonly EndpointLoad[]
}

/**
 * US dollars, each model by its own price; `null` where one has none. `isCached`: what begins every request to a judge
 * alike is taken at the cached price, where the model has one. `via`: whether the arms, and the judges, are asked in batches.
 */
export function priceSpending(request: {
  plan: Pick<Plan, Arm>
  spent: Spent
  prices: Readonly<Record<string, ModelPrice>>
  isCached: boolean
  via?: { arms: 'live' | 'batch'; judges: 'live' | 'batch' }
}): number | null {
  const { plan, spent, prices, isCached, via = { arms: 'live', judges: 'live' } } = request
  const inBatch = { arms: via.arms === 'batch', judges: via.judges === 'batch' }
  const judges = spent.graders.flatMap(({ model, ...load }) => (model === null ? [] : [{ model, ...load }]))
  const usd = priceUsage(
    [
      { model: plan.baseline, usage: spent.baseline, inBatch: inBatch.arms },
      { model: plan.candidate, usage: spent.candidate, inBatch: inBatch.arms },
      ...(spent.simulators ?? []).flatMap(({ model, promptTokens, completionTokens }) =>
        model === null ? [] : [{ model, usage: { promptTokens, completionTokens } }],
      ),
      ...judges.map(({ model, promptTokens, completionTokens }) => ({
        model,
        usage: { promptTokens, completionTokens },
        inBatch: inBatch.judges,
      })),
    ],
    prices,
  )
  if (usd === null || !isCached) return usd
  return judges.reduce((sum, { model, stableTokens }) => {
    const price = findPrice(prices, model)
    if (price === undefined) return sum
    const saved = price.inputUsdPer1m - (price.cachedInputUsdPer1m ?? price.inputUsdPer1m)
    const share = inBatch.judges ? chooseBatchShare(price) : 1
    return sum - (share * stableTokens * saved) / 1e6
  }, usd)
}
