import type OpenAI from 'openai'
import type { APIError } from 'openai'
import type { Clock, ModelClient } from '../ports.ts'
import type { ChatRequest, Failed, Posted } from '../replay/completion.ts'
import { fail, failByStatus, readChatAnswer } from '../replay/read-answer.ts'
import { createRedactor, redactCompletion, redactJson } from './redact.ts'

/** Longer answers are no completions. */
const largestAnswerBytes = 16 * 1024 * 1024
const longestDetail = 300

/**
 * A client of an OpenAI-compatible endpoint.
 *
 * The key goes to this origin only: redirects are errors and every request's origin is compared. Retries,
 * concurrency and deadlines are the caller's.
 */
export async function connectEndpoint(request: {
  url: string
  key: string | null
  clock: Clock
  onFallback: (text: string) => void
}): Promise<ModelClient> {
  const openai = await import('openai')
  const origin = new URL(request.url).origin
  const client = new openai.default({
    baseURL: request.url.replace(/\/$/, ''),
    apiKey: request.key ?? 'none',
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    fetch: createGuardedFetch(origin),
    ...(request.key === null ? { defaultHeaders: { authorization: null } } : {}),
  })
  const tell = (name: string, instead: string) =>
    request.onFallback(`${origin} does not know ${name}: ${instead}`)
  const redact = createRedactor(request.key)
  const parts = { client, openai, redact, clock: request.clock, tell }
  const complete = leaveOutUnknownFormat(createAsk(parts), tell)
  return { source: { kind: 'live' }, origin, complete, post: createPost(parts) }
}

type Ask = ModelClient['complete']
interface ClientParts {
  client: OpenAI
  openai: typeof import('openai')
  redact: (text: string) => string
  clock: Clock
  tell: TellFallback
}

/** Asks an address that is no chat. What comes back holds no key: all texts and names in it are redacted. */
function createPost(parts: ClientParts): ModelClient['post'] {
  const { client, openai, redact, clock } = parts
  return async ({ path, body }, signal): Promise<Posted | Failed> => {
    try {
      const answer: unknown = await client.post(path, { body, signal, timeout: 2 ** 31 - 1 })
      const parsed = parseTextAnswer(answer)
      if (parsed === undefined) return fail('unreadable-answer', 'the answer is not JSON')
      return { kind: 'posted', body: redactJson(parsed, redact) }
    } catch (error) {
      const failed = explainError({ error, openai, signal, now: clock.now() })
      return { ...failed, detail: redact(failed.detail).slice(0, longestDetail) }
    }
  }
}
type TellFallback = (name: string, instead: string) => void

// Newer servers know `max_completion_tokens`, older ones only `max_tokens`: one refusal settles it for the run.
function createAsk(parts: ClientParts): Ask {
  const { client, openai, redact, clock, tell } = parts
  let tokensKey: TokensKey = 'max_completion_tokens'
  const ask: Ask = async (chat, signal) => {
    const sentKey = tokensKey
    try {
      const body = toBody(chat, sentKey)
      const answer = await client.chat.completions.create(body, { signal, timeout: 2 ** 31 - 1 })
      return redactCompletion(readChatAnswer(parseTextAnswer(answer), chat.model), redact)
    } catch (error) {
      if (sentKey === 'max_completion_tokens' && refusesLength(error, chat, openai)) {
        // Requests that were under way together are refused together: each is sent again, one is told of.
        if (tokensKey === sentKey) tell(sentKey, 'using max_tokens')
        tokensKey = 'max_tokens'
        return ask(chat, signal)
      }
      const failed = explainError({ error, openai, signal, now: clock.now() })
      return { ...failed, detail: redact(failed.detail).slice(0, longestDetail) }
    }
  }
  return ask
}

// Some servers know no response format. Whether it was the format that was refused, only the same request
// without it can tell; then it is left out for the rest of the run.
function leaveOutUnknownFormat(ask: Ask, tell: TellFallback): Ask {
  let known = true
  return async (chat, signal) => {
    const { responseFormat, ...plain } = chat
    if (responseFormat === undefined || !known) return ask(plain, signal)
    const completion = await ask(chat, signal)
    if (completion.kind !== 'failed' || completion.cause !== 'bad-request') return completion
    const again = await ask(plain, signal)
    if (again.kind === 'completed' && known) {
      known = false
      tell('response_format', 'leaving it out')
    }
    return again
  }
}

type TokensKey = 'max_completion_tokens' | 'max_tokens'

function toBody(chat: ChatRequest, tokensKey: TokensKey): OpenAI.Chat.ChatCompletionCreateParamsNonStreaming {
  return {
    model: chat.model,
    // The corpus' schema is the API's; only optional keys differ in how they say "absent".
    messages: chat.messages as OpenAI.Chat.ChatCompletionMessageParam[],
    ...(chat.tools === undefined ? {} : { tools: chat.tools as OpenAI.Chat.ChatCompletionTool[] }),
    ...(chat.temperature === undefined ? {} : { temperature: chat.temperature }),
    ...(chat.maxTokens === undefined ? {} : { [tokensKey]: chat.maxTokens }),
    ...(chat.responseFormat === undefined
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { ...chat.responseFormat, strict: true } } }),
  }
}

// Some servers send JSON as text/plain; the SDK then hands over the text.
function parseTextAnswer(answer: unknown): unknown {
  if (typeof answer !== 'string') return answer
  try {
    return JSON.parse(answer)
  } catch {
    return undefined
  }
}

function createGuardedFetch(
  origin: string,
): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (url.origin !== origin) throw new Error(`a request would leave ${origin}`)
    const response = await fetch(input, { ...init, redirect: 'error' })
    if (response.body === null) return response
    return new Response(response.body.pipeThrough(createByteLimit(largestAnswerBytes)), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    })
  }
}

function createByteLimit(limitBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > limitBytes) controller.error(new Error(`the answer is longer than ${limitBytes} bytes`))
      else controller.enqueue(chunk)
    },
  })
}

function refusesLength(error: unknown, chat: ChatRequest, openai: typeof import('openai')): boolean {
  return (
    chat.maxTokens !== undefined &&
    error instanceof openai.APIError &&
    error.status === 400 &&
    error.message.includes('max_completion_tokens')
  )
}

function explainError(request: {
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
