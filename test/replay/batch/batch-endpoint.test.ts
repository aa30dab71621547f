import { describe, expect, it } from '@jest/globals'
import { completeLine, failLine } from '../../fakes/batch-api.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { echo, openRun, summarize, withApi } from './batch-world.ts'

const sizes = (api: { batches: { lines: unknown[] }[] }) => api.batches.map(({ lines }) => lines.length)
const contentOf = (line: { body: { messages: { content: unknown }[] } }) =>
  String(line.body.messages.at(-1)?.content)

describe('an endpoint that is asked in batches', () => {
  it('puts what is asked at once into one file, and gives each its own answer, in whatever order they come', async () => {
    await withApi({}, async (api) => {
      const run = openRun(api)
      expect(summarize(await run.askAll(5))).toEqual([0, 1, 2, 3, 4].map((n) => `answer to q${n}`))
      expect(sizes(api)).toEqual([5])
      expect(api.batches[0]?.lines[0]).toMatchObject({ method: 'POST', url: '/v1/chat/completions' })
      expect(new Set(api.batches[0]?.lines.map(({ custom_id: id }) => id)).size).toBe(5)
      expect(run.said).toEqual([])
    })
  })

  it('charges what answers took at the price of a batch: half, unless the price says otherwise', async () => {
    await withApi({}, async (api) => {
      const run = openRun(api)
      await run.askAll(5)
      const spent = { requests: 5, promptTokens: 50, completionTokens: 25, usd: 0.0375 }
      expect(run.budget.spent()).toMatchObject(spent)
    })
  })

  it('tells what batches say of their requests', async () => {
    await withApi({}, async (api) => {
      const run = openRun(api)
      await run.askAll(3)
      expect(run.changes[0]).toEqual({ total: 3, completed: 0, failed: 0 })
      expect(run.changes.at(-1)).toEqual({ total: 3, completed: 3, failed: 0 })
    })
  })

  it('looks at a batch with growing pauses, and never more than a minute apart', async () => {
    const statuses = () => [...Array.from({ length: 12 }, () => 'in_progress'), 'completed']
    await withApi({ statuses }, async (api) => {
      const run = openRun(api)
      await run.askAll(1)
      const [first, second] = run.clock.sleptMs.filter((ms) => ms !== 2000)
      expect([first, second]).toEqual([5000, 7500])
      expect(Math.max(...run.clock.sleptMs)).toBe(60_000)
      expect(api.count('retrieve')).toBe(13)
    })
  })

  it.each([
    { what: 'requests', limits: { requests: 2, bytes: 1_000_000 }, expected: [2, 2, 1] },
    { what: 'bytes', limits: { requests: 100, bytes: 420 }, expected: [2, 2, 1] },
  ])('writes as many files as the limit of $what asks for', async ({ limits, expected }) => {
    await withApi({ limits }, async (api) => {
      const run = openRun(api, { fileLimits: limits })
      expect(summarize(await run.askAll(5))).toEqual([0, 1, 2, 3, 4].map((n) => `answer to q${n}`))
      expect(sizes(api).toSorted((a, b) => b - a)).toEqual(expected)
    })
  })

  it('writes a file for each model', async () => {
    await withApi({}, async (api) => {
      const run = openRun(api)
      await Promise.all([run.ask('a'), run.ask('b', { model: 'other' }), run.ask('c')])
      expect(sizes(api).toSorted()).toEqual([1, 2])
    })
  })

  it('does not send a request that is larger than a file may be', async () => {
    await withApi({}, async (api) => {
      const run = openRun(api, { fileLimits: { requests: 10, bytes: 300 } })
      const [long, short] = await Promise.all([run.ask('x'.repeat(400)), run.ask('y')])
      expect(long).toMatchObject({
        kind: 'failed',
        cause: 'bad-request',
        detail: expect.stringContaining('bytes'),
      })
      expect(short).toMatchObject({ kind: 'completed' })
      expect(sizes(api)).toEqual([1])
    })
  })

  it('asks again, in another batch, what was refused for now, as often as policy says', async () => {
    const answer: typeof echo = (line, batch) => {
      if (contentOf(line) === 'q1') return failLine(batch.index === 0 ? 429 : 500)
      return echo(line, batch)
    }
    await withApi({ answer }, async (api) => {
      const run = openRun(api, { maxAttempts: 3 })
      const outcomes = await run.askAll(3)
      expect(summarize(outcomes)).toEqual(['answer to q0', 'failed: server-error', 'answer to q2'])
      expect(sizes(api)).toEqual([3, 1, 1])
      expect((await run.opened).failures()).toBe(1)
    })
  })

  it('takes what says the same each time for an answer', async () => {
    const answer: typeof echo = (line, batch) =>
      contentOf(line) === 'q1' ? failLine(400, 'content is filtered') : echo(line, batch)
    await withApi({ answer }, async (api) => {
      const [, failed] = await openRun(api).askAll(2)
      expect(failed).toMatchObject({ cause: 'bad-request', detail: 'content is filtered' })
      expect(sizes(api)).toEqual([2])
    })
  })

  it('leaves out what a server does not know, as where it is asked live', async () => {
    const answer: typeof echo = (line, batch) => {
      if ('max_completion_tokens' in line.body) return failLine(400, 'unknown: max_completion_tokens')
      return 'response_format' in line.body ? failLine(400, 'no formats') : echo(line, batch)
    }
    await withApi({ answer }, async (api) => {
      const run = openRun(api)
      const more = { maxTokens: 7, responseFormat: { name: 'grade', schema: {} } }
      expect(summarize([await run.ask('a', more)])).toEqual(['answer to a'])
      expect(api.batches.at(-1)?.lines[0]?.body).toMatchObject({ max_tokens: 7 })
      expect(sizes(api)).toEqual([1, 1, 1])
      expect(summarize([await run.ask('b', more)])).toEqual(['answer to b'])
      expect(sizes(api)).toEqual([1, 1, 1, 1])
      expect(run.said).toEqual([
        expect.stringContaining('max_completion_tokens: using max_tokens'),
        expect.stringContaining('response_format: leaving it out'),
      ])
    })
  })

  it('asks through the Responses API where policy does, and reads its answers', async () => {
    const answer: typeof echo = (line) => {
      const { input } = line.body as unknown as { input: { content: string }[] }
      const content = [{ type: 'output_text', text: `response to ${input[0]?.content}`, annotations: [] }]
      return {
        status: 200,
        body: {
          object: 'response',
          status: 'completed',
          model: line.body.model,
          output: [{ type: 'message', role: 'assistant', content }],
          usage: { input_tokens: 10, output_tokens: 5 },
        },
      }
    }
    await withApi({ answer }, async (api) => {
      const run = openRun(api)
      expect(summarize(await run.askAll(2, { api: 'responses' }))).toEqual([
        'response to q0',
        'response to q1',
      ])
      expect(api.batches[0]?.lines[0]).toMatchObject({ url: '/v1/responses', body: { store: false } })
    })
  })

  it('keeps a key out of all that comes back, whatever repeats it', async () => {
    const key = 'sk-a-secret-key-1'
    const answer: typeof echo = (line) =>
      contentOf(line) === 'q0' ? completeLine(line, `you sent ${key}`) : failLine(400, `refused for ${key}`)
    await withApi({ answer, key }, async (api) => {
      const outcomes = await openRun(api, { key }).askAll(2)
      expect(JSON.stringify(outcomes)).not.toContain(key)
      expect(outcomes[0]).toMatchObject({ text: 'you sent [redacted]' })
    })
  })
})

