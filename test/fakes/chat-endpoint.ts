import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { readBody, type ScriptedResponse, sendScripted, startLoopbackServer } from './loopback-server.ts'

const completionPath = '/v1/chat/completions'

const messageSchema = z.looseObject({ role: z.string(), content: z.unknown().optional() })

const requestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(messageSchema).min(1),
  stream: z.literal(false).optional(),
})

/** What a scripted reply sees: `body` is the whole parsed request, `index` counts requests from 0. */
export type ChatRequest = {
  index: number
  path: string
  headers: IncomingHttpHeaders
  model: string
  messages: z.infer<typeof messageSchema>[]
  body: Record<string, unknown>
}

export type ChatToolCall = { id?: string; name: string; arguments: string }

/**
 * A scripted answer. `body` replaces the whole answer (a string is sent as it is). Otherwise `text`,
 * `toolCalls` and `refusal` make one choice; `usage: null` leaves the token counts out; `model` is the
 * request's unless given, and left out where it is `null`. A status of 400 or more without a body gets an error in the usual envelope.
 */
export type ChatReply = {
  status?: number
  headers?: Record<string, string>
  body?: unknown
  text?: string | null
  toolCalls?: ChatToolCall[]
  refusal?: string
  finishReason?: string
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null
  model?: string | null
  delayMs?: number
}

/** What a scripted list sees; `index` counts the requests to its path from 0. */
export type ListRequest = { index: number; path: string; headers: IncomingHttpHeaders }

/** What the endpoint answers to GET requests; `undefined` for a path that it does not have. */
export type ListScript = (request: ListRequest) => ScriptedResponse | undefined

export type ChatScript = (request: ChatRequest) => ChatReply | Promise<ChatReply>

/** One received request: `raw` is its body's text, `status` what was answered. */
export type ChatLogEntry = {
  method: string
  path: string
  headers: IncomingHttpHeaders
  raw: string
  status: number
}

export type ChatEndpoint = { url: string; log: ChatLogEntry[]; close: () => Promise<void> }

/** The requests for completions alone, without those for a list of models. */
export function listAsked({ log }: ChatEndpoint): ChatLogEntry[] {
  return log.filter(({ method }) => method === 'POST')
}

/**
 * An OpenAI-compatible endpoint on 127.0.0.1. `url` is the base URL that clients are given (it ends in `/v1`).
 * Other paths are 404 and malformed requests 400, so a client that asks wrongly can't look right.
 */
export async function startChatEndpoint({
  reply,
  list,
}: {
  reply: ChatScript
  list?: ListScript
}): Promise<ChatEndpoint> {
  const log: ChatLogEntry[] = []
  const closing = new AbortController()
  let requests = 0
  const listed = new Map<string, number>()
  const server = await startLoopbackServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const entry = { method, path, headers, raw: (await readBody(request)).toString(), status: 0 }
    log.push(entry)
    const index = listed.get(path) ?? 0
    const found = method === 'GET' ? list?.({ index, path, headers }) : undefined
    if (found !== undefined) listed.set(path, index + 1)
    const { delayMs = 0, ...scripted } =
      found === undefined ? await answer({ entry, reply, nextIndex: () => requests++ }) : { ...found }
    if (delayMs > 0) await wait(delayMs, undefined, { signal: closing.signal })
    entry.status = scripted.status
    sendScripted(response, scripted)
  })
  const close = () => {
    closing.abort()
    return server.close()
  }
  return { url: `${server.url}/v1`, log, close }
}

type Answering = { entry: ChatLogEntry; reply: ChatScript; nextIndex: () => number }

async function answer({
  entry,
  reply,
  nextIndex,
}: Answering): Promise<ScriptedResponse & { delayMs?: number }> {
  if (entry.method !== 'POST' || entry.path !== completionPath) {
    return failure(404, `Invalid URL (${entry.method} ${entry.path})`)
  }
  const parsed = requestSchema.safeParse(parseJson(entry.raw))
  if (!parsed.success) return failure(400, z.prettifyError(parsed.error))
  const index = nextIndex()
  const { model, messages } = parsed.data
  const script = await reply({
    index,
    path: entry.path,
    headers: entry.headers,
    model,
    messages,
    body: parsed.data,
  })
  const { status = 200, headers = {}, delayMs = 0 } = script
  if (script.body !== undefined) return { status, headers, delayMs, body: script.body }
  if (status >= 400) return { ...failure(status, `scripted ${status}`), headers, delayMs }
  return { status, headers, delayMs, body: completion({ index, requestedModel: model, script }) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function failure(status: number, message: string): ScriptedResponse {
  return { status, body: { error: { message, type: 'invalid_request_error', param: null, code: null } } }
}

type Completing = { index: number; requestedModel: string; script: ChatReply }

function completion({ index, requestedModel, script }: Completing) {
  const { text = null, toolCalls, refusal = null, usage = defaultUsage } = script
  const calls = toolCalls?.map((call, position) => ({
    id: call.id ?? `call_${index}_${position}`,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }))
  const message = { role: 'assistant', content: text, refusal, ...(calls && { tool_calls: calls }) }
  return {
    id: `chatcmpl-${index}`,
    object: 'chat.completion',
    created: 1_700_000_000,
    ...(script.model === null ? {} : { model: script.model ?? requestedModel }),
    choices: [
      {
        index: 0,
        message,
        logprobs: null,
        finish_reason: script.finishReason ?? (calls ? 'tool_calls' : 'stop'),
      },
    ],
    ...(usage && { usage }),
  }
}

const defaultUsage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
