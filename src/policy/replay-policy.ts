import { z } from 'zod'
import { strictObject } from './document.ts'
import { positive } from './schema-parts.ts'

/** How completions are asked for, as a user writes it. */
export function createReplaySchema() {
  return strictObject({
    api: z
      .literal('chat')
      .default('chat')
      .meta({ description: "The endpoint's API: OpenAI chat completions." }),
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
      .max(300, "Node's own client gives up on an answer after 300 seconds")
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
    allow_recorded: z
      .boolean()
      .default(false)
      .meta({ description: 'Allow completions from a file in place of an endpoint.' }),
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
    allowRecorded: written.allow_recorded,
  }
}
