import { z } from 'zod'
import { GateError } from '../errors.ts'
import { formatPath, strictObject } from './document.ts'
import { share } from './schema-parts.ts'

/** Prices by model, as a user writes them. */
export function createPricesSchema() {
  const price = strictObject({
    input: z.number().min(0),
    output: z.number().min(0),
    batch: share.optional().meta({
      description:
        'The share of it that a batch costs: 50%, unless the provider takes another, or 100% without a discount.',
    }),
  })
  return z.record(z.string(), price).prefault({}).meta({
    description:
      'US dollars per million tokens, by model; `ckpt-*` is for all names that begin so and have none of their own.',
  })
}

/** Prices by model. */
export function toPrices(
  written: z.infer<ReturnType<typeof createPricesSchema>>,
): Record<string, TokenPrice> {
  return Object.fromEntries(
    Object.entries(written).map(([model, { input, output, batch }]) => [
      model,
      {
        inputUsdPer1m: input,
        outputUsdPer1m: output,
        ...(batch === undefined ? {} : { batchShare: batch }),
      },
    ]),
  )
}

/** US dollars per million tokens. */
export interface TokenPrice {
  inputUsdPer1m: number
  outputUsdPer1m: number
  /** What a batch costs of it; the usual half where it is left out. */
  batchShare?: number
}

/** OpenAI, and most who offer batches, take half (OpenAI's guide, "Batch API"). */
const usualBatchShare = 0.5

/** The share of a price that a batch costs. */
export function chooseBatchShare({ batchShare }: TokenPrice): number {
  return batchShare ?? usualBatchShare
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

/** Prices as they are paid: of each model that is asked in batches, what a batch costs. */
export function listPaidPrices(
  policy: {
    prices: Readonly<Record<string, TokenPrice>>
    replay: { via: 'live' | 'batch' }
    judge: { via: 'live' | 'batch' } | null
    categories: readonly { graders: readonly Readonly<Record<string, unknown>>[] }[]
  },
  checkpoints: readonly string[],
): Record<string, TokenPrice> {
  const { prices, replay, judge } = policy
  const arms = replay.via === 'batch' ? checkpoints : []
  const judges = judge?.via === 'batch' ? listGraderModels(policy) : []
  const paid = [...arms, ...judges].flatMap((model) => {
    const price = findPrice(prices, model)
    if (price === undefined) return []
    const share = chooseBatchShare(price)
    const { inputUsdPer1m, outputUsdPer1m } = price
    return [[model, { inputUsdPer1m: share * inputUsdPer1m, outputUsdPer1m: share * outputUsdPer1m }]]
  })
  return { ...prices, ...Object.fromEntries(paid) }
}

function listGraderModels(policy: {
  categories: readonly { graders: readonly Readonly<Record<string, unknown>>[] }[]
}): string[] {
  return policy.categories.flatMap(({ graders }) =>
    graders.flatMap(({ model }) => (typeof model === 'string' ? [model] : [])),
  )
}

const priceRemedy =
  'give each a line in `prices` (`name*` is for all that begin so, zeros for what costs nothing), or take `budget.max_usd` out'

interface Priced {
  budget: { maxUsd: number | null }
  prices: Readonly<Record<string, TokenPrice>>
}

/** Why a budget in dollars can't be held for the models that graders ask; `null` where it can, or there is none. */
export function describeUnpricedGraders(
  policy: Priced & {
    categories: readonly { graders: readonly Readonly<Record<string, unknown>>[] }[]
    tools?: { simulator: { model: string } | null } | null
  },
): string | null {
  const { tools } = policy
  const simulators = tools?.simulator ? [tools.simulator.model] : []
  const message = describeUnpriced(policy, [...listGraderModels(policy), ...simulators])
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
