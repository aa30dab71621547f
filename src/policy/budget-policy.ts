import { z } from 'zod'
import { strictObject } from './document.ts'
import { positive } from './schema-parts.ts'

/** The limits of a run as a user writes them. */
export function createBudgetSchema() {
  return strictObject({
    max_requests: positive.optional().meta({
      description: 'Requests to all endpoints together, retries included.',
    }),
    max_tokens: positive.optional().meta({
      description: 'Tokens of all endpoints together, those of prompts and those of answers.',
    }),
    max_usd: z.number().gt(0).optional().meta({
      description: 'US dollars at `prices`, in which every model that is asked needs a price.',
    }),
    max_minutes: z.number().gt(0).optional().meta({
      description: "Wall time of the measurement; on GitHub's own runners 340 a job unless it is set.",
    }),
  })
}

/** Hard limits of a run, all its parts together. `null`: none. */
export interface BudgetPolicy {
  maxRequests: number | null
  maxMinutes: number | null
  maxTokens: number | null
  maxUsd: number | null
}

/** The limits with the names of the rest of the code. */
export function toBudget(written: z.infer<ReturnType<typeof createBudgetSchema>>): BudgetPolicy {
  return {
    maxRequests: written.max_requests ?? null,
    maxMinutes: written.max_minutes ?? null,
    maxTokens: written.max_tokens ?? null,
    maxUsd: written.max_usd ?? null,
  }
}

/**
 * Minutes after which a run ends in a job on GitHub's own runners, which is ended after 360 (GitHub's documentation, "Usage
 * limits"): the longest request takes 5 more, and checking out before and writing and uploading after take some.
 */
export const hostedJobMinutes = 340
/** A limit that is longer than this can't be kept by such a job. */
export const longestHostedMinutes = 355

/** The limit of one job; `null` where none ends it, or policy has one that the job can keep. */
export function chooseJobMinutes(maxMinutes: number | null, jobMinutes: number | null): number | null {
  return maxMinutes !== null && maxMinutes <= longestHostedMinutes ? null : jobMinutes
}

/** The limits in words, each for itself. */
export function describeBudget({ maxRequests, maxMinutes, maxTokens, maxUsd }: BudgetPolicy): string[] {
  return [
    ...(maxRequests === null ? [] : [`${maxRequests} requests`]),
    ...(maxTokens === null ? [] : [`${maxTokens} tokens`]),
    ...(maxUsd === null ? [] : [`$${maxUsd}`]),
    ...(maxMinutes === null ? [] : [`${maxMinutes} minutes`]),
  ]
}
