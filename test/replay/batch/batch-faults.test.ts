import { describe, expect, it } from '@jest/globals'
import { takeRefusal } from '../../support/refusal.ts'
import { openRun, summarize, withApi } from './batch-world.ts'

const sizes = (api: { batches: { lines: unknown[] }[] }) => api.batches.map(({ lines }) => lines.length)
const expired = ['in_progress', 'expired']
const scripted = (status: number, headers = {}) => ({
  status,
  headers,
  body: { error: { message: 'scripted' } },
})

describe('a batch that does not give all that it was asked for', () => {
  it('keeps what an expired one has done, and says of the rest that it was not returned', async () => {
    await withApi({ statuses: () => expired, carriedOut: () => 3 }, async (api) => {
      const run = openRun(api)
      const outcomes = summarize(await run.askAll(5))
      expect(outcomes.filter((text) => text.startsWith('answer'))).toHaveLength(3)
      expect(outcomes.filter((text) => text === 'failed: not-returned')).toHaveLength(2)
      expect(run.said).toEqual([
        expect.stringContaining('is expired, and has no answer to 2 of its 5 requests'),
      ])
      expect(run.budget.spent()).toMatchObject({ requests: 5, promptTokens: 30 })
    })
  })

  it('finds lines that are missing from a complete one, and asks for them when it is asked again', async () => {
    const editOutput = (lines: string[], { index }: { index: number }) =>
      index === 0 ? lines.slice(2) : lines
    await withApi({ editOutput }, async (api) => {
      const run = openRun(api)
      const outcomes = summarize(await run.askAll(5))
      expect(outcomes.filter((text) => text === 'failed: not-returned')).toHaveLength(2)
      const lost = outcomes.flatMap((text, index) => (text.startsWith('failed') ? [`q${index}`] : []))
      const again = await Promise.all(lost.map((content) => run.ask(content)))
      expect(summarize(again)).toEqual(lost.map((content) => `answer to ${content}`))
      expect(sizes(api)).toEqual([5, 2])
    })
  })

  it('counts lines that are of no use, says so, and takes the first of two answers', async () => {
    const editOutput = ([first = '', ...lines]: string[]) => [
      first,
      first.replaceAll('answer to', 'another answer to'),
      first.replace(/"custom_id":"[^"]*"/, '"custom_id":"nobody"'),
      first.slice(0, 40),
      '"no object"',
      ...lines,
    ]
    await withApi({ editOutput }, async (api) => {
      const run = openRun(api)
      expect(summarize(await run.askAll(3))).toEqual(['answer to q0', 'answer to q1', 'answer to q2'])
      expect(run.said).toHaveLength(1)
      expect(run.said[0]).toContain("2 can't be read")
      expect(run.said[0]).toContain('1 are of requests that were not in it')
      expect(run.said[0]).toContain('1 answer a request a second time')
    })
  })

  it('ends the run when somebody else cancels one, and keeps what it has done', async () => {
    const statuses = () => ['in_progress', 'cancelled']
    await withApi({ statuses, carriedOut: () => 2 }, async (api) => {
      const run = openRun(api)
      const outcomes = summarize(await run.askAll(4))
      expect(outcomes.filter((text) => text.startsWith('answer'))).toHaveLength(2)
      expect(outcomes.filter((text) => text === 'not-asked: batch-cancelled')).toHaveLength(2)
      expect(summarize([await run.ask('more')])).toEqual(['not-asked: batch-cancelled'])
      expect(sizes(api)).toEqual([4])
    })
  })

  it('says that all was lost when the server does not know it any more', async () => {
    const intercept = ({ kind }: { kind: string }) => (kind === 'retrieve' ? scripted(404) : undefined)
    await withApi({ intercept }, async (api) => {
      const run = openRun(api)
      expect(summarize(await run.askAll(2))).toEqual(['failed: not-returned', 'failed: not-returned'])
      expect(run.said).toEqual([expect.stringContaining('does not have the batch batch_0')])
    })
  })

  it('ends the run with what its server found wrong in the file', async () => {
    const validate = () => [
      { code: 'model_not_found', message: 'no model ckpt-2', line: 1 },
      { code: 'invalid_url', message: 'no such url' },
    ]
    await withApi({ validate }, async (api) => {
      const run = openRun(api)
      const error = await takeRefusal(() => run.askAll(3))
      expect(error).toMatchObject({ code: 'endpoint' })
      expect(error).toMatchObject({
        message: expect.stringContaining(
          'batch_0: line 1: no model ckpt-2 (model_not_found); no such url (invalid_url)',
        ),
      })
      expect(run.lines.at(-1)).toMatchObject({ batch: 'dropped' })
    })
  })
})

