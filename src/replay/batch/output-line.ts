import { z } from 'zod'
import type { Failed } from '../completion.ts'
import { fail, failByStatus } from '../read-answer.ts'

/**
 * A line of the output or the error file of OpenAI's Batch API, and of what vLLM's `run-batch` writes: there the body of a
 * request that failed is `null`, and `error` is what its server would have answered.
 */
export const outputLineSchema = z.object({
  custom_id: z.string().min(1),
  response: z.object({ status_code: z.int(), body: z.unknown() }).nullish(),
  error: z.unknown().optional(),
})
export type OutputLine = z.infer<typeof outputLineSchema>

/** What a line says became of its request: the body of the answer, or why there is none. */
export function readOutputLine(line: OutputLine): { kind: 'answered'; body: unknown } | Failed {
  const { response, error } = line
  if (!response) {
    const message = findMessage(error) ?? 'the line has no response'
    return fail(isUnasked(error) ? 'not-returned' : 'bad-request', message)
  }
  const { status_code: status, body } = response
  if (status === 200) return { kind: 'answered', body }
  return failByStatus(status, findMessage(body) ?? findMessage(error) ?? `status ${status}`)
}

const unaskedCodes: readonly unknown[] = ['batch_expired', 'batch_cancelled']

/** Whether the batch ended before the request was carried out. */
function isUnasked(error: unknown): boolean {
  return isObject(error) && unaskedCodes.includes(error.code)
}

/** The message of an error, which stands in an envelope of its own or does not; `null` where it has none. */
export function findMessage(value: unknown): string | null {
  if (!isObject(value)) return null
  if (typeof value.message === 'string' && value.message !== '') return value.message
  return findMessage(value.error)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
