import type OpenAI from 'openai'
import type { APIError } from 'openai'
import type { Clock, ModelClient } from '../ports.ts'
import type { ChatRequest, Completed, Failed } from '../replay/completion.ts'
import { fail, failByStatus, readChatAnswer } from '../replay/read-answer.ts'

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
  const redact = createRedactor(request.key)
  // Newer servers know `max_completion_tokens`, older ones only `max_tokens`: one refusal settles it.
  let tokensKey: TokensKey = 'max_completion_tokens'
  const send = (chat: ChatRequest, signal: AbortSignal) =>
    client.chat.completions.create(toBody(chat, tokensKey), { signal, timeout: 2 ** 31 - 1 })
  const complete: ModelClient['complete'] = async (chat, signal) => {
    try {
      return redactCompletion(readChatAnswer(parseTextAnswer(await send(chat, signal)), chat.model), redact)
    } catch (error) {
      if (tokensKey === 'max_completion_tokens' && refusesParameter(error, openai)) {
        tokensKey = 'max_tokens'
        request.onFallback(`${origin} does not know max_completion_tokens: using max_tokens`)
        return complete(chat, signal)
      }
      const failed = explainError({ error, openai, signal, now: request.clock.now() })
      return { ...failed, detail: redact(failed.detail).slice(0, longestDetail) }
    }
  }
  return { source: { kind: 'live' }, origin, complete }
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

function refusesParameter(error: unknown, openai: typeof import('openai')): boolean {
  return (
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
  if (error instanceof SyntaxError) return fail('unreadable-answer', 'the answer is not JSON')
  return fail('connection-lost', describe(error))
}

function explainConnection(error: Error): Failed {
  const chain = listCauses(error)
  const refused = chain.some(
    (cause) =>
      'code' in cause &&
      (cause.code === 'ECONNREFUSED' || cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN'),
  )
  const detail = chain
    .map((cause) => cause.message)
    .filter((message) => message !== '')
    .join(': ')
  return fail(refused ? 'connection-refused' : 'connection-lost', detail)
}

function listCauses(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? error.errors.flatMap((entry) => listCauses(entry)) : []
  return [error, ...inner, ...listCauses(error.cause)]
}

function describe(error: unknown): string {
  return (
    listCauses(error)
      .map((cause) => cause.message)
      .join(': ') || String(error)
  )
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

function createRedactor(key: string | null): (text: string) => string {
  if (key === null || key === '') return (text) => text
  return (text) => text.replaceAll(key, '[redacted]')
}

function redactCompletion(
  completion: Completed | Failed,
  redact: (text: string) => string,
): Completed | Failed {
  if (completion.kind === 'failed') return completion
  return {
    ...completion,
    model: redact(completion.model),
    text: redact(completion.text),
    refusal: completion.refusal === null ? null : redact(completion.refusal),
    finishReason: redact(completion.finishReason),
    systemFingerprint: completion.systemFingerprint === null ? null : redact(completion.systemFingerprint),
    toolCalls: completion.toolCalls.map((call) => ({
      ...call,
      function: { name: redact(call.function.name), arguments: redact(call.function.arguments) },
    })),
  }
}
