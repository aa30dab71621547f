import { describe, expect, it } from '@jest/globals'
import type { Message } from '../../src/corpus/conversation.ts'
import type { MeasuredRun } from '../../src/forecast/measured-run.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { forecastCost } from '../../src/report/forecast/cost.ts'
import { reckonTrajectory } from '../../src/report/forecast/tool-steps.ts'
import { makeSetting } from '../forecast/settings.ts'
import { makeTurn } from '../support/grading.ts'
import { makeSampleCounts } from '../support/plans.ts'

const tools: NonNullable<Plan['policy']['tools']> = {
  environments: ['recorded', 'simulated'],
  perTool: [],
  database: null,
  similar: { threshold: 0.5, examples: 3 },
  simulator: { endpoint: 'simulator', model: 'sim-1', temperature: null },
  connectors: [],
  limits: { steps: 20, tokens: null, minutes: 10, resultBytes: 65536 },
}

function call(id: string): NonNullable<Extract<Message, { role: 'assistant' }>['tool_calls']>[number] {
  return { id, type: 'function', function: { name: 'look', arguments: '{}' } }
}

/** Production made two calls at once, then one, and answered. */
const after: Message[] = [
  { role: 'assistant', content: null, tool_calls: [call('a'), call('b')] },
  { role: 'tool', tool_call_id: 'b', content: 'x'.repeat(400) },
  { role: 'tool', tool_call_id: 'a', content: 'y' },
  { role: 'assistant', content: 'one more', tool_calls: [call('c')] },
  { role: 'tool', tool_call_id: 'c', content: 'z' },
  { role: 'assistant', content: 'done' },
  { role: 'user', content: 'thanks' },
  { role: 'assistant', content: null, tool_calls: [call('d')] },
]

const turn = { ...makeTurn({ id: 'c#1' }), after }

describe('the steps of a turn', () => {
  it('are those of production up to its answer', () => {
    const reckoned = reckonTrajectory(turn, tools)
    expect(reckoned).toMatchObject({ requests: 3, calls: 3 })
    expect(reckoned.ownCharacters).toBe(401 + 3 * 6 + 'one more'.length + 1)
    // Each request has the prefix once more, and what came before.
    const alone = reckonTrajectory({ ...turn, after: [] }, tools)
    expect(alone).toMatchObject({ requests: 1, calls: 0, ownCharacters: 0 })
    expect(reckoned.promptTokens).toBeGreaterThan(3 * alone.promptTokens + 200)
    expect(reckonTrajectory(turn, null)).toEqual(alone)
  })

  it('are no more than policy has', () => {
    const short = { ...tools, limits: { ...tools.limits, steps: 2 } }
    expect(reckonTrajectory(turn, short)).toMatchObject({ requests: 2, calls: 2 })
  })

  it('end with a request where the log ends with a result', () => {
    expect(reckonTrajectory({ ...turn, after: after.slice(0, 3) }, tools)).toMatchObject({
      requests: 2,
      calls: 2,
    })
  })
})

describe('what trajectories cost', () => {
  const prices = {
    'ckpt-41': { inputUsdPer1m: 0, outputUsdPer1m: 10 },
    'ckpt-42': { inputUsdPer1m: 0, outputUsdPer1m: 10 },
    'sim-1': { inputUsdPer1m: 1, outputUsdPer1m: 2 },
  }

  function ask(changes: { tools?: typeof tools; measured?: MeasuredRun; maxRequests?: number } = {}) {
    const { plan } = makeSetting({ turns: 10, categories: [{ id: 'leaks', graders: [] }] })
    const { replay } = plan.policy
    return forecastCost({
      plan: {
        ...plan,
        policy: { ...plan.policy, replay: { ...replay, maxTokens: 100 }, tools: changes.tools ?? tools },
      },
      sample: {
        turns: Array.from({ length: 10 }, (_, index) => ({ ...turn, id: `c${index}#1` })),
        counts: makeSampleCounts(10),
      },
      policy: {
        prices,
        budget: { maxRequests: changes.maxRequests ?? null, maxMinutes: null, maxTokens: null, maxUsd: null },
        replay: { concurrency: 8, via: 'live' },
        judge: { via: 'live' },
      },
      labelledSets: { controls: null, calibrations: new Map() },
      expectedTurns: 10,
      flagged: new Map(),
      measured: changes.measured ?? null,
    })
  }

  it('is a request a step, and one of the simulator a call', () => {
    const cost = ask()
    expect(cost.completions).toEqual({ expected: 60, at_most: 2 * 10 * 20 })
    expect(cost.tool_steps).toMatchObject({ requests_each: { expected: 3, at_most: 20 }, calls_each: 3 })
    const simulator = cost.tool_steps?.simulator
    expect(simulator).toMatchObject({ endpoint: 'simulator', model: 'sim-1', calls: 60 })
    const { prompt_tokens: prompts = 0, completion_tokens: completions = 0 } = simulator ?? {}
    expect(prompts).toBeGreaterThan(60 * 800)
    expect(cost.usd.expected).toBeCloseTo((60 * 100 * 10 + prompts + 2 * completions) / 1e6, 9)
    expect([cost.usd.at_most, cost.prompt_tokens.at_most]).toEqual([null, null])
    expect(cost.assumptions).toContain('all of them answered by sim-1: recordings save what they answer')
  })

  it('is held against the budget with all its requests', () => {
    expect(ask({ maxRequests: 120 }).over_budget).toBeNull()
    expect(ask({ maxRequests: 119 }).over_budget).toContain('about 120 are expected')
  })

  it('has no simulator where policy names none', () => {
    const cost = ask({ tools: { ...tools, environments: ['recorded'], simulator: null } })
    expect(cost.tool_steps?.simulator).toBeNull()
    expect(cost.usd.expected).toBeCloseTo((60 * 100 * 10) / 1e6, 9)
  })

  it('follows an earlier run, also in how much was recorded', () => {
    const none = { promptTokens: 0, completionTokens: 0 }
    const measured: MeasuredRun = {
      baseline: 'ckpt-41',
      turns: 5,
      asked: ['leaks'],
      categories: new Map(),
      usage: { baseline: none, candidate: none, judge: none },
      requests: 45,
      elapsedMs: 1000,
      trajectories: { requestsEach: 4, callsEach: 2, simulatedShare: 0.25 },
    }
    const cost = ask({ measured })
    expect(cost.completions.expected).toBe(80)
    // 20 trajectories with 2 calls each, of which a quarter was simulated.
    expect(cost.tool_steps?.simulator?.calls).toBe(10)
    expect(cost.judgements.expected).toBe(0)
  })
})
