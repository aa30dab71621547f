import { z } from 'zod'
import { answerCauses, type Failed, stopReasonSchema, transportCauses } from '../replay/completion.ts'

/**
 * Why a turn has no label. `transport` says nothing about the completion; `content` might, so that it counts
 * at its worst (docs/statistics.md, "Missing").
 */
const missingSchema = z.discriminatedUnion('class', [
  z.strictObject({
    kind: z.literal('missing'),
    class: z.literal('transport'),
    of: z.enum(['completion', 'judge']),
    cause: z.enum(transportCauses),
  }),
  z.strictObject({
    kind: z.literal('missing'),
    class: z.literal('content'),
    of: z.enum(['completion', 'judge']),
    cause: z.enum([...answerCauses, 'cannot-tell', 'invalid-answer', 'quote-not-found', 'refused']),
  }),
])

/** What a grader says of a completion in one category; anything but present and absent is missing. */
export const labelSchema = z.union([
  z.strictObject({ kind: z.literal('present'), quote: z.string().optional() }),
  z.strictObject({ kind: z.literal('absent') }),
  missingSchema,
  z.strictObject({ kind: z.literal('not-asked'), reason: stopReasonSchema }),
])
export type Label = z.infer<typeof labelSchema>
/** A label that is missing, and why. */
export type Missing = z.infer<typeof missingSchema>

/** The missing label that follows from a failed request. */
export function explainFailure(failed: Failed, of: Missing['of']): Missing {
  const transport = transportCauses.find((cause) => cause === failed.cause)
  if (transport !== undefined) return { kind: 'missing', class: 'transport', of, cause: transport }
  const answer = answerCauses.find((cause) => cause === failed.cause) ?? 'bad-request'
  return { kind: 'missing', class: 'content', of, cause: answer }
}
