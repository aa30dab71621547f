// A model server for benches, in a process of its own, so that it takes little time from what is measured: answers every chat
// completion at once, a judge's with "absent". It tells how many requests it got, and when the first and the last came.
import { type ChildProcess, fork } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { servePlain, writeAnswer } from './plain-http.ts'

/** What a stub has seen: times in milliseconds since the epoch. */
export interface Seen {
  requests: number
  firstMs: number
  lastMs: number
}

/** A stub that runs. */
export interface Stub {
  /** With `/v1`. */
  url: string
  port: number
  /** What came since the last time it was asked. */
  take(): Promise<Seen>
  stop(): void
}

/**
 * Starts a stub. Its process ends with this one. `delayMs`: each answer comes by chance up to that late, so that requests
 * don't all wait for each other.
 */
export async function startStub(delayMs = 0): Promise<Stub> {
  const child = fork(import.meta.filename, ['serve', String(delayMs)])
  const port = await receive<number>(child)
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    async take() {
      const seen = receive<Seen>(child)
      child.send('take')
      return seen
    },
    stop: () => child.kill(),
  }
}

function receive<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve) => child.once('message', (message) => resolve(message as Message)))
}

const models = ['ckpt-0', 'ckpt-1', 'judge-model']

function writeChoice(model: string, message: object, finish_reason: string): Buffer {
  return writeAnswer(
    JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', refusal: null, ...message },
          logprobs: null,
          finish_reason,
        },
      ],
      usage: { prompt_tokens: 120, completion_tokens: 40, total_tokens: 160 },
    }),
  )
}

function writeText(model: string): Buffer {
  const isJudge = model === 'judge-model'
  const judgement = {
    rationale: 'Nothing of the kind.',
    reason: 'nothing',
    pass: true,
    score: 1,
    label: 'absent',
    quote: '',
  }
  const text = 'The parcel left on Monday and should be with you by the end of the week. '.repeat(4)
  return writeChoice(model, { content: isJudge ? JSON.stringify(judgement) : text }, 'stop')
}

/** Whoever is offered this tool reads so many pages with it, one after the other, and then answers. */
export const pages = { tool: 'read_page', count: 7 }

function writeCall(page: number): Buffer {
  const written = { name: pages.tool, arguments: JSON.stringify({ page }) }
  const call = { id: `call-${page}`, type: 'function', function: written }
  return writeChoice('ckpt-1', { content: null, tool_calls: [call] }, 'tool_calls')
}

const marks = { offered: Buffer.from(`"${pages.tool}","parameters"`), result: Buffer.from('"role":"tool"') }

function countResults(body: Buffer): number {
  let count = 0
  for (let at = body.indexOf(marks.result); at >= 0; at = body.indexOf(marks.result, at + 1)) count += 1
  return count
}

function serve(delayMs: number): void {
  const calls = Array.from({ length: pages.count }, (_, page) => writeCall(page))
  const texts = models.map((model) => ({ model, answer: writeText(model) }))
  const listed = models.map((id) => ({ id, object: 'model' }))
  const list = writeAnswer(JSON.stringify({ object: 'list', data: listed }))
  const nothing = (): Seen => ({ requests: 0, firstMs: 0, lastMs: 0 })
  let seen = nothing()
  const find = (body: Buffer): Buffer => {
    const now = Date.now()
    seen = { requests: seen.requests + 1, firstMs: seen.firstMs || now, lastMs: now }
    const call = body.includes(marks.offered) ? calls[countResults(body)] : undefined
    if (call !== undefined) return call
    // The names stand in no conversation.
    return texts.find(({ model }) => body.includes(`"${model}"`))?.answer ?? list
  }
  const server = servePlain(({ method, body }, send) => {
    const answer = method === 'GET' ? list : find(body)
    if (delayMs === 0) send(answer)
    else setTimeout(() => send(answer), Math.random() * delayMs)
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('message', () => {
    process.send?.(seen)
    seen = nothing()
  })
  process.on('disconnect', () => process.exit(0))
}

if (process.argv[2] === 'serve' && process.argv[1] === import.meta.filename) serve(Number(process.argv[3]))
