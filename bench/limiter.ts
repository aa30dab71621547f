// How near the requests of a run come to what an endpoint could do, over HTTP on this machine, the client as a run has it:
//
// - against a server that answers 64 requests at once, in log-normal times of which one in a hundred is ten times as long:
//   the makespan against the ideal schedule, that of 64 places which are never empty, with 64 under way from the beginning
//   and with `auto`;
// - against one that gives out R requests a second from a bucket that holds those of one second, and refuses what is over
//   with 429: the makespan against N/R, and the share of requests that were refused, with `auto`.
//
//   node bench/limiter.ts
import { type ChildProcess, fork } from 'node:child_process'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../src/adapters/clock.ts'
import { connectEndpoint } from '../src/adapters/openai-client.ts'
import { createBudget } from '../src/replay/budget.ts'
import { createEndpoint } from '../src/replay/endpoint.ts'
import { makeRandom } from '../test/verdict/chance.ts'

const limits = { ratio: 1.1, wasted: 0.05 }
const medianMs = 100
const sigma = 0.6
const places = 64

/** What the server is like, and how many requests it is asked. */
interface Case {
  name: string
  requests: number
  concurrency: number | 'auto'
  /** Requests a second; left out: no limit but the places. */
  perSecond?: number
  /** Whether answers say what is left. */
  tells?: boolean
}

const cases: Case[] = [
  { name: '64 places, 64 under way', requests: 8000, concurrency: places },
  { name: '64 places, auto', requests: 8000, concurrency: 'auto' },
  { name: '300 a second, auto', requests: 4500, concurrency: 'auto', perSecond: 300 },
  {
    name: '300 a second, said in headers, auto',
    requests: 4500,
    concurrency: 'auto',
    perSecond: 300,
    tells: true,
  },
]

/** What the server did. */
interface Counts {
  answered: number
  refused: number
  /** How long each answer took, in the order of their beginnings. */
  timesMs: number[]
}

function drawTimes(stragglers: number): () => number {
  const random = makeRandom(1)
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const ms = medianMs * Math.exp(sigma * normal)
    return random() < stragglers ? 10 * ms : ms
  }
}

/** Serves one case, in a process of its own; tells its counts when it is asked to. */
function serve({ perSecond, tells }: Case): void {
  // N/R says nothing of how long the last answer takes.
  const draw = drawTimes(perSecond === undefined ? 0.01 : 0)
  const counts: Counts = { answered: 0, refused: 0, timesMs: [] }
  const line: (() => void)[] = []
  let working = 0
  let left = perSecond ?? 0
  let filledMs = performance.now()
  const take = (response: ServerResponse): boolean => {
    if (perSecond === undefined) return true
    const nowMs = performance.now()
    left = Math.min(perSecond, left + ((nowMs - filledMs) * perSecond) / 1000)
    filledMs = nowMs
    const isTaken = left >= 1
    if (isTaken) left -= 1
    if (tells === true) {
      response.setHeader('x-ratelimit-limit-requests', perSecond)
      response.setHeader('x-ratelimit-remaining-requests', Math.floor(left))
      response.setHeader(
        'x-ratelimit-reset-requests',
        `${Math.ceil(((perSecond - left) / perSecond) * 1000)}ms`,
      )
    }
    return isTaken
  }
  const work = async () => {
    if (perSecond === undefined && working >= places) await new Promise<void>((go) => line.push(go))
    else working += 1
    const ms = draw()
    counts.timesMs.push(ms)
    await sleep(ms)
    const next = line.shift()
    if (next === undefined) working -= 1
    else next()
    counts.answered += 1
  }
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', async () => {
      if (!take(response)) {
        counts.refused += 1
        response.writeHead(429, { 'retry-after': '1' }).end('{"error": {"message": "too many requests"}}')
        return
      }
      await work()
      response.setHeader('content-type', 'application/json')
      response.end(answer)
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('message', () => process.send?.(counts, () => process.exit(0)))
}

const answer = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'ckpt-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'an answer' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
})

function receive<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve) => child.once('message', (message) => resolve(message as Message)))
}

async function measure(one: Case): Promise<void> {
  const child = fork(import.meta.filename, [JSON.stringify(one)])
  const port = await receive<number>(child)
  const cancelled = new AbortController().signal
  const clock = systemClock
  const client = await connectEndpoint({
    url: `http://127.0.0.1:${port}/v1`,
    key: null,
    clock,
    onFallback: () => undefined,
  })
  const budget = createBudget({ limits: { maxRequests: null, maxMinutes: null }, clock, cancelled })
  const endpoint = createEndpoint({
    name: 'candidate',
    client,
    budget,
    clock,
    cancelled,
    random: makeRandom(2),
    concurrency: one.concurrency,
    maxAttempts: 8,
    timeoutMs: 120_000,
  })
  const start = performance.now()
  const asked = Array.from({ length: one.requests }, (_, index) =>
    endpoint.ask({
      customId: `c-${index}#1`,
      model: 'ckpt-1',
      messages: [{ role: 'user', content: 'a question' }],
    }),
  )
  const completions = await Promise.all(asked)
  const ms = performance.now() - start
  child.send('counts')
  report({ one, ms, counts: await receive<Counts>(child) })
  if (completions.some(({ kind }) => kind !== 'completed')) throw new Error('not all were answered')
}

/** When the last of these ends, at places that take the next as soon as they are free: Graham's list schedule. */
function scheduleIdeally(timesMs: readonly number[]): number {
  const freeMs = Array.from({ length: places }, () => 0)
  for (const ms of timesMs) {
    const first = freeMs.indexOf(Math.min(...freeMs))
    freeMs[first] = (freeMs[first] ?? 0) + ms
  }
  return Math.max(...freeMs)
}

function report({ one, ms, counts }: { one: Case; ms: number; counts: Counts }): void {
  const { perSecond, requests } = one
  const idealMs = perSecond === undefined ? scheduleIdeally(counts.timesMs) : (requests / perSecond) * 1000
  const ratio = ms / idealMs
  const wasted = counts.refused / (counts.answered + counts.refused)
  const isWithin = ratio <= limits.ratio && wasted <= limits.wasted
  const refused = perSecond === undefined ? '' : `, ${(100 * wasted).toFixed(1)} % refused`
  console.log(
    `${one.name}: ${(ms / 1000).toFixed(1)} s for ${requests} requests, ${ratio.toFixed(2)} of ` +
      `${perSecond === undefined ? 'the ideal schedule' : 'N/R'} (${(idealMs / 1000).toFixed(1)} s)${refused}: ` +
      `${isWithin ? 'within' : 'OVER'} ${limits.ratio}${perSecond === undefined ? '' : ` and ${100 * limits.wasted} %`}`,
  )
  if (!isWithin) process.exitCode = 1
}

const [given] = process.argv.slice(2)
if (given === undefined) for (const one of cases) await measure(one)
else serve(JSON.parse(given))
