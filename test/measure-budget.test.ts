import { describe, expect, it } from '@jest/globals'
import { hostedJobMinutes } from '../src/policy/budget-policy.ts'
import { createMemoryDirectory, type MemoryDirectory } from './fakes/memory-directory.ts'
import { completeWith, failWith } from './fakes/scripted-client.ts'
import { createScenario, decide, honestJudge, type ScenarioOptions } from './support/gate-scenario.ts'
import { expectReconciled } from './support/reconcile.ts'
import { takeRefusal } from './support/refusal.ts'

// Each answer of a scenario takes 10 tokens in and 5 out, and there are 40 turns, two arms and a judge: 160 requests.
const price = { input: 1_000_000, output: 1_000_000 }
const prices = { 'ckpt-*': price, 'judge-1': price }
const replay = { concurrency: 4, max_attempts: 2, timeout_s: 30, max_tokens: 5 }

const run = (policy: Record<string, unknown>, options: Partial<ScenarioOptions> = {}) =>
  createScenario({ ...options, policy: { replay, prices, ...policy } })

describe('a budget of tokens or dollars', () => {
  it.each([
    ['max_tokens', 'max-tokens'],
    ['max_usd', 'max-usd'],
  ])('ends the run before %s is exceeded: inconclusive, with all that was measured', async (key, stopped) => {
    const scenario = run({ budget: { [key]: 9000 } }, { turns: 200 })
    const decided = await decide(scenario)
    const { summary } = decided.record
    expect(summary.stopped).toBe(stopped)
    expect(summary.cost.usd).toBeLessThanOrEqual(9000)
    // What is reserved for a judge's prompt and answer is left over at most.
    expect(summary.cost.usd).toBeGreaterThan(9000 - 2048 - 1500)
    expect(summary.cost.requests).toBe(Math.round((summary.cost.usd ?? 0) / 15))
    expect(decided.verdict).toMatchObject({ verdict: 'inconclusive', conclusion: 'failure' })
    expectReconciled(decided, 200)
    expect(decided.verdict.categories[1]?.candidate.not_asked).toBeGreaterThan(0)
    expect(scenario.directory.files.has('record.json')).toBe(true)
  })

  it('is no limit where it is enough', async () => {
    const { record } = await decide(
      run({ budget: { max_tokens: 160 * 15 + 3000, max_usd: 160 * 15 + 3000 } }),
    )
    expect(record.summary).toMatchObject({ stopped: null, cost: { usd: 160 * 15, requests: 160 } })
  })

  it('is refused in dollars where a checkpoint has no price, before anything is asked', async () => {
    const scenario = run({ budget: { max_usd: 5 }, prices: { 'ckpt-1': price, 'judge-1': price } })
    const error = await takeRefusal(() => scenario.run())
    expect(error).toMatchObject({
      code: 'policy',
      message: expect.stringContaining('no price is known of "ckpt-2"'),
      where: { field: 'budget.max_usd' },
    })
    expect(scenario.connected).toEqual([])
  })

  it('takes the price of a checkpoint by its id, whatever its server calls it', async () => {
    const checkpoint = { file: 'checkpoint.txt', served_as: 'acme/{checkpoint}' }
    const { record } = await decide(run({ checkpoint, budget: { max_usd: 1e6 } }))
    expect(record.summary.cost.usd).toBe(160 * 15)
  })
})

describe('the quote', () => {
  it('says what it will cost, and the budget', async () => {
    const scenario = run({ budget: { max_usd: 70_000, max_requests: 500, max_minutes: 30 } })
    await decide(scenario)
    expect(scenario.log.lines[0]).toMatch(
      /80 completions to ask for, .*; about \$[\d,]+, at most \$[\d,]+; the budget is 500 requests and \$70000 and 30 minutes\./,
    )
  })

  it('says nothing of dollars where a price is not known', async () => {
    const scenario = run({ prices: {} })
    await decide(scenario)
    expect(scenario.log.lines[0]).not.toContain('$')
  })

  it('says what earlier parts took, and asks for the rest', async () => {
    const first = run({ budget: { max_requests: 50 } })
    await decide(first)
    const second = run({ budget: { max_requests: 500 } }, { directory: first.directory })
    await decide(second)
    expect(second.log.lines[0]).toMatch(/; earlier parts took 50 requests and \$\d+\./)
  })
})

