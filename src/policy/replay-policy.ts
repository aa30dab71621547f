import { z } from 'zod'
import type { ServedDigest } from './checkpoint.ts'
import { strictObject } from './document.ts'
import { positive } from './schema-parts.ts'

/** Whether each request is sent by itself, or many of them in a file. */
export const viaSchema = z.enum(['live', 'batch'])

/** How completions are asked for, as a user writes it. */
export function createReplaySchema() {
  return strictObject({
    api: z.enum(['chat', 'responses']).default('chat').meta({
      description:
        'What both arms are asked through: OpenAI’s chat completions, or its Responses API (docs/endpoints.md). Judges are asked by chat.',
    }),
    temperature: z
      .number()
      .min(0)
      .max(2)
      .optional()
      .meta({ description: 'As in production; not sent when absent.' }),
    max_tokens: positive.optional().meta({ description: 'As in production; not sent when absent.' }),
    timeout_s: z
      .number()
      .gt(0)
      .max(3600, 'no answer is worth waiting for longer than an hour')
      .default(120)
      .meta({ description: 'Deadline of one request, in seconds.' }),
    concurrency: z
      .union([z.literal('auto'), positive.max(1000)], {
        error: 'expected `auto`, or how many requests may be under way at each endpoint: 1 to 1000',
      })
      .default('auto')
      .meta({
        description:
          'Requests under way at once: `auto` finds out how many a host bears (docs/endpoints.md), a number is for each endpoint.',
      }),
    max_attempts: positive
      .max(20)
      .default(4)
      .meta({ description: 'How often one request is tried before the final pass.' }),
    via: viaSchema.default('live').meta({
      description:
        '`batch` asks both arms by files of OpenAI’s Batch API (docs/batch.md): cheaper, and up to a day later.',
    }),
    allow_recorded: z
      .boolean()
      .default(false)
      .meta({ description: 'Allow completions from a file in place of an endpoint.' }),
    reuse_baseline_days: positive
      .max(
        90,
        'GitHub keeps artifacts for 90 days unless told otherwise, and a deployment changes: at most 90',
      )
      .optional()
      .meta({
        description:
          'How old answers of the baseline may be that an earlier run got and this one need not ask for (docs/reuse.md); none are reused when absent.',
      }),
  })
}

/** How completions are asked for, with the names and units of the rest of the code. */
export function toReplay(written: z.infer<ReturnType<typeof createReplaySchema>>) {
  return {
    api: written.api,
    temperature: written.temperature ?? null,
    maxTokens: written.max_tokens ?? null,
    timeoutMs: written.timeout_s * 1000,
    concurrency: written.concurrency,
    maxAttempts: written.max_attempts,
    via: written.via,
    allowRecorded: written.allow_recorded,
    reuseBaselineDays: written.reuse_baseline_days ?? null,
  }
}

/** Why what policy asks for can't be had of batches; `null` where it can, or asks live. */
export function describeBatchConflict(policy: {
  replay: { via: 'live' | 'batch' }
  checkpoint: { servedDigest: ServedDigest | null }
}): string | null {
  const { servedDigest } = policy.checkpoint
  const isHeader = typeof servedDigest === 'object' && servedDigest !== null && 'header' in servedDigest
  if (policy.replay.via === 'live' || !isHeader) return null
  return 'answers of a batch have no headers, in which `checkpoint.served_digest` looks for a digest: name where the list of models has it, or ask live'
}
