import { describe, expect, it } from '@jest/globals'
import { completeWith, failWith } from './fakes/scripted-client.ts'
import { createScenario, decide } from './support/gate-scenario.ts'
import { countKinds, expectReconciled } from './support/reconcile.ts'
import { takeRefusal } from './support/refusal.ts'

describe('a run that ends early', () => {
  it('stops at max_requests: what was not asked is so written, and nothing passes', async () => {
    const scenario = createScenario({ policy: { budget: { max_requests: 50 } } })
    const decided = await decide(scenario)
    const { baseline, candidate, judge } = scenario.clients
    expect([baseline, candidate, judge].flatMap(({ requests }) => requests)).toHaveLength(50)
    expect(decided.record.summary).toMatchObject({ stopped: 'max-requests', cost: { requests: 50 } })
    expect(decided.verdict).toMatchObject({ verdict: 'inconclusive', conclusion: 'failure' })
    expect(decided.verdict.categories.map(({ reason }) => reason)).toEqual(['not-asked', 'not-asked'])
    expectReconciled(decided, 40)
    expect(decided.record.completions).toHaveLength(80)
    expect(countKinds(decided.record)['not-asked']).toBeGreaterThan(0)
    expect(scenario.directory.files.has('record.json')).toBe(true)
    expect(scenario.directory.files.get('journal.jsonl')).not.toContain('"completion":{"kind":"not-asked"')
  })

  it('stops at max_minutes, on a clock that only ever grows', async () => {
    const scenario = createScenario({
      policy: { budget: { max_minutes: 10 } },
      scripts: {
        candidate: () => {
          scenario.clock.advance(60_000)
          return 'a kind answer'
        },
      },
    })
    const decided = await decide(scenario)
    expect(decided.record.summary.stopped).toBe('max-minutes')
    expect(scenario.clients.candidate.requests.length).toBeGreaterThanOrEqual(10)
    expect(scenario.clients.candidate.requests.length).toBeLessThan(15)
    expect(decided.verdict.verdict).toBe('inconclusive')
    expectReconciled(decided, 40)
  })

  it('leaves off when it is cancelled, and still writes down what it has', async () => {
    const cancel = new AbortController()
    const scenario = createScenario({
      scripts: {
        candidate: (_request, index, signal) => {
          if (index === 20) cancel.abort()
          if (index < 20) return 'a kind answer'
          // An endpoint that answers nothing any more, until it is let go.
          return new Promise((resolve) => {
            const end = () => resolve(failWith('timeout'))
            if (signal.aborted) end()
            else signal.addEventListener('abort', end)
          })
        },
      },
      ports: { cancelled: cancel.signal },
    })
    const decided = await decide(scenario)
    expect(decided.record.summary.stopped).toBe('cancelled')
    expect(scenario.clients.candidate.requests.length).toBeLessThan(25)
    expect(countKinds(decided.record)).not.toHaveProperty('failed')
    expect(decided.verdict.verdict).toBe('inconclusive')
    expectReconciled(decided, 40)
    expect(scenario.directory.files.has('record.json')).toBe(true)
  })

  it('asks nobody when it was cancelled before it began', async () => {
    const scenario = createScenario({ ports: { cancelled: AbortSignal.abort() } })
    const decided = await decide(scenario)
    expect(countKinds(decided.record)).toEqual({ 'not-asked': 80 })
    expect(scenario.clients.candidate.requests).toEqual([])
  })
})

