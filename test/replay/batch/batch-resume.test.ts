import { describe, expect, it } from '@jest/globals'
import { batchLineSchema, foldBatches, listBatchLines } from '../../../src/replay/batch/batch-lines.ts'
import { failLine } from '../../fakes/batch-api.ts'
import { echo, openRun, summarize, withApi } from './batch-world.ts'

const never = () => ['in_progress']
const answers = [0, 1, 2].map((n) => `answer to q${n}`)

/** What a run leaves that is killed, or whose time is over, while its batch is under way. */
async function leave(api: { url: string }, settings: Parameters<typeof openRun>[1] = {}) {
  const run = openRun(api, { limits: { jobMinutes: 5 }, ...settings })
  const outcomes = await run.askAll(3)
  // What a journal keeps.
  const journal = JSON.parse(JSON.stringify(run.lines)).map((line: unknown) => batchLineSchema.parse(line))
  return { outcomes, journal, spent: run.budget.spent() }
}

describe('a run that continues another', () => {
  it('takes up the batch that was left, submits nothing again, and counts what it took once', async () => {
    let isDone = false
    const statuses = () => (isDone ? ['completed'] : ['in_progress'])
    await withApi({ statuses }, async (api) => {
      const left = await leave(api)
      isDone = true
      const next = openRun(api, { journal: left.journal, spent: left.spent, delimiter: 'd1' })
      expect(summarize(await next.askAll(3))).toEqual(answers)
      expect(api.batches).toHaveLength(1)
      expect(api.count('upload')).toBe(1)
      expect(next.budget.spent()).toMatchObject({ requests: 3, promptTokens: 30, usd: 0.0225 })
      const third = openRun(api, { journal: next.lines, spent: next.budget.spent() })
      expect(summarize(await third.askAll(3))).toEqual(answers)
      expect(api.batches).toHaveLength(1)
      expect(third.budget.spent()).toMatchObject({ requests: 3, promptTokens: 30, usd: 0.0225 })
    })
  })

  it('takes what has ended even if it has no time left itself', async () => {
    let isDone = false
    const statuses = () => (isDone ? ['completed'] : ['in_progress'])
    await withApi({ statuses }, async (api) => {
      const left = await leave(api, { limits: { maxMinutes: 5 } })
      isDone = true
      const next = openRun(api, { journal: left.journal, spent: left.spent, limits: { maxMinutes: 5 } })
      expect(summarize(await next.askAll(3))).toEqual(answers)
      expect(summarize([await next.ask('more')])).toEqual(['not-asked: max-minutes'])
    })
  })

  it('waits on for one that is still under way, with what it may take set aside', async () => {
    await withApi({ statuses: never }, async (api) => {
      const left = await leave(api)
      const next = openRun(api, {
        journal: left.journal,
        spent: left.spent,
        limits: { jobMinutes: 5, maxTokens: 10_000 },
      })
      const [first, more] = await Promise.all([next.ask('q0'), next.ask('more', { maxTokens: 9000 })])
      expect(summarize([first, more])).toEqual(['not-asked: batch-under-way', 'not-asked: job-limit'])
      expect(api.batches).toHaveLength(1)
    })
  })

  it('asks only for what a batch does not hold, whatever delimiter stands in the prompts of judges', async () => {
    await withApi({}, async (api) => {
      const first = openRun(api, { delimiter: 'aaaa' })
      await Promise.all([first.ask('of <aaaa>', { customId: 'j#1' }), first.ask('b')])
      const next = openRun(api, { journal: first.lines, delimiter: 'bbbb' })
      const outcomes = await Promise.all([
        next.ask('of <bbbb>', { customId: 'j#1' }),
        next.ask('b'),
        next.ask('c'),
        next.ask('b', { model: 'other' }),
        next.ask('b', { customId: 'another turn' }),
      ])
      expect(summarize(outcomes).slice(0, 2)).toEqual(['answer to of <aaaa>', 'answer to b'])
      const asked = api.batches.slice(1).flatMap(({ lines }) => lines.map(({ body }) => body))
      expect(asked.map(({ model, messages }) => `${model}: ${messages[0]?.content}`).toSorted()).toEqual([
        'ckpt-2: b',
        'ckpt-2: c',
        'other: b',
      ])
    })
  })

  it('tells the first answer to the same request from the second', async () => {
    const answer: typeof echo = (line, batch) =>
      echo({ ...line, body: { ...line.body, messages: [{ role: 'user', content: batch.index }] } }, batch)
    await withApi({ answer }, async (api) => {
      const first = openRun(api)
      expect(summarize([await first.ask('q'), await first.ask('q')])).toEqual(['answer to 0', 'answer to 1'])
      const next = openRun(api, { journal: first.lines })
      expect(summarize([await next.ask('q'), await next.ask('q')])).toEqual(['answer to 0', 'answer to 1'])
      expect(summarize([await next.ask('q')])).toEqual(['answer to 2'])
    })
  })

  it('asks again what was lost in transport, as often as if it had never been asked', async () => {
    let isBroken = true
    const answer: typeof echo = (line, batch) => (isBroken ? failLine(500) : echo(line, batch))
    await withApi({ answer }, async (api) => {
      const first = openRun(api, { maxAttempts: 2 })
      expect(summarize([await first.ask('q0')])).toEqual(['failed: server-error'])
      isBroken = false
      const next = openRun(api, { journal: first.lines, maxAttempts: 1 })
      expect(summarize([await next.ask('q0')])).toEqual(['answer to q0'])
      expect(api.batches).toHaveLength(3)
    })
  })

  it('asks known items anew in another part, as they watch the judge of that part', async () => {
    await withApi({}, async (api) => {
      const item = { customId: 'known:x|candidate|rude' }
      const first = openRun(api)
      await first.ask('item', item)
      const same = openRun(api, { journal: first.lines })
      await same.ask('item', item)
      expect(api.batches).toHaveLength(1)
      const other = openRun(api, { journal: first.lines })
      ;(await other.opened).beginPart(2)
      await other.ask('item', item)
      expect(api.batches).toHaveLength(2)
    })
  })

  it('finds the batch of a run that was killed before it could say that it was made', async () => {
    await withApi({}, async (api) => {
      const first = openRun(api)
      await first.askAll(3)
      const journal = first.lines.filter(({ batch }) => batch === 'uploaded')
      const next = openRun(api, { journal })
      expect(summarize(await next.askAll(3))).toEqual(answers)
      expect(api.batches).toHaveLength(1)
      expect(next.lines.map(({ batch }) => batch)).toEqual(['uploaded', 'created', 'charged'])
    })
  })

  it('submits anew what was uploaded, and of which no batch was made', async () => {
    await withApi({}, async (api) => {
      const first = openRun(api)
      await first.askAll(3)
      const journal = first.lines.filter(({ batch }) => batch === 'uploaded')
      api.batches.length = 0
      const next = openRun(api, { journal })
      expect(summarize(await next.askAll(3))).toEqual(answers)
      expect(api.count('upload')).toBe(2)
    })
  })

  it('asks again for the rest of a batch that was cancelled meanwhile', async () => {
    let status = 'in_progress'
    await withApi({ statuses: () => [status], carriedOut: () => 2 }, async (api) => {
      const left = await leave(api)
      const [batch] = api.batches
      if (batch !== undefined) batch.status = 'cancelling'
      status = 'completed'
      const next = openRun(api, { journal: left.journal, spent: left.spent })
      expect(summarize(await next.askAll(3))).toEqual(answers)
      expect(api.batches.map(({ lines }) => lines.length)).toEqual([3, 1])
    })
  })

  it('takes nothing from a batch at another origin', async () => {
    await withApi({}, async (api) => {
      const first = openRun(api)
      await first.askAll(3)
      const journal = first.lines.map((line) =>
        line.batch === 'uploaded' ? { ...line, origin: 'https://elsewhere.example' } : line,
      )
      await openRun(api, { journal }).askAll(3)
      expect(api.batches).toHaveLength(2)
    })
  })
})

describe('lines of a journal', () => {
  it('say the same after they were read and written', async () => {
    await withApi({}, async (api) => {
      const run = openRun(api)
      await run.askAll(3)
      const folded = foldBatches(run.lines)
      expect(folded).toMatchObject([
        { id: 'batch_0', isCharged: true, line: { endpoint: 'candidate', model: 'ckpt-2' } },
      ])
      expect(folded[0]?.line.ids).toHaveLength(3)
      expect(foldBatches(listBatchLines(folded))).toEqual(folded)
    })
  })
})
