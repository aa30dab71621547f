import type OpenAI from 'openai'
import type { Clock, ModelClient } from '../ports.ts'
import type { ChatRequest, Completed, Exchange, Failed, Posted } from '../replay/completion.ts'
import { longestTextUnits } from '../replay/probe.ts'
import { readAllowances } from '../replay/rate-limits.ts'
import { fail, readChatAnswer } from '../replay/read-answer.ts'
import { readResponse } from '../replay/read-response.ts'
import { toResponsesBody } from '../replay/responses-body.ts'
import { explainError } from './explain-error.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import { createLeanClient } from './lean-client.ts'
import { createProbe, parseTextAnswer } from './probe-endpoint.ts'
import { createRedactor, redactCompletion, redactJson } from './redact.ts'

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
  /** What this endpoint should never have seen, and must not bring in: the keys of others. */
  secrets?: readonly string[]
  clock: Clock
  onFallback: (text: string) => void
}): Promise<ModelClient> {
  const openai = await import('openai')
  const origin = new URL(request.url).origin
  const client = createLeanClient({
    openai,
    fetch: await createGuardedFetch(origin),
    options: {
      baseURL: request.url.replace(/\/$/, ''),
      apiKey: request.key ?? 'none',
      organization: null,
      project: null,
      webhookSecret: null,
      logLevel: 'off',
      maxRetries: 0,
      ...(request.key === null ? { defaultHeaders: { authorization: null } } : {}),
    },
  })
  const tell = (name: string, instead: string) =>
    request.onFallback(`${origin} does not know ${name}: ${instead}`)
  const redact = createRedactor(request.key, request.secrets)
  const parts = { client, openai, redact, clock: request.clock, tell }
  const explain = (error: unknown, signal: AbortSignal) =>
    explainError({ error, openai, signal, now: request.clock.now() })
  const complete = leaveOutUnknownFormat(createAsk(parts), tell)
  const probe = createProbe({ client, redact, explain })
  return { source: { kind: 'live' }, origin, complete, post: createPost(parts), probe }
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
  return async ({ path, body }, signal, exchange): Promise<Posted | Failed> => {
    try {
      const asked = client.post<unknown>(path, { body, signal, timeout: 2 ** 31 - 1 })
      const response = await asked.asResponse()
      tellAllowances({ headers: response.headers, exchange, clock })
      const parsed = parseTextAnswer(await response.text())
      if (parsed === undefined) return fail('unreadable-answer', 'the answer is not JSON')
      return { kind: 'posted', body: redactJson(parsed, redact) }
    } catch (error) {
      tellAllowances({ headers: readHeaders(error, openai), exchange, clock })
      const failed = explainError({ error, openai, signal, now: clock.now() })
      return { ...failed, detail: redact(failed.detail).slice(0, longestDetail) }
    }
  }
}

function readCompletion({ api }: ChatRequest, text: string): Completed | Failed {
  const parsed = parseTextAnswer(text)
  if (parsed === undefined) return fail('unreadable-answer', 'the answer is not JSON')
  return api === 'responses' ? readResponse(parsed) : readChatAnswer(parsed)
}

/** Passes on what headers say of what is left. */
function tellAllowances(parts: {
  headers: Headers | undefined
  exchange: Exchange | undefined
  clock: Clock
}): void {
  const { headers, exchange, clock } = parts
  if (headers !== undefined) exchange?.heard(readAllowances(headers, clock.now()))
}

function readHeaders(error: unknown, openai: typeof import('openai')): Headers | undefined {
  return error instanceof openai.APIError ? (error.headers as Headers | undefined) : undefined
}

type TellFallback = (name: string, instead: string) => void

// A request in another form is one more.
async function mayAskAgain(exchange: Exchange | undefined): Promise<boolean> {
  return exchange === undefined || (await exchange.mayAskAgain())
}

