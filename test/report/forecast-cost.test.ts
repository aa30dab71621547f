import { describe, expect, it } from '@jest/globals'
import type { MeasuredRun } from '../../src/forecast/measured-run.ts'
import { parseLabelledSet } from '../../src/grade/labelled-set.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { type CostForecast, forecastCost } from '../../src/report/forecast/cost.ts'
import type { CostQuestion } from '../../src/report/forecast/cost-question.ts'
import { makeSetting } from '../forecast/settings.ts'
import { makeTurn } from '../support/grading.ts'
import { makeSampleCounts, plannedJudgeGrader } from '../support/plans.ts'
import { writeRubric } from '../support/rubric-text.ts'

interface Changes extends Partial<Omit<CostQuestion, 'plan' | 'policy'>> {
  prices?: CostQuestion['policy']['prices']
  maxTokens?: number | null
  via?: 'live' | 'batch'
  turns?: number
  categories?: { id: string; graders: Plan['policy']['categories'][number]['graders'] }[]
}

const screen = { ...plannedJudgeGrader, calls: 'shared' }
const confirm = { ...plannedJudgeGrader, model: 'judge-2', votes: 3 }
const two = ['rude', 'loud'].map((id) => ({ id, graders: [screen, confirm] }))
const prices = {
  'ckpt-41': { inputUsdPer1m: 1, outputUsdPer1m: 10 },
  'ckpt-42': { inputUsdPer1m: 2, outputUsdPer1m: 20 },
  'judge-1': { inputUsdPer1m: 3, outputUsdPer1m: 30 },
  'judge-2': { inputUsdPer1m: 40, outputUsdPer1m: 400 },
}

function ask(changes: Changes = {}): CostForecast {
  const { turns = 100, categories = two, maxTokens = 100, via = 'live', ...rest } = changes
  const { plan } = makeSetting({ turns, categories })
  const drawn = Array.from({ length: turns }, (_, index) => makeTurn({ id: `c${index}#1` }))
  return forecastCost({
    plan: {
      ...plan,
      policy: { ...plan.policy, replay: { ...plan.policy.replay, maxTokens } },
      rubrics: { 'rude.md': writeRubric({ id: 'rude' }) },
    },
    sample: { turns: drawn, counts: makeSampleCounts(turns) },
    policy: {
      prices: changes.prices ?? prices,
      budget: { maxRequests: null, maxMinutes: null, maxTokens: null, maxUsd: null },
      replay: { concurrency: 8, via },
      judge: { via },
    },
    labelledSets: { controls: null, calibrations: new Map() },
    expectedTurns: turns,
    flagged: new Map([
      ['rude', 0.02],
      ['loud', 0.03],
    ]),
    measured: null,
    ...rest,
  })
}

function findJudge({ grading }: CostForecast, model: string) {
  const found = grading.endpoints.find((entry) => entry.model === model)
  if (found === undefined) throw new Error(`no judge ${model}`)
  return found
}

function measuredRun(changes: Partial<MeasuredRun> = {}): MeasuredRun {
  return {
    baseline: 'ckpt-41',
    turns: 50,
    asked: ['loud', 'rude'],
    categories: new Map(),
    usage: {
      baseline: { promptTokens: 1000, completionTokens: 500 },
      candidate: { promptTokens: 1000, completionTokens: 600 },
      judge: { promptTokens: 90_000, completionTokens: 8000 },
    },
    requests: 250,
    elapsedMs: 60_000,
    ...changes,
  }
}