describe('an endpoint that gives nothing', () => {
  it.each(['unauthorized', 'not-found'] as const)(
    '%s ends the run at once, for every endpoint',
    async (cause) => {
      const scenario = createScenario({
        turns: 300,
        scripts: { candidate: () => failWith(cause), baseline: () => 'a kind answer' },
      })
      const error = await takeRefusal(() => scenario.run())
      expect(error).toMatchObject({
        code: 'endpoint',
        message: expect.stringContaining('endpoint "candidate"'),
      })
      // Of 300, no more than the 4 that were under way and those that took their places meanwhile.
      expect(scenario.clients.candidate.requests.length).toBeLessThanOrEqual(8)
      expect(scenario.clients.baseline.requests.length).toBeLessThanOrEqual(12)
      expect(scenario.directory.files.has('record.json')).toBe(false)
    },
  )

  it('ends the run with the fifth request that was refused to the end', async () => {
    const scenario = createScenario({
      turns: 300,
      scripts: { baseline: () => failWith('connection-refused') },
    })
    const error = await takeRefusal(() => scenario.run())
    expect(error.message).toContain('answered none of the first 5 requests (connection-refused)')
    // Two attempts each, four under way at once.
    expect(scenario.clients.baseline.requests.length).toBeLessThanOrEqual(2 * 8)
  })

  it('ends the run when it is the judge, and keeps what it had', async () => {
    const scenario = createScenario({
      policy: { categories: [{ id: 'rude', rubric: 'rubrics/rude.md' }] },
      scripts: { judge: () => failWith('unauthorized') },
    })
    const error = await takeRefusal(() => scenario.run())
    expect(error.remedy).toContain('CHECKPOINT_GATE_KEY_JUDGE')
    expect(scenario.directory.files.get('journal.jsonl')).toContain('planDigest')
  })
})

describe('a run', () => {
  it('has no more requests under way at an endpoint than the policy allows', async () => {
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      return 'a kind answer'
    }
    const scenario = createScenario({ scripts: { candidate: slow, baseline: slow } })
    await decide(scenario)
    const { baseline, candidate, judge } = scenario.clients
    expect([baseline.greatestConcurrency(), candidate.greatestConcurrency()]).toEqual([4, 4])
    expect(judge.greatestConcurrency()).toBeLessThanOrEqual(4)
  })

  it('is inconclusive when another model answered on the way', async () => {
    const scenario = createScenario({
      scripts: { candidate: (_request, index) => completeWith({ text: 'x', model: index < 30 ? 'a' : 'b' }) },
    })
    const { verdict, record } = await decide(scenario)
    expect(record.summary.arms.candidate.models).toEqual({ a: 30, b: 10 })
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reasons: ['candidate: 2 models answered'] })
  })

  it('asks no judge that no category needs', async () => {
    const leaks = { id: 'leaks', graders: [{ kind: 'pattern', any: ['LEAK'] }] }
    const scenario = createScenario({ policy: { categories: [leaks] } })
    const { record } = await decide(scenario)
    expect(scenario.connected).toEqual(['baseline', 'candidate'])
    expect(record.summary.graders).toEqual([])
  })

  it('reports its progress, with what it cost so far', async () => {
    const price = { input: 1, output: 2 }
    const scenario = createScenario({
      turns: 5,
      policy: { prices: { 'ckpt-1': price, 'ckpt-2': price, 'judge-1': price } },
    })
    const { record } = await decide(scenario)
    const states = scenario.log.states
    expect(states.map(({ done }) => done)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(states.at(-1)).toMatchObject({ planned: 10, requests: 20, failures: 0 })
    // 20 requests of 10 tokens in and 5 out.
    expect(record.summary.cost.usd).toBeCloseTo(20 * 20e-6, 12)
    expect(states.at(-1)?.costUsd).toBeCloseTo(20 * 20e-6, 12)
  })

  it('does not guess a cost when a price is not known', async () => {
    const { record } = await decide(createScenario({ turns: 5 }))
    expect(record.summary.cost.usd).toBeNull()
  })

  it('marks recorded arms as such where the policy allows them', async () => {
    const scenario = createScenario({
      recorded: true,
      policy: { replay: { allow_recorded: true } },
    })
    const { record } = await decide(scenario)
    expect(record.summary.arms.candidate.source).toEqual({ kind: 'recorded', sha256: 'ab' })
    expect(record.summary.graders.map(({ source }) => source.kind)).toEqual(['recorded'])
  })
})
