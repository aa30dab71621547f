import { describe, expect, it } from '@jest/globals'
import { openRun, summarize, withApi } from './batch-world.ts'

const sizes = (api: { batches: { lines: unknown[] }[] }) => api.batches.map(({ lines }) => lines.length)
const never = () => ['in_progress']
const underWay = 'not-asked: batch-under-way'

describe('the budget of a run in batches', () => {
  it('lets only so much go into a batch as fits, and the rest when less was used than was set aside', async () => {
    await withApi({}, async (api) => {
      // A request may take 5 tokens of its prompt and 100 of its answer; it takes 15.
      const run = openRun(api, { limits: { maxTokens: 350 } })
      expect(summarize(await run.askAll(8, { maxTokens: 100 }))).toEqual(
        [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `answer to q${n}`),
      )
      expect(sizes(api)).toEqual([3, 2, 2, 1])
    })
  })

  it('ends where one more could exceed it, and what was asked before is answered', async () => {
    await withApi({}, async (api) => {
      const run = openRun(api, { limits: { maxUsd: 0.06 } })
      const outcomes = summarize(await run.askAll(5, { maxTokens: 100 }))
      expect(outcomes).toEqual(['answer to q0', ...Array(4).fill('not-asked: max-usd')])
      expect(run.budget.spent().usd).toBeLessThanOrEqual(0.06)
    })
  })

  it('counts requests, and lets those go on that are within the limit', async () => {
    await withApi({}, async (api) => {
      const run = openRun(api, { limits: { maxRequests: 3 } })
      const outcomes = summarize(await run.askAll(5))
      expect(outcomes.slice(0, 3)).toEqual(['answer to q0', 'answer to q1', 'answer to q2'])
      expect(outcomes.slice(3)).toEqual(['not-asked: max-requests', 'not-asked: max-requests'])
      expect(api.count('cancel')).toBe(0)
    })
  })

  it.each([
    { limits: { jobMinutes: 340 }, minutes: 340 },
    { limits: { maxMinutes: 90 }, minutes: 90 },
    { limits: { maxRequests: 2, jobMinutes: 30 }, minutes: 30 },
  ])('leaves a batch under way when its time is over, to the minute: %j', async ({ limits, minutes }) => {
    await withApi({ statuses: never }, async (api) => {
      const run = openRun(api, { limits })
      expect(summarize(await run.askAll(2))).toEqual([underWay, underWay])
      expect(run.clock.monotonicMs()).toBe(minutes * 60_000)
      expect(api.count('cancel')).toBe(0)
      expect(run.said).toEqual([expect.stringContaining('goes on without this run: the same command')])
    })
  })

  it('leaves what waits for money, too, when its time is over', async () => {
    await withApi({ statuses: never }, async (api) => {
      const run = openRun(api, { limits: { maxTokens: 120, jobMinutes: 10 } })
      expect(summarize(await run.askAll(2, { maxTokens: 100 }))).toEqual([underWay, 'not-asked: job-limit'])
    })
  })

  it.each(['max-usd', 'endpoint-down'] as const)(
    'cancels a batch where %s ends the run, and keeps what it did',
    async (reason) => {
      await withApi({ statuses: never, carriedOut: () => 2 }, async (api) => {
        const run = openRun(api)
        const asked = run.askAll(3)
        while (api.count('retrieve') < 3) await run.clock.sleep(1)
        run.budget.end(reason)
        const outcomes = summarize(await asked)
        expect(outcomes.filter((text) => text.startsWith('answer'))).toHaveLength(2)
        expect(outcomes.filter((text) => text === `not-asked: ${reason}`)).toHaveLength(1)
        expect(api.batches[0]?.status).toBe('cancelled')
        expect(run.budget.spent()).toMatchObject({ promptTokens: 20 })
      })
    },
  )

  it('leaves batches under way when the run is cancelled, at once', async () => {
    await withApi({ statuses: never }, async (api) => {
      const run = openRun(api)
      const asked = run.askAll(2)
      while (api.count('retrieve') < 3) await run.clock.sleep(1)
      const looks = api.count('retrieve')
      run.cancel.abort()
      expect(summarize(await asked)).toEqual([underWay, underWay])
      expect(api.count('retrieve')).toBeLessThanOrEqual(looks + 1)
      expect(api.count('cancel')).toBe(0)
      expect(summarize([await run.ask('more')])).toEqual(['not-asked: cancelled'])
    })
  })
})
