import { afterEach, describe, expect, it } from '@jest/globals'
import { clientFactory } from '../src/adapters/clients.ts'
import { systemClock } from '../src/adapters/clock.ts'
import { createConnector } from '../src/connect.ts'
import type { Clock } from '../src/ports.ts'
import { parseEndpoints } from '../src/replay/address.ts'
import { type ChatEndpoint, type ChatScript, listAsked, startChatEndpoint } from './fakes/chat-endpoint.ts'
import { createFakeClock } from './fakes/fake-clock.ts'
import { type HostileMode, startHostileEndpoint } from './fakes/hostile-endpoint.ts'
import { createRecordingLog } from './fakes/recording-log.ts'
import { createScenario, decide, type ScenarioOptions } from './support/gate-scenario.ts'
import { countKinds, expectReconciled } from './support/reconcile.ts'
import { takeRefusal } from './support/refusal.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

const grade = JSON.stringify({ rationale: '', label: 'absent', quote: '' })

/** One server for all three endpoints, told apart by the model, asked over HTTP. `clock`: the gate's. */
async function open(
  reply: ChatScript,
  options: ScenarioOptions & { clock?: Clock; candidateAt?: string } = {},
) {
  const endpoint: ChatEndpoint = await startChatEndpoint({
    reply: (request) => (request.model === 'judge-1' ? { text: grade } : reply(request)),
  })
  closing.push(endpoint.close)
  const { clock = createFakeClock(), candidateAt = endpoint.url, ...rest } = options
  const log = createRecordingLog()
  const connect = createConnector({
    endpoints: parseEndpoints([
      `baseline=${endpoint.url}`,
      `candidate=${candidateAt}`,
      `judge=${endpoint.url}`,
    ]),
    environment: {},
    factory: clientFactory,
    clock,
    log,
    remedy: 'give it',
  })
  const scenario = createScenario({ ...rest, ports: { connect, log, clock } })
  return { endpoint, scenario, log }
}

const auto = { replay: { concurrency: 'auto', max_attempts: 4, timeout_s: 30 } }

