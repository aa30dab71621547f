import type OpenAI from 'openai'
import { z } from 'zod'
import type { Clock } from '../ports.ts'
import type { BatchClient, BatchState, UploadedFile } from '../replay/batch/client.ts'
import type { ChatRequest, Failed } from '../replay/completion.ts'
import { fail, readChatAnswer } from '../replay/read-answer.ts'
import { isResponse, readResponse } from '../replay/read-response.ts'
import { responsesUrl, toResponsesBody } from '../replay/responses-body.ts'
import { explainError } from './explain-error.ts'
import { createGuardedFetch } from './guarded-fetch.ts'
import { type TokensKey, toBody } from './openai-client.ts'
import { createRedactor, redactJson } from './redact.ts'

/** The address and the body of a request on its line. A batch is of one address: an endpoint is asked through one API. */
export function describeRequest(
  chat: ChatRequest,
  tokensKey: TokensKey,
): { url: BatchUrl; body: Record<string, unknown> } {
  return chat.api === 'responses'
    ? { url: responsesUrl, body: { ...toResponsesBody(chat) } }
    : { url: '/v1/chat/completions', body: { ...toBody(chat, tokensKey) } }
}

type BatchUrl = '/v1/chat/completions' | typeof responsesUrl

const longestDetail = 300
const callDeadlineMs = 60_000
/** Of 200 MB, up or down. */
const fileDeadlineMs = 900_000
/** Of 50,000 answers, whatever they are: more is no file of answers. */
const largestFileBytes = 8 * 1024 ** 3
/** A longer line is no answer. */
const longestLineBytes = 16 * 1024 * 1024
/** The API gives pages of up to 100. */
const latestBatches = 100

const stateSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  input_file_id: z.string().nullish(),
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  request_counts: z
    .object({ total: z.int().min(0), completed: z.int().min(0), failed: z.int().min(0) })
    .nullish()
    .catch(null),
  errors: z
    .object({
      data: z
        .array(
          z.object({
            code: z.string().nullish(),
            line: z.int().nullish().catch(null),
            message: z.string().nullish(),
          }),
        )
        .nullish(),
    })
    .nullish()
    .catch(null),
})

/**
 * Files and batches of an OpenAI-compatible endpoint, through the `openai` package. The key goes to this origin only;
 * nothing is tried twice here.
 */
export async function connectBatches(request: {
  url: string
  key: string | null
  /** What must not come back from this endpoint, as for its client. */
  secrets?: readonly string[]
  clock: Clock
}): Promise<BatchClient> {
  const openai = await import('openai')
  const { url, key, secrets, clock } = request
  const origin = new URL(url).origin
  const redact = createRedactor(key, secrets)
  const settings = {
    baseURL: url.replace(/\/$/, ''),
    apiKey: key ?? 'none',
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    ...(key === null ? { defaultHeaders: { authorization: null } } : {}),
  } as const
  const client = new openai.default({ ...settings, fetch: await createGuardedFetch(origin) })
  const largest = { largestAnswerBytes: largestFileBytes }
  const reader = new openai.default({ ...settings, fetch: await createGuardedFetch(origin, largest) })
  const call = createCall({ openai, redact, clock })
  const toState = (answer: unknown) => readState(answer, redact)
  return {
    describe: (chat, { tokensKey, withFormat }) => {
      const { responseFormat: _, ...plain } = chat
      return describeRequest(withFormat ? chat : plain, tokensKey)
    },
    readAnswer: (body) => (isResponse(body) ? readResponse(body) : readChatAnswer(body)),
    upload: (file, signal) => call(signal, fileDeadlineMs, (own) => upload(client, file, own)),
    create: ({ inputFile, url: endpoint }, signal) =>
      call(signal, callDeadlineMs, async (own) => {
        const batch = {
          input_file_id: inputFile,
          endpoint: endpoint as BatchUrl,
          completion_window: '24h',
        } as const
        return toState(await client.batches.create(batch, own))
      }),
    find: (inputFile, signal) =>
      call(signal, callDeadlineMs, async (own) => {
        const page: unknown = await client.batches.list({ limit: latestBatches }, own)
        return findState(page, inputFile, toState)
      }),
    retrieve: (id, signal) =>
      call(signal, callDeadlineMs, async (own) => toState(await client.batches.retrieve(id, own))),
    cancel: (id, signal) =>
      call(signal, callDeadlineMs, async (own) => toState(await client.batches.cancel(id, own))),
    read: (file, onLine, signal) =>
      call(signal, fileDeadlineMs, async (own) => {
        const { body } = await reader.files.content(file, own)
        if (body === null) return { kind: 'read' } as const
        for await (const line of splitLines(body as unknown as AsyncIterable<Uint8Array>)) {
          if (line.trim() !== '') onLine(parseLine(line, redact))
        }
        return { kind: 'read' } as const
      }),
  }
}

