import { z } from 'zod'
import { type Usage, usageSchema } from '../replay/completion.ts'

/** What the graders of one endpoint and model took, and under which names it answered. */
export const graderUseSchema = z.strictObject({
  endpoint: z.string(),
  /** The model that was asked for. */
  model: z.string(),
  /** How many answers came from which model, as the endpoint named it. */
  answeredAs: z.record(z.string(), z.int().min(0)),
  usage: usageSchema,
})
export type GraderUse = z.infer<typeof graderUseSchema>

/** No tokens at all. */
export const noUsage: Usage = { promptTokens: 0, completionTokens: 0 }

/** Adds tokens. */
export function addUsage(first: Usage, second: Usage | null): Usage {
  return {
    promptTokens: first.promptTokens + (second?.promptTokens ?? 0),
    completionTokens: first.completionTokens + (second?.completionTokens ?? 0),
  }
}

/** Adds up what graders took, one entry for each endpoint and model, sorted by their names. */
export function addUses(uses: readonly GraderUse[]): GraderUse[] {
  if (uses.length < 2) return [...uses]
  const sums = new Map<string, GraderUse>()
  for (const use of uses) {
    const name = JSON.stringify([use.endpoint, use.model])
    const sum = sums.get(name)
    if (sum === undefined) {
      sums.set(name, { ...use, answeredAs: { ...use.answeredAs } })
      continue
    }
    sum.usage = addUsage(sum.usage, use.usage)
    for (const [answered, count] of Object.entries(use.answeredAs))
      sum.answeredAs[answered] = (sum.answeredAs[answered] ?? 0) + count
  }
  return [...sums.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use)
}

/** All tokens of all graders. */
export function sumUses(uses: readonly GraderUse[]): Usage {
  return uses.reduce<Usage>((sum, { usage }) => addUsage(sum, usage), noUsage)
}
