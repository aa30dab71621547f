import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { systemClock } from '../../src/adapters/clock.ts'
import { GateError } from '../../src/errors.ts'
import { chooseDelay } from '../../src/replay/ask.ts'
import { createBudget } from '../../src/replay/budget.ts'
import type { ChatRequest } from '../../src/replay/completion.ts'
import { createEndpoint, type EndpointSettings } from '../../src/replay/endpoint.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { type ClientScript, createScriptedClient, failWith } from '../fakes/scripted-client.ts'

interface Options extends Partial<Omit<EndpointSettings, 'client' | 'budget'>> {
  maxRequests?: number
  recorded?: boolean
}

function open(script: ClientScript, options: Options = {}) {
  const { maxRequests, recorded, ...settings } = options
  const clock = createFakeClock()
  const client = createScriptedClient(
    script,
    recorded === true ? { kind: 'recorded', sha256: 'aa' } : { kind: 'live' },
  )
  const cancelled = settings.cancelled ?? new AbortController().signal
  const budget = createBudget({
    limits: { maxRequests: maxRequests ?? null, maxMinutes: null },
    clock,
    cancelled,
  })
  const endpoint = createEndpoint({
    name: 'candidate',
    client,
    budget,
    clock,
    cancelled,
    random: () => 0.5,
    concurrency: 4,
    maxAttempts: 4,
    timeoutMs: 10_000,
    ...settings,
  })
  return { endpoint, client, clock, budget }
}

const ask = (name: string): ChatRequest => ({ customId: name, model: 'ckpt-2', messages: [] })
const names = (count: number) => Array.from({ length: count }, (_, index) => `c-${index}#1`)

describe('createEndpoint', () => {
  it('tries a transport failure again, longer each time, with jitter, and no more often than allowed', async () => {
    const draws = [0, 0.5, 0.999]
    const { endpoint, client, clock } = open(() => failWith('server-error'), {
      random: () => draws.shift() ?? 0,
    })
    expect(await endpoint.ask(ask('c#1'))).toEqual(failWith('server-error'))
    expect(client.requests).toHaveLength(4)
    expect(clock.sleptMs).toEqual([250, 750, 2000 * 0.9995])
    expect(endpoint.failures()).toBe(1)
  })

  it('ends trying with the first answer', async () => {
    const { endpoint, client } = open((_, index) => (index < 2 ? failWith('timeout') : 'hello'))
    expect(await endpoint.ask(ask('c#1'))).toMatchObject({ kind: 'completed', text: 'hello' })
    expect(client.requests).toHaveLength(3)
    expect(endpoint.failures()).toBe(0)
  })

  it.each(['bad-request', 'empty-choices', 'empty-answer', 'not-recorded'] as const)(
    'does not ask again after %s, which would be answered the same',
    async (cause) => {
      const { endpoint, client } = open(() => failWith(cause))
      expect(await endpoint.ask(ask('c#1'))).toEqual(failWith(cause))
      expect(client.requests).toHaveLength(1)
    },
  )

  it('does not wait for a recording to change its answer', async () => {
    const { endpoint, client, clock } = open(() => failWith('server-error'), { recorded: true })
    expect(await endpoint.ask(ask('c#1'))).toEqual(failWith('server-error'))
    expect(client.requests).toHaveLength(1)
    expect(clock.sleptMs).toEqual([])
  })

  it('waits as long as the endpoint asks, and never longer than a minute', async () => {
    const waits = [7000, 86_400_000, 1]
    const { endpoint, clock } = open((_, index) => failWith('rate-limited', waits[index] ?? null))
    await endpoint.ask(ask('c#1'))
    expect(clock.sleptMs).toEqual([7000, 60_000, 1500])
  })

  it('has no more requests under way than its concurrency, and uses all of it', async () => {
    const { endpoint, client } = open(async () => wait(1, 'x'), { concurrency: 3 })
    await Promise.all(names(40).map((name) => endpoint.ask(ask(name))))
    expect(client.requests).toHaveLength(40)
    expect(client.greatestConcurrency()).toBe(3)
  })

  it('gives up on a request at its deadline', async () => {
    const { endpoint } = open(
      (_request, _index, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(failWith('timeout')))
        }),
      { timeoutMs: 5, maxAttempts: 2 },
    )
    expect(await endpoint.ask(ask('c#1'))).toEqual(failWith('timeout'))
  })
})

