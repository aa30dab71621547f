import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody, type ScriptedResponse, sendScripted, startLoopbackServer } from './loopback-server.ts'

/** A line of an input file. */
export interface InputLine {
  custom_id: string
  method: string
  url: string
  body: { model: string; messages: { role: string; content: unknown }[]; [key: string]: unknown }
}

/** What answers a line, or did not. */
export interface LineAnswer {
  status: number
  body: unknown
}

/** A batch of the stand-in, and what its tests see of it. */
export interface FakeBatch {
  id: string
  /** From 0, in the order in which they were made. */
  index: number
  inputFile: string
  lines: InputLine[]
  status: string
  errors: { code: string; line: number | null; message: string; param: null }[]
  outputFile: string | null
  errorFile: string | null
  counts: { total: number; completed: number; failed: number }
  looks: number
}

/** What a test scripts; what it leaves out is what a healthy API does. */
export interface BatchApiScript {
  answer(line: InputLine, batch: FakeBatch): LineAnswer | Promise<LineAnswer>
  /** The status after each look, from the first: the last one stays. */
  statuses?(batch: FakeBatch): readonly string[]
  /** How many lines are carried out in a batch that expires, or is cancelled. */
  carriedOut?(batch: FakeBatch): number
  /** Errors of the file: it fails. */
  validate?(batch: FakeBatch): { code: string; message: string; line?: number }[]
  /** The lines of the output file, before they are given away. */
  editOutput?(lines: string[], batch: FakeBatch): string[]
  /**
   * Answers a call in place of the API; `number` counts those of its kind from 0. `lost`: it is carried out, and its answer
   * never comes; `torn`: half of it does.
   */
  intercept?(call: { kind: CallKind; number: number }): ScriptedResponse | 'lost' | 'torn' | undefined
  limits?: { requests: number; bytes: number }
  key?: string
}

export type CallKind = 'upload' | 'create' | 'retrieve' | 'cancel' | 'content' | 'list'

/** What a healthy batch goes through. */
export const usualStatuses = ['validating', 'in_progress', 'finalizing', 'completed'] as const
const endedStatuses = ['failed', 'completed', 'expired', 'cancelled']