// Newer servers know `max_completion_tokens`, older ones only `max_tokens`: one refusal settles it for the run.
function createAsk(parts: ClientParts): Ask {
  const { client, openai, redact, clock, tell } = parts
  let tokensKey: TokensKey = 'max_completion_tokens'
  const ask: Ask = async (chat, signal, exchange) => {
    const sentKey = tokensKey
    const own = { signal, timeout: 2 ** 31 - 1 }
    try {
      const asked =
        chat.api === 'responses'
          ? client.responses.create(toResponsesBody(chat), own)
          : client.chat.completions.create(toBody(chat, sentKey), own)
      const response = await asked.asResponse()
      tellAllowances({ headers: response.headers, exchange, clock })
      const completion = readCompletion(chat, await response.text())
      return redactCompletion(addServedDigest(completion, chat, response.headers), redact)
    } catch (error) {
      if (sentKey === 'max_completion_tokens' && refusesLength(error, chat, openai)) {
        // Requests that were under way together are refused together: each is sent again, one is told of.
        if (tokensKey === sentKey) tell(sentKey, 'using max_tokens')
        tokensKey = 'max_tokens'
        if (await mayAskAgain(exchange)) return ask(chat, signal, exchange)
      }
      tellAllowances({ headers: readHeaders(error, openai), exchange, clock })
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
  const leaveOut = ({ responseFormat, ...plain }: ChatRequest): ChatRequest => plain
  const askPlainly = async (refused: Failed, ...[chat, signal, exchange]: Parameters<Ask>) => {
    if (!(await mayAskAgain(exchange))) return refused
    const again = await ask(leaveOut(chat), signal, exchange)
    if (again.kind === 'completed' && known) {
      known = false
      tell('response_format', 'leaving it out')
    }
    return again
  }
  return (chat, signal, exchange) => {
    if (chat.responseFormat === undefined) return ask(chat, signal, exchange)
    if (!known) return ask(leaveOut(chat), signal, exchange)
    return ask(chat, signal, exchange).then((completion) =>
      completion.kind === 'failed' && completion.cause === 'bad-request'
        ? askPlainly(completion, chat, signal, exchange)
        : completion,
    )
  }
}

function addServedDigest(
  completion: Completed | Failed,
  { digestHeader }: ChatRequest,
  headers: Headers,
): Completed | Failed {
  if (completion.kind === 'failed' || digestHeader === undefined) return completion
  return { ...completion, servedDigest: headers.get(digestHeader)?.trim().slice(0, longestTextUnits) || null }
}

export type TokensKey = 'max_completion_tokens' | 'max_tokens'

export function toBody(
  chat: ChatRequest,
  tokensKey: TokensKey,
): OpenAI.Chat.ChatCompletionCreateParamsNonStreaming {
  return {
    model: chat.model,
    // The corpus' schema is the API's; only optional keys differ in how they say "absent".
    messages: chat.messages as OpenAI.Chat.ChatCompletionMessageParam[],
    ...(chat.tools === undefined ? {} : { tools: chat.tools as OpenAI.Chat.ChatCompletionTool[] }),
    ...(chat.temperature === undefined ? {} : { temperature: chat.temperature }),
    ...(chat.maxTokens === undefined ? {} : { [tokensKey]: chat.maxTokens }),
    ...(chat.responseFormat === undefined ? {} : { response_format: writeFormat(chat.responseFormat) }),
  }
}

type Format = OpenAI.ResponseFormatJSONSchema

/** A grader's requests have one format, the same object in all of them. */
const formats = new WeakMap<object, Format>()

function writeFormat(format: NonNullable<ChatRequest['responseFormat']>): Format {
  const known = formats.get(format)
  if (known !== undefined) return known
  const written: Format = Object.freeze({ type: 'json_schema', json_schema: { ...format, strict: true } })
  formats.set(format, written)
  return written
}

function refusesLength(error: unknown, chat: ChatRequest, openai: typeof import('openai')): boolean {
  return (
    chat.maxTokens !== undefined &&
    error instanceof openai.APIError &&
    error.status === 400 &&
    error.message.includes('max_completion_tokens')
  )
}