describe('a run that is continued', () => {
  const cut = (policy: Record<string, unknown>, directory?: MemoryDirectory) =>
    run(policy, directory === undefined ? {} : { directory })

  it('counts the requests of its earlier parts: the limit is one of the whole run', async () => {
    const first = cut({ budget: { max_requests: 60 } })
    await decide(first)
    const second = cut({ budget: { max_requests: 100 } }, first.directory)
    const { record } = await decide(second)
    expect(record.summary).toMatchObject({ stopped: 'max-requests', cost: { requests: 100 } })
    const { baseline, candidate, judge } = second.clients
    expect([baseline, candidate, judge].flatMap(({ requests }) => requests)).toHaveLength(40)
    const third = cut({ budget: { max_requests: 100 } }, second.directory)
    await decide(third)
    expect(third.clients.candidate.requests).toEqual([])
  })

  it('counts tokens, dollars and requests of what is asked again too', async () => {
    const whole = await decide(run({}))
    const first = run(
      {},
      {
        scripts: {
          judge: (request, index, signal) =>
            request.customId.startsWith('c-00')
              ? failWith('server-error')
              : honestJudge(request, index, signal),
        },
      },
    )
    await decide(first)
    const second = await decide(cut({}, first.directory))
    const { cost } = second.record.summary
    // The completions of ten turns in two arms were asked for twice.
    expect(cost.usd).toBe((whole.record.summary.cost.usd ?? 0) + 20 * 15)
    expect(cost.requests).toBeGreaterThan(160 + 20)
  })

  it('counts minutes that it measured, and shows what the whole run took in its progress', async () => {
    const slow = (minutes: number): ScenarioOptions['scripts'] => ({
      candidate: () => {
        scenario.clock.advance(minutes * 60_000)
        return 'a kind answer'
      },
    })
    let scenario = run({ budget: { max_minutes: 10 } }, { scripts: slow(1) ?? {} })
    const first = await decide(scenario)
    expect(first.record.summary.stopped).toBe('max-minutes')
    const { directory } = scenario
    scenario = run({ budget: { max_minutes: 15 } }, { scripts: slow(1) ?? {}, directory })
    const second = await decide(scenario)
    expect(second.record.summary.stopped).toBe('max-minutes')
    expect(scenario.clients.candidate.requests.length).toBeLessThanOrEqual(9)
    const [state] = scenario.log.states
    expect(state?.requests).toBeGreaterThan(first.record.summary.cost.requests)
    expect(state?.costUsd).toBeGreaterThan(first.record.summary.cost.usd ?? 0)
  })

  it('does not know what was under way when it was killed, and nothing less', async () => {
    const whole = run({})
    await decide(whole)
    const lines = (whole.directory.files.get('journal.jsonl') ?? '').split('\n').slice(0, 41)
    const { spent } = JSON.parse(lines.at(-1) ?? '')
    const killed = createMemoryDirectory([['journal.jsonl', `${lines.join('\n')}\n`]])
    const second = cut({}, killed)
    const { record } = await decide(second)
    const { baseline, candidate, judge } = second.clients
    const asked = [baseline, candidate, judge].flatMap(({ requests }) => requests).length
    expect(spent.requests).toBeGreaterThanOrEqual(80)
    expect(record.summary.cost.requests).toBe(spent.requests + asked)
  })
})

describe('the job that it runs in', () => {
  it('ends the run while there is time to write it down, where policy has no limit or one that is too long', async () => {
    for (const budget of [{}, { max_minutes: 600 }]) {
      const scenario = run(
        { budget },
        {
          scripts: {
            candidate: () => {
              scenario.clock.advance(30 * 60_000)
              return 'a kind answer'
            },
          },
          ports: { jobMinutes: hostedJobMinutes },
        },
      )
      const decided = await decide(scenario)
      expect(decided.record.summary.stopped).toBe('job-limit')
      expect(decided.verdict.verdict).toBe('inconclusive')
      expectReconciled(decided, 40)
      expect(scenario.log.lines[0]).toContain(`After ${hostedJobMinutes} minutes it ends`)
    }
  })

  it('leaves a limit of the policy that it can keep alone', async () => {
    const scenario = run(
      { budget: { max_minutes: 350 } },
      {
        scripts: {
          candidate: () => {
            scenario.clock.advance(345 * 60_000)
            return 'a kind answer'
          },
        },
        ports: { jobMinutes: hostedJobMinutes },
      },
    )
    const { record } = await decide(scenario)
    expect(record.summary.stopped).toBe('max-minutes')
    expect(scenario.log.lines[0]).not.toContain('it ends, before')
  })
})

describe('an endpoint that stops answering', () => {
  it('ends the run inconclusive; what was measured is kept, and a rerun goes on from there', async () => {
    const scripts = {
      candidate: (_request: unknown, index: number) =>
        index < 25 ? 'a kind answer' : failWith('connection-refused'),
    }
    const first = run({}, { scripts })
    const decided = await decide(first)
    expect(decided.record.summary.stopped).toBe('endpoint-down')
    expect(decided.verdict.verdict).toBe('inconclusive')
    expectReconciled(decided, 40)
    expect(first.log.lines.join('\n')).toContain('endpoint "candidate"')
    const whole = await decide(run({}))
    const second = await decide(run({}, { directory: first.directory }))
    expect(JSON.stringify(second.verdict)).toBe(JSON.stringify(whole.verdict))
  })
})

describe('many batches', () => {
  it('are not held up by a straggler where nothing looks at them one by one', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let asked = 0
    const scenario = createScenario({
      turns: 2000,
      policy: { replay: { concurrency: 8 } },
      scripts: {
        candidate: async ({ customId }) => {
          asked += 1
          // The first turn is answered when all the others have been.
          if (customId === first) await held
          else if (asked === 2000) release()
          first ??= customId
          return completeWith({ text: 'a kind answer' })
        },
      },
    })
    let first: string | undefined
    const decided = await decide(scenario)
    expectReconciled(decided, 2000)
    expect(decided.record.summary.stopped).toBeNull()
  })
})