/** A stand-in for OpenAI's Batch API on 127.0.0.1, as its reference describes it; `url` ends in `/v1`. */
export async function startBatchApi(script: BatchApiScript) {
  const { limits = { requests: 50_000, bytes: 200_000_000 } } = script
  const files = new Map<string, string>()
  const batches: FakeBatch[] = []
  const calls: CallKind[] = []
  const numbers = new Map<CallKind, number>()

  const upload = async (request: IncomingMessage, body: Buffer): Promise<ScriptedResponse> => {
    const headers = { 'content-type': request.headers['content-type'] ?? '' }
    const form = await new Response(new Uint8Array(body), { headers }).formData()
    const file = form.get('file')
    if (form.get('purpose') !== 'batch' || !(file instanceof Blob)) return refuse(400, 'no file of a batch')
    if (file.size > limits.bytes) return refuse(413, `The file is larger than ${limits.bytes} bytes`)
    const id = `file-in-${files.size}`
    files.set(id, await file.text())
    return { status: 200, body: { id, object: 'file', bytes: file.size, purpose: 'batch' } }
  }
  const create = (body: Buffer): ScriptedResponse => {
    const asked = JSON.parse(body.toString())
    const text = files.get(asked.input_file_id)
    if (text === undefined) return refuse(400, 'no such file')
    if (asked.completion_window !== '24h') return refuse(400, 'completion_window must be 24h')
    const lines = readLines(text, asked.endpoint)
    const index = batches.length
    const batch: FakeBatch = {
      ...{ id: `batch_${index}`, index, inputFile: asked.input_file_id, status: 'validating', looks: 0 },
      lines: Array.isArray(lines) ? lines : [],
      errors: Array.isArray(lines)
        ? []
        : [{ code: 'invalid_json_line', line: 1, message: lines, param: null }],
      ...{ outputFile: null, errorFile: null },
      counts: { total: Array.isArray(lines) ? lines.length : 0, completed: 0, failed: 0 },
    }
    if (batch.lines.length > limits.requests)
      batch.errors.push({ code: 'too_many_requests', line: null, message: 'too many lines', param: null })
    for (const error of script.validate?.(batch) ?? [])
      batch.errors.push({ line: null, param: null, ...error })
    batches.push(batch)
    return { status: 200, body: describeBatch(batch) }
  }
  const finish = async (batch: FakeBatch, status: string) => {
    const count =
      status === 'completed' ? batch.lines.length : (script.carriedOut?.(batch) ?? batch.lines.length)
    const output: string[] = []
    const errors: string[] = []
    for (const [index, line] of batch.lines.entries()) {
      const id = `batch_req_${batch.index}_${index}`
      if (index >= count) {
        const error = { code: `batch_${status}`, message: `This request could not be executed: ${status}.` }
        errors.push(JSON.stringify({ id, custom_id: line.custom_id, response: null, error }))
        continue
      }
      const { status: code, body } = await script.answer(line, batch)
      const response = { status_code: code, request_id: id, body }
      const text = JSON.stringify({ id, custom_id: line.custom_id, response, error: null })
      if (code === 200) output.push(text)
      else errors.push(text)
    }
    batch.counts = { total: batch.lines.length, completed: output.length, failed: errors.length }
    // In whatever order they were done.
    const edited = script.editOutput?.(output.toReversed(), batch) ?? output.toReversed()
    const keep = (name: string, lines: string[]) => {
      if (lines.length === 0) return null
      files.set(`file-${name}-${batch.index}`, lines.map((line) => `${line}\n`).join(''))
      return `file-${name}-${batch.index}`
    }
    batch.outputFile = keep('out', edited)
    batch.errorFile = keep('err', errors)
    batch.status = status
  }
  const retrieve = async (batch: FakeBatch): Promise<ScriptedResponse> => {
    if (!endedStatuses.includes(batch.status)) {
      const statuses = script.statuses?.(batch) ?? usualStatuses
      const next =
        batch.errors.length > 0
          ? 'failed'
          : batch.status === 'cancelling'
            ? 'cancelled'
            : (statuses[Math.min(batch.looks, statuses.length - 1)] ?? 'in_progress')
      batch.looks += 1
      if (endedStatuses.includes(next) && next !== 'failed') await finish(batch, next)
      else batch.status = next
    }
    return { status: 200, body: describeBatch(batch) }
  }
  const answer = async (
    request: IncomingMessage,
    body: Buffer,
  ): Promise<{ given: ScriptedResponse; fault: 'lost' | 'torn' | null }> => {
    const call = readCall(request)
    if (call === null) return whole(refuse(404, `Invalid URL (${request.method} ${request.url})`))
    if (script.key !== undefined && request.headers.authorization !== `Bearer ${script.key}`)
      return whole(refuse(401, 'Incorrect API key provided'))
    const { kind, id } = call
    calls.push(kind)
    const number = numbers.get(kind) ?? 0
    numbers.set(kind, number + 1)
    const scripted = script.intercept?.({ kind, number })
    if (typeof scripted === 'object') return whole(scripted)
    const batch = batches.find((entry) => entry.id === id)
    const carryOut = async (): Promise<ScriptedResponse> => {
      if (kind === 'upload') return upload(request, body)
      if (kind === 'create') return create(body)
      if (kind === 'list')
        return { status: 200, body: { object: 'list', data: batches.toReversed().map(describeBatch) } }
      if (kind === 'content') {
        const text = files.get(id)
        return text === undefined ? refuse(404, 'No such File object') : { status: 200, body: text }
      }
      if (batch === undefined) return refuse(404, 'No such Batch object')
      if (kind === 'retrieve') return retrieve(batch)
      if (endedStatuses.includes(batch.status)) return refuse(409, `Cannot cancel a ${batch.status} batch`)
      batch.status = 'cancelling'
      return { status: 200, body: describeBatch(batch) }
    }
    return { given: await carryOut(), fault: scripted ?? null }
  }
  const server = await startLoopbackServer(async (request, response) => {
    const body = await readBody(request)
    const { given, fault } = await answer(request, body)
    if (fault === 'lost') response.destroy()
    else if (fault === 'torn') tear(response, String(given.body))
    else sendScripted(response, given)
  })
  return {
    url: `${server.url}/v1`,
    close: server.close,
    files,
    batches,
    calls,
    count: (kind: CallKind) => calls.filter((call) => call === kind).length,
  }
}

