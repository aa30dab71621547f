import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { readBody, type ScriptedResponse, sendScripted, startLoopbackServer } from './loopback-server.ts'

const responsesPath = '/v1/responses'

// As the API documents it, and no more: a key that it does not know is a mistake of the client's.
const itemSchema = z.union([
  z.strictObject({ role: z.enum(['system', 'developer', 'user', 'assistant']), content: z.string().min(1) }),
  z.strictObject({
    type: z.literal('function_call'),
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.strictObject({ type: z.literal('function_call_output'), call_id: z.string().min(1), output: z.string() }),
])
const requestSchema = z.strictObject({
  model: z.string(),
  input: z.array(itemSchema).min(1),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        name: z.string().min(1),
        description: z.string().optional(),
        parameters: z.record(z.string(), z.unknown()).nullable(),
        strict: z.boolean().nullable(),
      }),
    )
    .min(1)
    .optional(),
  temperature: z.number().optional(),
  max_output_tokens: z.int().min(1).optional(),
  store: z.literal(false),
})

/** What a scripted reply sees; `index` counts requests from 0. */
export interface ResponsesRequest {
  index: number
  headers: IncomingHttpHeaders
  body: z.infer<typeof requestSchema>
}

/**
 * A scripted answer. `body` replaces the whole answer (a string is sent as it is); `output` its items; otherwise `text`,
 * `refusal` and `calls` make them. `incomplete` is the reason why it was cut short. A status of 400 or more without a body
 * gets an error in the usual envelope.
 */
export interface ResponsesReply {
  status?: number
  headers?: Record<string, string>
  body?: unknown
  output?: unknown[]
  text?: string
  refusal?: string
  calls?: { name: string; arguments: string }[]
  incomplete?: string
  usage?: null
  model?: string | null
  delayMs?: number
}

export type ResponsesScript = (request: ResponsesRequest) => ResponsesReply

/** A request that was received. */
export interface ResponsesLogEntry {
  method: string
  path: string
  headers: IncomingHttpHeaders
  raw: string
}

export interface ResponsesEndpoint {
  /** The base URL that clients are given; it ends in `/v1`. */
  url: string
  log: ResponsesLogEntry[]
  close: () => Promise<void>
}

/** An endpoint on 127.0.0.1 that speaks OpenAI's Responses API and lists no models. */
export async function startResponsesEndpoint(reply: ResponsesScript): Promise<ResponsesEndpoint> {
  const log: ResponsesLogEntry[] = []
  let requests = 0
  const server = await startLoopbackServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const entry = { method, path, headers, raw: (await readBody(request)).toString() }
    log.push(entry)
    if (method !== 'POST' || path !== responsesPath) {
      sendScripted(response, failure(404, `Invalid URL (${method} ${path})`))
      return
    }
    const parsed = requestSchema.safeParse(JSON.parse(entry.raw))
    if (!parsed.success) {
      sendScripted(response, failure(400, z.prettifyError(parsed.error)))
      return
    }
    const index = requests
    requests += 1
    const { delayMs = 0, ...script } = reply({ index, headers, body: parsed.data })
    if (delayMs > 0) await wait(delayMs)
    sendScripted(response, answer(script, parsed.data.model, index))
  })
  return { url: `${server.url}/v1`, log, close: server.close }
}

function failure(status: number, message: string): ScriptedResponse {
  return { status, body: { error: { message, type: 'invalid_request_error', param: null, code: null } } }
}

function answer(script: Omit<ResponsesReply, 'delayMs'>, asked: string, index: number): ScriptedResponse {
  const { status = 200, headers = {}, body } = script
  if (body !== undefined) return { status, headers, body }
  if (status >= 400) return { ...failure(status, `scripted ${status}`), headers }
  return { status, headers, body: writeResponse(script, asked, index) }
}

/** The body of an answer. */
export function writeResponse(
  script: Pick<ResponsesReply, 'output' | 'text' | 'refusal' | 'calls' | 'incomplete' | 'usage' | 'model'>,
  asked: string,
  index: number,
): Record<string, unknown> {
  const { output = writeOutput(script, index), incomplete, usage, model = asked } = script
  return {
    id: `resp_${index}`,
    object: 'response',
    created_at: 1_700_000_000,
    status: incomplete === undefined ? 'completed' : 'incomplete',
    error: null,
    incomplete_details: incomplete === undefined ? null : { reason: incomplete },
    ...(model === null ? {} : { model }),
    output,
    ...(usage === null
      ? {}
      : {
          usage: {
            input_tokens: 10,
            input_tokens_details: { cached_tokens: 0 },
            output_tokens: 5,
            output_tokens_details: { reasoning_tokens: 2 },
            total_tokens: 15,
          },
        }),
  }
}

function writeOutput(
  { text, refusal, calls = [] }: Pick<ResponsesReply, 'text' | 'refusal' | 'calls'>,
  index: number,
): unknown[] {
  const content = [
    ...(text === undefined ? [] : [{ type: 'output_text', text, annotations: [], logprobs: [] }]),
    ...(refusal === undefined ? [] : [{ type: 'refusal', refusal }]),
  ]
  const message = { type: 'message', id: `msg_${index}`, role: 'assistant', status: 'completed', content }
  return [
    ...(content.length === 0 ? [] : [message]),
    ...calls.map((call, position) => ({
      type: 'function_call',
      id: `fc_${index}_${position}`,
      call_id: `call_${index}_${position}`,
      status: 'completed',
      ...call,
    })),
  ]
}