type Options = { signal: AbortSignal; timeout: number }
type Call = <Answer>(
  signal: AbortSignal,
  deadlineMs: number,
  make: (options: Options) => Promise<Answer>,
) => Promise<Answer | Failed>

/** Makes one call with a deadline for all of it; what it fails of is free of secrets. */
function createCall(parts: {
  openai: typeof import('openai')
  redact: (text: string) => string
  clock: Clock
}): Call {
  const { openai, redact, clock } = parts
  return async (cancelled, deadlineMs, make) => {
    const controller = new AbortController()
    const { signal } = controller
    const abort = () => controller.abort()
    const timer = setTimeout(abort, deadlineMs)
    cancelled.addEventListener('abort', abort)
    if (cancelled.aborted) abort()
    try {
      return await make({ signal, timeout: 2 ** 31 - 1 })
    } catch (error) {
      const failed = explainError({ error, openai, signal, now: clock.now() })
      return { ...failed, detail: redact(failed.detail).slice(0, longestDetail) }
    } finally {
      clearTimeout(timer)
      cancelled.removeEventListener('abort', abort)
    }
  }
}

/** In memory and not in a file: what is asked lies nowhere else. */
async function upload(
  client: OpenAI,
  { name, lines }: UploadedFile,
  options: Options,
): Promise<{ kind: 'uploaded'; file: string } | Failed> {
  const parts: Blob[] = []
  let pending: string[] = []
  // A blob holds its bytes outside of the heap.
  const pack = () => {
    if (pending.length > 0) parts.push(new Blob(pending))
    pending = []
  }
  for (const line of lines) {
    pending.push(line, '\n')
    if (pending.length >= 2000) pack()
  }
  pack()
  const file = new File(parts, name, { type: 'application/jsonl' })
  const answer: { id?: unknown } = await client.files.create({ file, purpose: 'batch' }, options)
  return typeof answer?.id === 'string' && answer.id !== ''
    ? { kind: 'uploaded', file: answer.id }
    : fail('unreadable-answer', 'the answer to an upload names no file')
}

function readState(answer: unknown, redact: (text: string) => string): BatchState | Failed {
  const parsed = stateSchema.safeParse(answer)
  if (!parsed.success) return fail('unreadable-answer', 'the answer is not a batch')
  const { id, status, request_counts: counts, errors } = parsed.data
  return {
    kind: 'batch',
    id,
    status,
    inputFile: parsed.data.input_file_id ?? '',
    outputFile: parsed.data.output_file_id || null,
    errorFile: parsed.data.error_file_id || null,
    counts: counts ?? { total: 0, completed: 0, failed: 0 },
    errors: (errors?.data ?? []).map(({ code, line, message }) => ({
      code: code ?? null,
      line: line ?? null,
      message: redact(message ?? '').slice(0, longestDetail),
    })),
  }
}

const pageSchema = z.object({ data: z.array(z.unknown()) })

function findState(
  page: unknown,
  inputFile: string,
  toState: (answer: unknown) => BatchState | Failed,
): BatchState | { kind: 'none' } | Failed {
  const parsed = pageSchema.safeParse(page)
  if (!parsed.success) return fail('unreadable-answer', 'the answer is not a list of batches')
  for (const entry of parsed.data.data) {
    const state = toState(entry)
    if (state.kind === 'batch' && state.inputFile === inputFile) return state
  }
  return { kind: 'none' }
}

function parseLine(line: string, redact: (text: string) => string): unknown {
  try {
    return redactJson(JSON.parse(line), redact)
  } catch {
    return undefined
  }
}

/** The lines of a text; one that is too long to be an answer comes as one that can't be read. */
async function* splitLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let held: Uint8Array[] = []
  let heldBytes = 0
  const take = (): string => {
    const isLong = heldBytes > longestLineBytes
    const text = isLong ? '…' : decoder.decode(Buffer.concat(held))
    held = []
    heldBytes = 0
    return text
  }
  const hold = (piece: Uint8Array) => {
    heldBytes += piece.length
    if (heldBytes > longestLineBytes) held = []
    else held.push(piece)
  }
  for await (const chunk of bytes) {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      hold(chunk.subarray(start, end))
      yield take()
      start = end + 1
    }
    if (start < chunk.length) hold(chunk.subarray(start))
  }
  if (heldBytes > 0) yield take()
}
