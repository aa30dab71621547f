import type { APIError } from 'openai'
import type { Failed } from '../replay/completion.ts'
import { fail, failByStatus } from '../replay/read-answer.ts'

/** What a request failed of, as its client threw it. */
export function explainError(request: {
  error: unknown
  openai: typeof import('openai')
  signal: AbortSignal
  now: Date
}): Failed {
  const { error, openai, signal, now } = request
  if (signal.aborted) return fail('timeout', 'no complete answer within the deadline')
  if (error instanceof openai.APIConnectionTimeoutError) return fail('timeout', error.message)
  if (error instanceof openai.APIConnectionError) return explainConnection(error)
  if (error instanceof openai.APIError && typeof error.status === 'number') {
    return {
      ...failByStatus(error.status, error.message),
      retryAfterMs: readRetryAfter(error as APIError<number, Headers>, now),
    }
  }
  if (isErrorLike(error) && error.name === 'SyntaxError')
    return fail('unreadable-answer', 'the answer is not JSON')
  return fail('connection-lost', describe(error))
}

function explainConnection(error: unknown): Failed {
  const refused = listCauses(error).some(
    ({ code }) => code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN',
  )
  return fail(refused ? 'connection-refused' : 'connection-lost', describe(error))
}

// Errors are known by their shape: those of the platform need not be of this realm's classes.
interface ErrorLike {
  message: string
  name?: unknown
  code?: unknown
  cause?: unknown
  errors?: unknown
}

function isErrorLike(value: unknown): value is ErrorLike {
  return (
    typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
  )
}

function listCauses(error: unknown): ErrorLike[] {
  if (!isErrorLike(error)) return []
  const inner = Array.isArray(error.errors) ? error.errors.flatMap((entry) => listCauses(entry)) : []
  return [error, ...inner, ...listCauses(error.cause)]
}

function describe(error: unknown): string {
  const messages = listCauses(error).map(({ message }) => message)
  return messages.filter((message) => message !== '').join(': ') || String(error)
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110 §10.2.3), or OpenAI's `retry-after-ms`. */
export function readRetryAfter(error: { headers: Headers | undefined }, now: Date): number | null {
  const milliseconds = Number(error.headers?.get('retry-after-ms') ?? Number.NaN)
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds
  const text = error.headers?.get('retry-after')
  if (text === null || text === undefined || text.trim() === '') return null
  const seconds = Number(text)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - now.getTime()
  return Number.isFinite(wait) ? Math.max(0, wait) : null
}