describe('what grading costs', () => {
  it('is a shared call of each completion, and votes of the second judge on what is predicted to be flagged', () => {
    const cost = ask()
    expect(cost.grading).toMatchObject({ calls_each: 1, calls_if_flagged: 6, graded_twice: 0 })
    expect(findJudge(cost, 'judge-1').calls).toEqual({ expected: 200, at_most: 200 })
    expect(findJudge(cost, 'judge-2').calls).toEqual({ expected: expect.closeTo(30, 9), at_most: 1200 })
    expect(cost.judgements).toEqual({ expected: expect.closeTo(230, 9), at_most: 1400 })
  })

  it('is half of it in batches, or the share that a price says, and takes as long as they take', () => {
    const [live, batched] = [ask(), ask({ via: 'batch' })]
    expect(batched.usd.expected).toBeCloseTo((live.usd.expected ?? 0) / 2, 9)
    expect(batched.usd.at_most).toBeCloseTo((live.usd.at_most ?? 0) / 2, 9)
    expect(batched.minutes).toEqual({ expected: null, at_most: null })
    const whole = Object.fromEntries(
      Object.entries(prices).map(([model, price]) => [model, { ...price, batchShare: 1 }]),
    )
    expect(ask({ via: 'batch', prices: whole }).usd).toEqual(live.usd)
  })

  it('asks later judges of everything where nothing is predicted', () => {
    expect(findJudge(ask({ flagged: new Map() }), 'judge-2').calls.expected).toBe(1200)
  })

  it('is priced model by model', () => {
    const cost = ask()
    const price = (model: keyof typeof prices, input: number, output: number) =>
      (prices[model].inputUsdPer1m * input + prices[model].outputUsdPer1m * output) / 1e6
    const judges = (['judge-1', 'judge-2'] as const).map((model) => {
      const { prompt_tokens: input, completion_tokens: output } = findJudge(cost, model)
      return price(model, input.expected ?? 0, output.expected ?? 0)
    })
    // Each arm: "[user]", a line break and "a question" are 5 tokens, no tools 1; answers of 100.
    const armed = price('ckpt-41', 600, 10_000) + price('ckpt-42', 600, 10_000)
    expect(cost.usd.expected).toBeCloseTo(armed + (judges[0] ?? 0) + (judges[1] ?? 0), 4)
    expect(judges.every((usd) => usd > 0.01)).toBe(true)
    expect(cost.prompt_tokens.expected).toBe(
      1200 +
        (findJudge(cost, 'judge-1').prompt_tokens.expected ?? 0) +
        (findJudge(cost, 'judge-2').prompt_tokens.expected ?? 0),
    )
  })

  it('is not known where the second judge has no price', () => {
    const { 'judge-2': _, ...others } = prices
    expect(ask({ prices: others }).usd).toEqual({ expected: null, at_most: null })
    const single = [{ id: 'rude', graders: [screen] }]
    expect(ask({ prices: others, categories: single }).usd.expected).toBeGreaterThan(0)
  })

  it('takes the cached price for what begins every request alike, and never for the most', () => {
    const plain = ask()
    const cached = ask({
      prices: { ...prices, 'judge-1': { ...prices['judge-1'], cachedInputUsdPer1m: 0.3 } },
    })
    expect(cached.usd.at_most).toBe(plain.usd.at_most)
    const saved = (plain.usd.expected ?? 0) - (cached.usd.expected ?? 0)
    const tokens = findJudge(plain, 'judge-1').prompt_tokens.expected ?? 0
    expect(saved).toBeGreaterThan((0.7 * tokens * 2.7) / 1e6)
    expect(saved).toBeLessThan((tokens * 2.7) / 1e6)
    const assumption = 'what begins every request to a judge alike at the cached price'
    expect(cached.assumptions).toContain(assumption)
    expect(plain.assumptions).not.toContain(assumption)
  })

  it('follows the tokens and calls of an earlier run, divided between its judges as they are reckoned', () => {
    const measured = measuredRun()
    const cost = ask({ measured })
    const [first, second] = [findJudge(cost, 'judge-1'), findJudge(cost, 'judge-2')]
    // Two turns for each of the earlier run's: 3 requests of it a turn were judgements.
    expect(cost.judgements.expected).toBeCloseTo(300, 9)
    expect((first.calls.expected ?? 0) / (second.calls.expected ?? 1)).toBeCloseTo(200 / 30, 9)
    expect((first.prompt_tokens.expected ?? 0) + (second.prompt_tokens.expected ?? 0)).toBe(180_000)
    expect((first.completion_tokens.expected ?? 0) + (second.completion_tokens.expected ?? 0)).toBe(16_000)
    expect(cost.judgements.at_most).toBe(1400)
  })

  it('is reckoned where an earlier run was not told what endpoints used', () => {
    const none = { promptTokens: 0, completionTokens: 0 }
    const usage = { baseline: none, candidate: none, judge: none }
    const [cost, plain] = [ask({ measured: measuredRun({ usage }) }), ask()]
    expect(cost.prompt_tokens).toEqual(plain.prompt_tokens)
    expect(cost.usd).toEqual(plain.usd)
  })

  it('grades known items however early the run ends', () => {
    const lines = ['present', 'absent', 'absent'].map((label, index) =>
      JSON.stringify({
        id: `k${index}`,
        labels: { rude: label },
        messages: [{ role: 'user', content: `question ${index}` }],
        completion: { content: 'an answer' },
      }),
    )
    const controls = parseLabelledSet({ file: 'controls.jsonl', text: lines.join('\n'), sha256: '' })
    const labelledSets = { controls, calibrations: new Map() }
    const [early, whole] = [ask({ labelledSets, expectedTurns: 10 }), ask({ labelledSets })]
    expect(findJudge(early, 'judge-1').calls).toEqual({ expected: 23, at_most: 203 })
    expect(findJudge(whole, 'judge-1').calls.expected).toBe(203)
    // The one positive takes three votes; 20 completions of turns are flagged at 5 % in all.
    expect(findJudge(early, 'judge-2').calls.expected).toBeCloseTo(3 + 20 * 0.05 * 3, 9)
    // Three items and 100 turns in the worst of cases: a known item is asked of in its own category alone.
    expect(findJudge(early, 'judge-2').calls.at_most).toBe(3 * 3 + 1200)
  })

  it('has nothing of judges where there is none, and no most without a longest answer', () => {
    const free = ask({ categories: [{ id: 'rude', graders: [{ kind: 'pattern', any: ['x'] }] }] })
    expect(free.grading).toMatchObject({ calls_each: 0, endpoints: [], stable_prompt_share: null })
    expect(free.judgements).toEqual({ expected: 0, at_most: 0 })
    const open = ask({ maxTokens: null })
    expect(open.usd.at_most).toBeNull()
    expect(findJudge(open, 'judge-1').prompt_tokens.at_most).toBeNull()
    expect(findJudge(open, 'judge-1').calls.at_most).toBe(200)
    expect(JSON.stringify(ask({ turns: 0 }))).not.toMatch(/NaN|Infinity/)
  })

  it('says that what is no model of chat is not priced', () => {
    const scores = { kind: 'moderation', endpoint: 'moderation' }
    const cost = ask({ categories: [{ id: 'rude', graders: [scores] }] })
    expect(cost.judgements).toEqual({ expected: 200, at_most: 200 })
    expect(cost.grading.endpoints).toMatchObject([{ endpoint: 'moderation', model: null }])
    expect(cost.usd.expected).toBeCloseTo((600 * 3 + 10_000 * 30) / 1e6, 9)
    expect(cost.assumptions).toContain('what endpoints other than models of chat charge not counted')
  })

  it('takes as long as the endpoint that is asked most', () => {
    const elsewhere = two.map(({ id, graders: [first] }) => ({
      id,
      graders: [first ?? screen, { ...confirm, endpoint: 'strong' }],
    }))
    // 200 at one endpoint; 230 where both judges are behind it; five seconds each, eight at a time.
    expect(ask({ categories: elsewhere }).minutes.expected).toBeCloseTo((200 * 5) / 8 / 60, 9)
    expect(ask().minutes.expected).toBeCloseTo((230 * 5) / 8 / 60, 9)
  })
})
