import { GateError } from '../errors.ts'
import { formatPath } from './document.ts'

/** US dollars per million tokens. */
export interface TokenPrice {
  inputUsdPer1m: number
  outputUsdPer1m: number
}

/**
 * The price of a model: that of its own name, else that of the longest beginning which is written with a `*` at its end;
 * `undefined` where it has none.
 */
export function findPrice<Price>(prices: Readonly<Record<string, Price>>, model: string): Price | undefined {
  if (Object.hasOwn(prices, model)) return prices[model]
  const patterns = Object.keys(prices).filter(
    (name) => name.endsWith('*') && model.startsWith(name.slice(0, -1)),
  )
  const [longest] = patterns.toSorted((a, b) => b.length - a.length)
  return longest === undefined ? undefined : prices[longest]
}

const priceRemedy =
  'give each a line in `prices` (`name*` is for all that begin so, zeros for what costs nothing), or take `budget.max_usd` out'

interface Priced {
  budget: { maxUsd: number | null }
  prices: Readonly<Record<string, TokenPrice>>
}

/** Why a budget in dollars can't be held for the models that graders ask; `null` where it can, or there is none. */
export function describeUnpricedGraders(
  policy: Priced & { categories: readonly { graders: readonly Readonly<Record<string, unknown>>[] }[] },
): string | null {
  const models = policy.categories.flatMap(({ graders }) =>
    graders.flatMap(({ model }) => (typeof model === 'string' ? [model] : [])),
  )
  const message = describeUnpriced(policy, models)
  return message === null ? null : `${message}; ${priceRemedy}`
}

/**
 * Refuses a budget in dollars where a checkpoint that will be asked has no price.
 * @throws GateError
 */
export function checkPrices(request: { policy: Priced; file: string; checkpoints: readonly string[] }): void {
  const { policy, file, checkpoints } = request
  const message = describeUnpriced(policy, checkpoints)
  if (message === null) return
  throw new GateError({
    code: 'policy',
    message,
    where: { file, field: formatPath(['budget', 'max_usd']) },
    remedy: priceRemedy,
  })
}

function describeUnpriced({ budget, prices }: Priced, models: readonly string[]): string | null {
  if (budget.maxUsd === null) return null
  const unpriced = [...new Set(models)].filter((model) => findPrice(prices, model) === undefined)
  if (unpriced.length === 0) return null
  const names = unpriced.map((model) => `"${model}"`).join(', ')
  return `\`budget.max_usd\` can't be held: no price is known of ${names}, which will be asked`
}
