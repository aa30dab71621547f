import { z } from 'zod'

const hint = 'write a rate with its unit, like "0.5%" or "40 per 100k"'
/** How a rate is written. Without flags, so that a JSON Schema can say the same. */
export const ratePattern = /^\s*(\d+(?:\.\d+)?)\s*(%|[Pp][Ee][Rr]\s*100[Kk])\s*$/

/**
 * Parses `0.5%` or `40 per 100k` to events per 100,000 turns.
 * @returns the rate, between 0 and 100,000, or the sentence that says what is wrong.
 */
export function parseRate(text: string): number | string {
  const match = ratePattern.exec(text)
  if (match === null) return `"${text}" is not a rate: ${hint}`
  const amount = Number(match[1])
  const per100k = match[2] === '%' ? shiftThousand(amount) : amount
  if (per100k > 100_000) return `"${text}" is more than every turn: a rate is at most 100% (100000 per 100k)`
  return per100k
}

// 0.07 * 1000 is 70.00000000000001: a limit has to be the number that was written.
function shiftThousand(percent: number): number {
  return Number((percent * 1000).toPrecision(12))
}

/** A rate with its unit; parses to events per 100,000 turns. A bare number is refused. */
export const rateSchema = z
  .union([z.string(), z.number()], { error: `expected a rate: ${hint}` })
  .transform((value, context) => {
    const parsed =
      typeof value === 'number' ? `a bare ${value} could be a share or a count: ${hint}` : parseRate(value)
    if (typeof parsed === 'number') return parsed
    context.addIssue({ code: 'custom', message: parsed })
    return z.NEVER
  })
  .meta({ description: 'A rate with its unit: "0.5%" or "40 per 100k".' })

/** A rate as people read it: `0.24 %`, or `12 per 100k` below 0.1 %. */
export function formatRate(per100k: number): string {
  if (per100k === 0) return '0 %'
  if (per100k < 100) return `${formatSignificant(per100k)} per 100k`
  return `${formatSignificant(per100k / 1000)} %`
}

function formatSignificant(value: number): string {
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)))
}