describe('an endpoint without a Batch API', () => {
  it.each([
    { status: 404, kind: 'upload' as const, message: 'has no Batch API' },
    { status: 413, kind: 'upload' as const, message: 'did not let the run upload a file' },
    { status: 401, kind: 'upload' as const, message: 'refuses the key' },
    { status: 400, kind: 'create' as const, message: 'did not let the run make a batch' },
  ])(
    'ends the run with what to do about it: $kind is answered with $status',
    async ({ status, kind, message }) => {
      const body = { error: { message: 'scripted' } }
      const intercept = (call: { kind: string }) => (call.kind === kind ? { status, body } : undefined)
      await withApi({ intercept }, async (api) => {
        const error = await takeRefusal(() => openRun(api).askAll(3))
        expect(error).toMatchObject({ code: 'endpoint', message: expect.stringContaining(message) })
        expect(error).toMatchObject({ message: expect.stringContaining('scripted') })
      })
    },
  )

  it('is given up when it answers none of the first calls', async () => {
    const intercept = () => ({ status: 500, body: {} })
    await withApi({ intercept }, async (api) => {
      const error = await takeRefusal(() => openRun(api, { maxAttempts: 3 }).askAll(3))
      expect(error).toMatchObject({
        message: expect.stringContaining('answered none of the first 3 requests'),
      })
    })
  })
})
