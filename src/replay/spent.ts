import { z } from 'zod'

/**
 * What a run has taken so far, all its parts together. Tokens and dollars are what the answers say; of one that does not
 * say it they are estimated.
 */
export const spentSchema = z.strictObject({
  requests: z.int().min(0),
  /** While it was measured: the time between the parts is not counted. */
  elapsedMs: z.number().min(0),
  promptTokens: z.int().min(0),
  completionTokens: z.int().min(0),
  /** `null` when a price is not known. */
  usd: z.number().min(0).nullable(),
})
export type Spent = z.infer<typeof spentSchema>