/** Answers lines by asking an endpoint live: what is asked in batches and what is asked live is answered by the same. */
export function forwardTo(url: string): BatchApiScript['answer'] {
  return async (line) => {
    const answer = await fetch(`${url.replace(/\/v1$/, '')}${line.url}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(line.body),
    })
    return { status: answer.status, body: await answer.json() }
  }
}

/** A chat completion with a text. */
export function completeLine(line: InputLine, text: string): LineAnswer {
  const message = { role: 'assistant', content: text, refusal: null }
  return {
    status: 200,
    body: {
      id: 'chatcmpl-0',
      object: 'chat.completion',
      model: line.body.model,
      choices: [{ index: 0, message, finish_reason: 'stop', logprobs: null }],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    },
  }
}

/** An answer that is an error, in the envelope of the API. */
export function failLine(status: number, message = `scripted ${status}`): LineAnswer {
  return { status, body: { error: { message, type: 'scripted', param: null, code: null } } }
}

function readCall({ method, url = '' }: IncomingMessage): { kind: CallKind; id: string } | null {
  const path = url.split('?')[0] ?? ''
  const [, id = ''] = /^\/v1\/(?:batches|files)\/([^/]+)/.exec(path) ?? []
  if (method === 'POST' && path === '/v1/files') return { kind: 'upload', id }
  if (method === 'POST' && path === '/v1/batches') return { kind: 'create', id }
  if (method === 'GET' && path === '/v1/batches') return { kind: 'list', id }
  if (method === 'POST' && path.endsWith('/cancel')) return { kind: 'cancel', id }
  if (method === 'GET' && path.startsWith('/v1/batches/')) return { kind: 'retrieve', id }
  if (method === 'GET' && path.endsWith('/content')) return { kind: 'content', id }
  return null
}

/** The lines of an input file, or what is wrong with it. */
function readLines(text: string, endpoint: string): InputLine[] | string {
  const lines: InputLine[] = []
  const seen = new Set<string>()
  for (const line of text.split('\n').filter((part) => part !== '')) {
    const parsed = JSON.parse(line) as InputLine
    if (typeof parsed.custom_id !== 'string' || seen.has(parsed.custom_id)) return 'custom_id is not unique'
    if (parsed.method !== 'POST' || parsed.url !== endpoint) return `the url is not ${endpoint}`
    if (lines.some(({ body }) => body.model !== parsed.body.model)) return 'more than one model'
    seen.add(parsed.custom_id)
    lines.push(parsed)
  }
  return lines.length === 0 ? 'the file is empty' : lines
}

function describeBatch(batch: FakeBatch) {
  const { id, status, inputFile, outputFile, errorFile, counts, errors } = batch
  return {
    id,
    object: 'batch',
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    created_at: 1_700_000_000,
    status,
    input_file_id: inputFile,
    output_file_id: outputFile,
    error_file_id: errorFile,
    request_counts: counts,
    errors: status === 'failed' ? { object: 'list', data: errors } : null,
    metadata: null,
  }
}

const whole = (given: ScriptedResponse) => ({ given, fault: null })

function tear(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-length': Buffer.byteLength(text) })
  response.write(text.slice(0, text.length / 2), () => response.destroy())
}

function refuse(status: number, message: string): ScriptedResponse {
  return { status, body: { error: { message, type: 'invalid_request_error', param: null, code: null } } }
}