describe('an endpoint over HTTP that', () => {
  it('slows down tenfold midway: all turns are asked and graded', async () => {
    const { endpoint, scenario } = await open(
      ({ index }) => ({ text: 'a kind answer', delayMs: index < 150 ? 3 : 30 }),
      { turns: 150, policy: auto, clock: systemClock },
    )
    const decided = await decide(scenario)
    expectReconciled(decided, 150)
    expect(countKinds(decided.record)).toEqual({ completed: 300 })
    expect(listAsked(endpoint)).toHaveLength(600)
    expect(decided.record.summary.cost.requests).toBe(600)
  })

  it('answers 500 to every fifth request: all turns are asked again until they are answered', async () => {
    const { endpoint, scenario } = await open(
      ({ index }) => (index % 5 === 4 ? { status: 500 } : { text: 'a kind answer' }),
      { turns: 60, policy: auto },
    )
    const decided = await decide(scenario)
    expectReconciled(decided, 60)
    expect(countKinds(decided.record)).toEqual({ completed: 120 })
    expect(decided.record.summary.stopped).toBeNull()
    expect(decided.record.summary.cost.requests).toBe(listAsked(endpoint).length)
  })

  it('answers 429 for ever from some turn on: the run ends inconclusive, and keeps what it has', async () => {
    let answered = 0
    const { endpoint, scenario, log } = await open(
      () => (answered++ < 60 ? { text: 'a kind answer' } : { status: 429, headers: { 'retry-after': '20' } }),
      { turns: 100, policy: auto },
    )
    const decided = await decide(scenario)
    expectReconciled(decided, 100)
    expect(decided.record.summary.stopped).toBe('endpoint-down')
    expect(decided.verdict.verdict).toBe('inconclusive')
    expect(countKinds(decided.record).completed).toBe(60)
    const refused = listAsked(endpoint).filter(({ status }) => status === 429).length
    expect(refused).toBeLessThan(80)
    expect(decided.record.summary.cost.requests).toBe(listAsked(endpoint).length)
    expect(log.lines.join('\n')).toContain('rate-limited')
  })

  it('answers nothing but 429: there is no verdict, after few requests', async () => {
    const { endpoint, scenario } = await open(() => ({ status: 429 }), { turns: 100, policy: auto })
    const error = await takeRefusal(() => scenario.run())
    expect(error.message).toMatch(/answered none of the first 5 requests \(rate-limited\)/)
    expect(listAsked(endpoint).length).toBeLessThan(120)
  })

  it('asks for a pause by a date, which no other request of its host breaks', async () => {
    const clock = createFakeClock()
    const until = new Date(clock.now().getTime() + 9000).toUTCString()
    const { scenario } = await open(
      ({ index }) =>
        index === 30 ? { status: 429, headers: { 'retry-after': until } } : { text: 'a kind answer' },
      { turns: 40, policy: auto, clock },
    )
    const decided = await decide(scenario)
    expect(countKinds(decided.record)).toEqual({ completed: 80 })
    expect(clock.sleptMs).toContain(9000)
  })

  it('says what is left, and refuses nobody who heeds it', async () => {
    // A bucket of 20 requests that fills by 200 a second, on the machine's clock.
    let [left, filledMs, refused] = [20, performance.now(), 0]
    const { scenario } = await open(
      () => {
        const nowMs = performance.now()
        left = Math.min(20, left + (nowMs - filledMs) / 5)
        filledMs = nowMs
        if (left < 1) {
          refused += 1
          return { status: 429, headers: { 'retry-after-ms': '50' } }
        }
        left -= 1
        const headers = {
          'x-ratelimit-limit-requests': '20',
          'x-ratelimit-remaining-requests': String(Math.floor(left)),
          'x-ratelimit-reset-requests': `${Math.ceil((20 - left) * 5)}ms`,
        }
        return { text: 'a kind answer', headers }
      },
      { turns: 100, policy: auto, clock: systemClock },
    )
    const decided = await decide(scenario)
    expect(countKinds(decided.record)).toEqual({ completed: 200 })
    // The first ones go before anything is known.
    expect(refused).toBeLessThan(20)
  })

  it('knows other parameters: each other form counts as a request, and the limit of requests holds', async () => {
    const reply: ChatScript = ({ body }) =>
      'max_completion_tokens' in body
        ? { status: 400, body: { error: { message: 'unknown parameter max_completion_tokens' } } }
        : { text: 'a kind answer' }
    const policy = (budget: object) => ({ replay: { concurrency: 12, max_tokens: 64 }, budget })
    const whole = await open(reply, { turns: 12, policy: policy({}) })
    const { record } = await decide(whole.scenario)
    expect(record.summary.cost.requests).toBe(listAsked(whole.endpoint).length)
    expect(record.summary.cost.requests).toBeGreaterThan(48)
    const poor = await open(reply, { turns: 12, policy: policy({ max_requests: 20 }) })
    const decided = await decide(poor.scenario)
    expectReconciled(decided, 12)
    expect(listAsked(poor.endpoint)).toHaveLength(20)
    expect(decided.record.summary).toMatchObject({ stopped: 'max-requests', cost: { requests: 20 } })
    expect(countKinds(decided.record).failed ?? 0).toBe(0)
  })
})

describe('an endpoint on a raw socket', () => {
  it.each<HostileMode>(['hang', 'half-open', 'reset', 'truncated', 'html'])(
    'that can only %s, after one that answered, ends the run: inconclusive, and counts reconcile',
    async (mode) => {
      const hostile = await startHostileEndpoint(mode)
      closing.push(hostile.close)
      const clock = createFakeClock()
      // Time passes as it would at deadlines of two minutes.
      const passing: Clock = { ...clock, monotonicMs: () => clock.monotonicMs() + performance.now() * 400 }
      const policy = { replay: { concurrency: 4, max_attempts: 2, timeout_s: 0.3 } }
      const good = await open(() => ({ text: 'a kind answer' }), {
        turns: 60,
        policy,
        clock: passing,
      })
      const first = await decide(good.scenario)
      expect(countKinds(first.record)).toEqual({ completed: 120 })
      const lines = (good.scenario.directory.files.get('journal.jsonl') ?? '').split('\n').slice(0, 41)
      good.scenario.directory.files.set('journal.jsonl', `${lines.join('\n')}\n`)
      const { scenario } = await open(() => ({ text: 'a kind answer' }), {
        turns: 60,
        policy,
        clock: passing,
        candidateAt: hostile.url,
        directory: good.scenario.directory,
      })
      const decided = await decide(scenario)
      expectReconciled(decided, 60)
      expect(decided.record.summary.stopped).toBe('endpoint-down')
      expect(decided.verdict.verdict).toBe('inconclusive')
      expect(hostile.received.length).toBeLessThan(60)
    },
  )
})
