import { parseArgs } from 'node:util'
import type { ModelPrice } from '../../src/report/forecast/price.ts'
import { type CostAssumptions, exampleAssumptions } from './reckon.ts'

/** The assumptions that a command line names, and the examples for the others. Throws for what is no number. */
export function readAssumptions(): CostAssumptions {
  const { values } = parseArgs({
    options: {
      prefix: { type: 'string' },
      answer: { type: 'string' },
      flagged: { type: 'string' },
      twice: { type: 'string' },
      price: { type: 'string', multiple: true },
    },
  })
  const read = (text: string | undefined, fallback: number) =>
    text === undefined ? fallback : toNumber(text)
  const { prefixCharacters, answerCharacters, flaggedShare, twiceShare, prices } = exampleAssumptions
  return {
    prefixCharacters: read(values.prefix, prefixCharacters),
    answerCharacters: read(values.answer, answerCharacters),
    flaggedShare: read(values.flagged, flaggedShare),
    twiceShare: read(values.twice, twiceShare),
    prices: { ...prices, ...Object.fromEntries((values.price ?? []).map(readPrice)) },
  }
}

function readPrice(text: string): [string, Required<Omit<ModelPrice, 'batchShare'>>] {
  const match = /^(small|large)=([\d.]+)\/([\d.]+)\/([\d.]+)$/.exec(text)
  if (match === null) throw new Error(`a price is small=INPUT/CACHED/OUTPUT or large=…, not ${text}`)
  const [, model = '', input = '', cached = '', output = ''] = match
  const price = {
    inputUsdPer1m: toNumber(input),
    cachedInputUsdPer1m: toNumber(cached),
    outputUsdPer1m: toNumber(output),
  }
  return [model, price]
}

function toNumber(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0) return value
  throw new Error(`not a number: ${text}`)
}
