import { describe, expect, it } from '@jest/globals'
import { downAfterMs } from '../../src/replay/breaker.ts'
import type { Completion } from '../../src/replay/completion.ts'
import { failWith } from '../fakes/scripted-client.ts'
import { openHost } from './endpoints.ts'

const countKinds = (completions: readonly Completion[]) => {
  const counts: Record<string, number> = {}
  for (const { kind } of completions) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

describe('places', () => {
  it('are not held by a request that waits to be tried again', async () => {
    const { clock, askAll, requests } = openHost(
      async (_, { index, clock }) => {
        await clock.sleep(10)
        return index === 0 ? failWith('server-error') : 'hello'
      },
      { concurrency: 1 },
    )
    expect(countKinds(await clock.run(askAll(5)))).toEqual({ completed: 5 })
    expect(requests.map(({ customId }) => customId)).toEqual([
      'c-0#1',
      'c-1#1',
      'c-2#1',
      'c-3#1',
      'c-4#1',
      'c-0#1',
    ])
  })

  it('are held one by one: a slow request leaves the others theirs', async () => {
    const { clock, askAll } = openHost(
      async (_, { index, clock }) => {
        await clock.sleep(index === 0 ? 10_000 : 100)
        return 'hello'
      },
      { concurrency: 4 },
    )
    const ends: number[] = []
    const all = askAll(301).then((completions) => ends.push(clock.monotonicMs(), completions.length))
    await clock.run(all)
    // 300 at three places take 10 s: as long as the slow one.
    expect(ends).toEqual([10_000, 301])
  })

  it('go to what is tried again before what was never sent', async () => {
    const { clock, askAll, requests } = openHost(
      async (_, { index, clock }) => {
        await clock.sleep(1000)
        return index === 0 ? failWith('server-error') : 'hello'
      },
      { concurrency: 1 },
    )
    await clock.run(askAll(20))
    expect(requests.findIndex(({ customId }, index) => index > 0 && customId === 'c-0#1')).toBe(2)
  })

  it.each([3, 'auto'] as const)(
    'are shared in turn, so that nobody starves: concurrency %p',
    async (concurrency) => {
      const names = ['baseline', 'candidate', 'judge']
      const { clock, ask, askAll, requests } = openHost(
        async (_, { clock }) => {
          await clock.sleep(100)
          return 'hello'
        },
        { names, concurrency },
      )
      const arms = [askAll(600, 'baseline'), askAll(600, 'candidate')]
      const judged = clock.sleep(1000).then(() => {
        const before = requests.length
        return ask('late#1', 'judge').then(() => before)
      })
      const before = await clock.run(judged)
      // The judge's one request went as soon as there was a place, past hundreds that had waited before it.
      const place = requests.findIndex(({ model }) => model === 'judge')
      expect(place - before).toBeLessThanOrEqual(2)
      await clock.run(Promise.all(arms))
      const half = requests.slice(0, 600)
      const baseline = half.filter(({ model }) => model === 'baseline').length
      // But for those that found all places free.
      expect(Math.abs(baseline - 300)).toBeLessThanOrEqual(15)
    },
  )
})

describe('a pause', () => {
  it('is for the host as a whole: nobody sends anything until it is over', async () => {
    const { clock, askAll, sentMs } = openHost(
      async (_, { index, clock }) => {
        await clock.sleep(10 + index)
        return index === 5 ? failWith('rate-limited', 7000) : 'hello'
      },
      { names: ['baseline', 'candidate', 'judge'], concurrency: 4 },
    )
    const all = ['baseline', 'candidate', 'judge'].map((name) => askAll(20, name))
    const completions = (await clock.run(Promise.all(all))).flat()
    expect(countKinds(completions)).toEqual({ completed: 60 })
    expect(sentMs.filter((ms) => ms > 15 && ms < 7015)).toEqual([])
    expect(sentMs.filter((ms) => ms >= 7015).length).toBeGreaterThan(30)
  })

  it('comes of 503 as of 429, and of no other failure', async () => {
    const pauseAfter = async (failed: ReturnType<typeof failWith>) => {
      const { clock, askAll, sentMs } = openHost(
        async (_, { index, clock }) => {
          await clock.sleep(10)
          return index === 0 ? failed : 'hello'
        },
        { concurrency: 1 },
      )
      await clock.run(askAll(10))
      return (sentMs[1] ?? 0) - 10
    }
    expect(await pauseAfter(failWith('rate-limited', 3000))).toBe(3000)
    expect(await pauseAfter({ ...failWith('server-error', 3000), overloaded: true })).toBe(3000)
    expect(await pauseAfter(failWith('server-error', 3000))).toBe(0)
  })

  it('holds back also a request that only takes another form', async () => {
    const { clock, askAll, sentMs } = openHost(
      async (_, { index, clock, exchange }) => {
        await clock.sleep(10 * (index + 1))
        if (index === 0) return failWith('rate-limited', 5000)
        if (index === 1) {
          await exchange?.mayAskAgain()
          sentMs.push(clock.monotonicMs())
        }
        return 'hello'
      },
      { concurrency: 2 },
    )
    await clock.run(askAll(3))
    expect(sentMs.filter((ms) => ms > 0 && ms < 5010)).toEqual([])
  })

  it('is left at once when the run is cancelled', async () => {
    const { clock, cancel, askAll } = openHost(async (_, { clock }) => {
      await clock.sleep(10)
      return failWith('rate-limited', 60_000)
    })
    const all = askAll(50)
    const timer = clock.sleep(1000).then(() => cancel.abort())
    expect(countKinds(await clock.run(all))).toEqual({ 'not-asked': 50 })
    await timer
    expect(clock.monotonicMs()).toBe(1000)
  })
})

describe('a budget', () => {
  it('lets requests go one by one where its rest would not do for all that could be under way', async () => {
    // Each is taken for 2,048 tokens and some, and takes 15.
    const { clock, askAll, budget } = openHost(
      async (_, { clock }) => {
        await clock.sleep(100)
        return 'hello'
      },
      { limits: { maxTokens: 3000 }, concurrency: 8 },
    )
    const completions = await clock.run(askAll(100))
    expect(countKinds(completions)).toEqual({ completed: 63, 'not-asked': 37 })
    expect(completions.at(-1)).toEqual({ kind: 'not-asked', reason: 'max-tokens' })
    expect(budget.spent()).toMatchObject({ requests: 63, promptTokens: 630, completionTokens: 315 })
  })

  it('counts what an answer does not say by its length', async () => {
    const { clock, ask, budget } = openHost(async () => ({
      kind: 'completed',
      model: 'x',
      text: 'x'.repeat(400),
      reasoning: null,
      toolCalls: [],
      refusal: null,
      finishReason: 'stop',
      usage: null,
      systemFingerprint: null,
    }))
    await clock.run(ask('c#1'))
    expect(budget.spent()).toMatchObject({ promptTokens: 10, completionTokens: 100 })
  })

  it('counts the prompt of a request that ran into its deadline, and nothing of one that was refused', async () => {
    const { clock, ask, budget } = openHost(async (_, { index }) =>
      failWith((['timeout', 'rate-limited', 'server-error', 'connection-lost'] as const)[index] ?? 'timeout'),
    )
    await clock.run(ask('c#1'))
    expect(budget.spent()).toMatchObject({ requests: 4, promptTokens: 10, completionTokens: 0 })
  })

  it('is asked before a request takes another form: without a rest it was not asked', async () => {
    const { clock, askAll, requests, budget } = openHost(
      async (_, { exchange }) => ((await exchange?.mayAskAgain()) ? 'hello' : failWith('bad-request')),
      { limits: { maxRequests: 3 }, concurrency: 1 },
    )
    const completions = await clock.run(askAll(3))
    expect(completions.map(({ kind }) => kind)).toEqual(['completed', 'not-asked', 'not-asked'])
    expect(completions[1]).toEqual({ kind: 'not-asked', reason: 'max-requests' })
    expect([requests.length, budget.requests()]).toEqual([2, 3])
  })
})

describe('an endpoint that stops answering', () => {
  it('ends the run when it hangs: what was never sent is not asked, what was tried has failed', async () => {
    const { clock, askAll, warnings } = openHost(
      async (_, { index, clock }) => {
        if (index < 100) {
          await clock.sleep(1000)
          return 'hello'
        }
        await clock.sleep(120_000)
        return failWith('timeout')
      },
      { concurrency: 16, names: ['candidate', 'baseline'] },
    )
    const completions = await clock.run(askAll(1000))
    const counts = countKinds(completions)
    expect(counts.completed).toBe(100)
    expect(counts.failed).toBeLessThanOrEqual(16 + 16)
    expect((counts['not-asked'] ?? 0) + (counts.failed ?? 0)).toBe(900)
    expect(completions.at(-1)).toEqual({ kind: 'not-asked', reason: 'endpoint-down' })
    // The requests of one deadline, then one after the other until five minutes are over.
    expect(clock.monotonicMs()).toBeLessThan(10_000 + downAfterMs + 2 * 120_000)
    expect(warnings).toEqual([expect.stringContaining('endpoint "candidate" (https://models.example.com)')])
  })

  it('ends the run when it refuses connections, after a few dozen requests and not thousands', async () => {
    const { clock, askAll, requests, warnings } = openHost(
      async (_, { index, clock }) => {
        await clock.sleep(5)
        return index < 100 ? 'hello' : failWith('connection-refused')
      },
      { concurrency: 16 },
    )
    const completions = await clock.run(askAll(2000))
    expect(countKinds(completions).completed).toBe(100)
    expect(requests.length - 100).toBeLessThan(60)
    expect(warnings).toEqual([expect.stringMatching(/answered none of \d+ requests in 5 minutes/)])
  })

  it('loses hardly anything where it is back after a few minutes', async () => {
    const isDown = (ms: number) => ms > 5000 && ms < 180_000
    const { clock, askAll, warnings } = openHost(
      async (_, { clock }) => {
        if (isDown(clock.monotonicMs())) return failWith('connection-refused')
        await clock.sleep(500)
        return 'hello'
      },
      { concurrency: 16 },
    )
    const counts = countKinds(await clock.run(askAll(2000)))
    expect(counts.failed ?? 0).toBeLessThan(20)
    expect(counts.completed).toBeGreaterThan(1980)
    expect(warnings).toEqual([])
  })

  it('does not take the others of its host with it where these answer', async () => {
    const { clock, askAll, warnings } = openHost(
      async ({ model }, { index, clock }) => {
        await clock.sleep(100)
        return model === 'candidate' && index > 50 ? failWith('server-error') : 'hello'
      },
      { names: ['baseline', 'candidate'], concurrency: 4 },
    )
    const [baseline] = await clock.run(Promise.all([askAll(400, 'baseline'), askAll(4000, 'candidate')]))
    expect(warnings).toEqual([expect.stringContaining('"candidate"')])
    expect(countKinds(baseline)).toEqual({ completed: 400 })
  })

  it('is found out where it never answered before five requests have had all their attempts', async () => {
    const { clock, ask } = openHost(
      async (_, { clock }) => {
        await clock.sleep(120_000)
        return failWith('timeout')
      },
      { concurrency: 8 },
    )
    const ends: number[] = []
    const all = Array.from({ length: 100 }, (_, index) =>
      ask(`c-${index}#1`).catch((error: unknown) => {
        ends.push(clock.monotonicMs())
        throw error
      }),
    )
    const settled = await clock.run(Promise.allSettled(all))
    const errors = settled.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))
    expect(errors[0]).toContain('answered none of the first 5 requests (timeout)')
    expect(ends[0]).toBe(120_000)
  })
})