describe('calls for files and batches', () => {
  it('are made again when they are refused for now, at the time that the server names', async () => {
    const intercept = ({ kind, number }: { kind: string; number: number }) =>
      kind === 'create' && number < 2 ? scripted(429, { 'retry-after': '20' }) : undefined
    await withApi({ intercept }, async (api) => {
      const run = openRun(api)
      expect(summarize(await run.askAll(2))).toEqual(['answer to q0', 'answer to q1'])
      expect(api.batches).toHaveLength(1)
      expect(run.clock.sleptMs.filter((ms) => ms === 20_000)).toHaveLength(2)
    })
  })

  it('find the batch whose answer was lost, and make no second one', async () => {
    const intercept = ({ kind, number }: { kind: string; number: number }) =>
      kind === 'create' && number === 0 ? ('lost' as const) : undefined
    await withApi({ intercept }, async (api) => {
      expect(summarize(await openRun(api).askAll(2))).toEqual(['answer to q0', 'answer to q1'])
      expect(api.batches).toHaveLength(1)
      expect(api.count('list')).toBe(1)
    })
  })

  it.each(['retrieve', 'content'])('outlast errors of the server: %s', async (broken) => {
    const intercept = ({ kind, number }: { kind: string; number: number }) =>
      kind === broken && number < 20 ? scripted(500) : undefined
    await withApi({ intercept }, async (api) => {
      const run = openRun(api, { maxAttempts: 2 })
      expect(summarize(await run.askAll(2))).toEqual(['answer to q0', 'answer to q1'])
      expect(run.budget.stopped()).toBeNull()
    })
  })

  it('end the run when the server has been away for half an hour, and leave a trace to go on from', async () => {
    const intercept = ({ kind }: { kind: string }) =>
      kind === 'retrieve' || kind === 'cancel' ? scripted(500) : undefined
    await withApi({ intercept }, async (api) => {
      const run = openRun(api)
      expect(summarize(await run.askAll(2))).toEqual(['not-asked: endpoint-down', 'not-asked: endpoint-down'])
      expect(run.said[0]).toContain('for 30 minutes (server-error')
      expect(api.count('cancel')).toBe(1)
      expect(run.lines.map(({ batch }) => batch)).toEqual(['uploaded', 'created'])
    })
  })

  it('read a file whose reading broke off from its beginning', async () => {
    const intercept = ({ kind, number }: { kind: string; number: number }) =>
      kind === 'content' && number === 0 ? ('torn' as const) : undefined
    await withApi({ intercept }, async (api) => {
      const run = openRun(api)
      expect(summarize(await run.askAll(4))).toEqual([0, 1, 2, 3].map((n) => `answer to q${n}`))
      expect(api.count('content')).toBe(2)
      expect(run.said).toEqual([])
      expect(run.budget.spent()).toMatchObject({ promptTokens: 40 })
    })
  })
})

describe('a queue of tokens that is full', () => {
  it('is asked for less at once: a file in halves, one after the other', async () => {
    const tooMuch = ({ lines }: { lines: unknown[] }) =>
      lines.length > 2 ? [{ code: 'token_limit_exceeded', message: 'Enqueued token limit reached' }] : []
    await withApi({ validate: tooMuch }, async (api) => {
      const run = openRun(api)
      expect(summarize(await run.askAll(6))).toEqual([0, 1, 2, 3, 4, 5].map((n) => `answer to q${n}`))
      expect(sizes(api)).toEqual([6, 3, 3, 2, 1, 2, 1])
      expect(run.budget.spent().requests).toBe(6)
    })
  })

  it('ends the run when it takes nothing for hours', async () => {
    const validate = () => [{ code: 'token_limit_exceeded', message: 'Enqueued token limit reached' }]
    await withApi({ validate }, async (api) => {
      const run = openRun(api)
      const error = await takeRefusal(() => run.ask('q'))
      expect(error).toMatchObject({ message: expect.stringContaining('not even one request') })
      expect(run.clock.monotonicMs()).toBeGreaterThan(3 * 3_600_000)
    })
  })
})
