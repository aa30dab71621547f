import type { Plan } from '../../plan/plan.ts'
import { findPrice } from '../../policy/prices.ts'
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
}

/**
 * US dollars, each model by its own price; `null` where one has none. `isCached`: what begins every request to a judge
 * alike is taken at the cached price, where the model has one.
 */
export function priceSpending(request: {
  plan: Pick<Plan, Arm>
  spent: Spent
  prices: Readonly<Record<string, ModelPrice>>
  isCached: boolean
}): number | null {
  const { plan, spent, prices, isCached } = request
  const judges = spent.graders.flatMap(({ model, ...load }) => (model === null ? [] : [{ model, ...load }]))
  const usd = priceUsage(
    [
      { model: plan.baseline, usage: spent.baseline },
      { model: plan.candidate, usage: spent.candidate },
      ...judges.map(({ model, promptTokens, completionTokens }) => ({
        model,
        usage: { promptTokens, completionTokens },
      })),
    ],
    prices,
  )
  if (usd === null || !isCached) return usd
  return judges.reduce((sum, { model, stableTokens }) => {
    const price = findPrice(prices, model)
    const saved =
      price === undefined ? 0 : price.inputUsdPer1m - (price.cachedInputUsdPer1m ?? price.inputUsdPer1m)
    return sum - (stableTokens * saved) / 1e6
  }, usd)
}