describe('an endpoint that never answers', () => {
  const stopAll = async (endpoint: ReturnType<typeof open>['endpoint'], count: number) => {
    const ended = await Promise.allSettled(names(count).map((name) => endpoint.ask(ask(name))))
    return ended.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  }

  it('is given up at once when it refuses the key, with the name of the variable', async () => {
    const { endpoint } = open(() => failWith('unauthorized'), { name: 'judge' })
    const [error] = await stopAll(endpoint, 1)
    expect(error).toBeInstanceOf(GateError)
    expect(error).toMatchObject({
      code: 'endpoint',
      message: 'endpoint "judge" (https://models.example.com) refuses the key: scripted unauthorized',
      remedy: 'set CHECKPOINT_GATE_KEY_JUDGE to a key that it accepts',
    })
  })

  it('is given up at once when there is no such address or model', async () => {
    const { endpoint } = open(() => failWith('not-found'))
    const [error] = await stopAll(endpoint, 1)
    expect(error).toMatchObject({ code: 'endpoint', remedy: expect.stringContaining('the model id') })
  })

  it('is given up with the fifth request that failed to the end, not before', async () => {
    const { endpoint } = open(() => failWith('connection-refused'), { concurrency: 1 })
    expect(await stopAll(endpoint, 4)).toEqual([])
    const [error] = await stopAll(endpoint, 1)
    expect(error).toMatchObject({
      code: 'endpoint',
      message: expect.stringContaining('answered none of the first 5 requests (connection-refused)'),
    })
  })

  it('is given up as a recording of something else when it has none of the answers', async () => {
    const { endpoint } = open(() => failWith('not-recorded'), { recorded: true, concurrency: 1 })
    expect(await stopAll(endpoint, 4)).toEqual([])
    const [error] = await stopAll(endpoint, 1)
    expect(error).toMatchObject({
      message: expect.stringContaining('has none of the first 5 answers: scripted not-recorded'),
      remedy: expect.stringContaining('a custom_id is a turn id'),
    })
  })

  it('is not given up for empty answers: it answers', async () => {
    const { endpoint } = open(() => failWith('empty-answer'))
    expect(await stopAll(endpoint, 20)).toEqual([])
  })

  it('is never given up after it has answered once', async () => {
    const { endpoint } = open((_, index) => {
      if (index === 0) return 'hello'
      return failWith(index % 2 === 0 ? 'unauthorized' : 'connection-refused')
    })
    await endpoint.ask(ask('c#1'))
    expect(await stopAll(endpoint, 20)).toEqual([])
    expect(endpoint.failures()).toBe(20)
  })

  it('is not given up for failed calls if it answered in an earlier part of the run; a wrong key still ends it', async () => {
    const down = open(() => failWith('connection-refused'), { answeredBefore: true })
    expect(await stopAll(down.endpoint, 20)).toEqual([])
    const locked = open(() => failWith('unauthorized'), { answeredBefore: true })
    expect(await stopAll(locked.endpoint, 1)).toHaveLength(1)
  })
})

describe('the budget and the end of a run', () => {
  it('stops asking when the requests are used up, retries included', async () => {
    const { endpoint, client, budget } = open((_, index) => (index < 2 ? failWith('timeout') : 'x'), {
      maxRequests: 4,
      concurrency: 1,
    })
    const completions = await Promise.all(names(6).map((name) => endpoint.ask(ask(name))))
    // While the first two wait to be tried again, the next two are asked.
    const kinds = ['failed', 'failed', 'completed', 'completed', 'not-asked', 'not-asked']
    expect(completions.map(({ kind }) => kind)).toEqual(kinds)
    expect(completions[5]).toEqual({ kind: 'not-asked', reason: 'max-requests' })
    expect([client.requests.length, budget.requests()]).toEqual([4, 4])
  })

  it('keeps the failure of a request whose retries the budget cut off', async () => {
    const { endpoint } = open(() => failWith('timeout'), { maxRequests: 2 })
    expect(await endpoint.ask(ask('c#1'))).toEqual(failWith('timeout'))
  })

  it('asks nothing more once it is cancelled, and leaves a wait that is under way', async () => {
    const cancel = new AbortController()
    const { endpoint, client } = open(
      () => {
        setImmediate(() => cancel.abort())
        return failWith('rate-limited', 60_000)
      },
      // The wait is a real minute: the test's own time limit is shorter.
      { cancelled: cancel.signal, clock: systemClock, concurrency: 1 },
    )
    const completions = await Promise.all(names(3).map((name) => endpoint.ask(ask(name))))
    expect(completions).toEqual(names(3).map(() => ({ kind: 'not-asked', reason: 'cancelled' })))
    expect(client.requests).toHaveLength(1)
    expect(endpoint.failures()).toBe(0)
  })

  it('breaks off a request that is under way when cancelled', async () => {
    const cancel = new AbortController()
    const { endpoint } = open(
      (_request, _index, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(failWith('timeout')))
          cancel.abort()
        }),
      { cancelled: cancel.signal, timeoutMs: 3_600_000 },
    )
    expect(await endpoint.ask(ask('c#1'))).toEqual({ kind: 'not-asked', reason: 'cancelled' })
  })
})

describe('chooseDelay', () => {
  it('stays between half of and the whole exponential delay, or what was asked for, and under a minute', () => {
    const wish = fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1e300, noNaN: true }))
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        wish,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, retryAfterMs, draw) => {
          const delay = chooseDelay({
            attempt,
            failed: failWith('rate-limited', retryAfterMs),
            random: () => draw,
          })
          const whole = 500 * 2 ** (attempt - 1)
          expect(delay).toBeLessThanOrEqual(60_000)
          expect(delay).toBeGreaterThanOrEqual(Math.min(60_000, Math.max(whole / 2, retryAfterMs ?? 0)))
          if (retryAfterMs === null) expect(delay).toBeLessThan(Math.max(whole, 60_000.1))
        },
      ),
    )
  })
})
