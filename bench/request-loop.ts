// What asking costs beside the bare HTTP client: the same requests against the same stub on this machine, 64 under way,
// by turns, round after round, as ratios of rates within a round.
//
// - `undici.request` alone, which reads each answer as text;
// - the `openai` package as it comes, with the platform's `fetch`;
// - the client of an endpoint as a run has it, which reads answers and takes keys out of them;
// - the endpoint of a run: that client with limits, budget, deadlines and retries.
//
//   node bench/request-loop.ts [requests a round] [rounds] [one of them, for a profile]
import OpenAI from 'openai'
import { Agent, request } from 'undici'
import { systemClock } from '../src/adapters/clock.ts'
import { connectEndpoint } from '../src/adapters/openai-client.ts'
import { createBudget } from '../src/replay/budget.ts'
import type { ChatRequest } from '../src/replay/completion.ts'
import { createEndpoint } from '../src/replay/endpoint.ts'
import { startStub } from './stub.ts'

const [requests = 6000, rounds = 5] = process.argv.slice(2, 4).map(Number)
const only = process.argv[4] ?? null
const underWay = 64
const target = 0.5

const chat: ChatRequest = {
  customId: 'c#1',
  model: 'ckpt-1',
  messages: [
    { role: 'system', content: 'You answer questions about parcels.' },
    { role: 'user', content: 'My parcel has not come yet. Where is it? '.repeat(10) },
  ],
  temperature: 1,
  maxTokens: 512,
}

const stub = await startStub()
const key = 'sk-bench-0123456789abcdef'
const cancelled = new AbortController().signal
const client = await connectEndpoint({
  url: stub.url,
  key,
  secrets: [key, 'sk-other-0123456789abcdef'],
  clock: systemClock,
  onFallback: () => undefined,
})
const endpoint = createEndpoint({
  name: 'candidate',
  client,
  budget: createBudget({ limits: { maxRequests: null, maxMinutes: null }, clock: systemClock, cancelled }),
  clock: systemClock,
  cancelled,
  random: Math.random,
  concurrency: underWay,
  maxAttempts: 3,
  timeoutMs: 120_000,
})
const sdk = new OpenAI({ baseURL: stub.url, apiKey: key, maxRetries: 0 })
const dispatcher = new Agent({ connections: underWay, pipelining: 1 })
const { messages, model, temperature, maxTokens } = chat
const body = { model, messages: messages as never[], temperature, max_completion_tokens: maxTokens }

const ways: Record<string, () => Promise<unknown>> = {
  'undici.request': async () => {
    const answer = await request(`${stub.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
      dispatcher,
    })
    return answer.body.text()
  },
  'openai package': () => sdk.chat.completions.create(body as never),
  client: () => client.complete(chat, new AbortController().signal),
  endpoint: () => endpoint.ask(chat),
}

/** Requests a second, and processor time of this process a request in microseconds. */
interface Cost {
  perSecond: number
  cpuUs: number
}

async function measureCost(ask: () => Promise<unknown>): Promise<Cost> {
  let begun = 0
  const start = performance.now()
  const before = process.cpuUsage()
  const lane = async () => {
    while (begun < requests) {
      begun += 1
      await ask()
    }
  }
  await Promise.all(Array.from({ length: underWay }, lane))
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(before)
  return { perSecond: (1000 * requests) / ms, cpuUs: (user + system) / requests }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const costs: Record<string, Cost[]> = {}
// The first round warms up.
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, ask] of Object.entries(ways)) {
    if (only !== null && name !== only) continue
    const cost = await measureCost(ask)
    if (round > 0) costs[name] = [...(costs[name] ?? []), cost]
  }
}
stub.stop()

function compare(name: string): number {
  const bare = costs['undici.request'] ?? []
  return median(
    (costs[name] ?? []).map(({ perSecond }, round) => perSecond / (bare[round]?.perSecond ?? Number.NaN)),
  )
}

for (const [name, values] of Object.entries(costs)) {
  const perSecond = median(values.map((cost) => cost.perSecond))
  const cpuUs = median(values.map((cost) => cost.cpuUs))
  console.log(
    `${name}: ${perSecond.toFixed(0)} a second, ${compare(name).toFixed(2)} of undici.request; ${cpuUs.toFixed(0)} µs of processor time each`,
  )
}
const ratio = compare('endpoint')
console.log(
  `the endpoint of a run: ${ratio.toFixed(2)}, aim ${target}: ${ratio >= target ? 'within' : 'BELOW'}`,
)
if (ratio < target) process.exitCode = 1
