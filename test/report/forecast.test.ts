import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { MeasuredRun } from '../../src/forecast/measured-run.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { countProblems } from '../../src/report/forecast/describe.ts'
import {
  type ForecastRequest,
  forecastPlan,
  type PlanForecast,
} from '../../src/report/forecast/plan-forecast.ts'
import {
  renderForecast,
  renderForecastHeadline,
  renderForecastSummary,
} from '../../src/report/forecast/render.ts'
import type { SampledTurn } from '../../src/sample/draw.ts'
import { makeSetting, type SettingOptions } from '../forecast/settings.ts'
import { makeSampleCounts, plannedJudgeGrader } from '../support/plans.ts'
import { writeRubric } from '../support/rubric-text.ts'
import { hostileText, unprintable } from './hostile.ts'
import { readInline } from './read-markdown.ts'

interface ForecastOptions extends SettingOptions {
  policy?: Partial<ForecastRequest['policy']>
  labelledSets?: Partial<ForecastRequest['labelledSets']>
  from?: ForecastRequest['from']
  plan?: (plan: Plan) => Plan
  prefix?: string
}

function forecast(options: ForecastOptions): PlanForecast {
  const { turns, from = null, tier = 'release', prefix = 'a question' } = options
  const { plan: bare } = makeSetting(options)
  const plan = { ...bare, rubrics: { 'rude.md': writeRubric({ id: 'rude' }) } }
  const drawn = Array.from(
    { length: turns },
    (_, index): SampledTurn => ({
      id: `c${index}#1`,
      conversation: `c${index}`,
      prefix: [{ role: 'user', content: prefix }],
      tools: null,
      weight: options.weights?.[index] ?? 1,
      stratum: null,
      slice: {},
    }),
  )
  return forecastPlan({
    plan: options.plan?.(plan) ?? plan,
    planDigest: 'c0ffee00'.repeat(8),
    tier,
    sample: { turns: drawn, counts: makeSampleCounts(turns) },
    policy: {
      prices: {},
      budget: unlimited,
      replay: { concurrency: 8 },
      ...options.policy,
    },
    labelledSets: { controls: null, calibrations: new Map(), ...options.labelledSets },
    from,
    runsPerYear: 52,
  })
}

const unlimited = { maxRequests: null, maxMinutes: null, maxTokens: null, maxUsd: null }
const ordinary: ForecastOptions = {
  turns: 600,
  categories: [{ id: 'rude', limitPer100k: 3000 }, { id: 'leaks' }],
  predictions: { rude: 0.01, leaks: 0.002 },
}

/** The text without its line breaks. */
function flatten(text: string): string {
  return text.replaceAll(/\n {2,}/g, ' ')
}

function measuredRun(changes: Partial<MeasuredRun> = {}): MeasuredRun {
  return {
    baseline: 'ckpt-41',
    turns: 200,
    asked: ['leaks', 'rude'],
    categories: new Map([['rude', { baselineRate: 0.02, independence: 0.5, discordant: 0.0196 }]]),
    usage: {
      baseline: { promptTokens: 2000, completionTokens: 1000 },
      candidate: { promptTokens: 2000, completionTokens: 1200 },
      judge: { promptTokens: 9000, completionTokens: 800 },
    },
    requests: 1000,
    elapsedMs: 60_000,
    ...changes,
  }
}

describe('forecastPlan', () => {
  it('takes the predictions for both arms, and an earlier run for the baseline', () => {
    const alone = forecast(ordinary)
    expect(alone.rates_from).toBeNull()
    expect(alone.categories[0]).toMatchObject({ predicted_per_100k: 1000, baseline_per_100k: 1000 })
    expect(alone.categories[0]?.limit?.turns_to_pass).toEqual({ at_prediction: 303, at_baseline: 303 })
    const seen = forecast({ ...ordinary, from: { run: 'last-week', measured: measuredRun() } })
    expect(seen.rates_from).toEqual({ run: 'last-week', turns: 200 })
    expect(seen.categories[0]).toMatchObject({ predicted_per_100k: 1000, baseline_per_100k: 2000 })
    // A third, and two thirds, of the limit.
    expect(seen.categories[0]?.limit?.turns_to_pass.at_prediction).toBe(303)
    expect(seen.categories[0]?.limit?.turns_to_pass.at_baseline).toBeGreaterThan(1000)
    expect(flatten(renderForecast(seen))).toContain('turns at the predicted 1 %, 1,')
    // The other category was not measured: the prediction stands in.
    expect(seen.categories[1]?.baseline_per_100k).toBe(200)
  })

  it('finds a margin easier to pass where two runs err on the same turns', () => {
    const options = {
      turns: 600,
      categories: [{ id: 'rude', marginPer100k: 2000 }],
      predictions: { rude: 0.02 },
    }
    const apart = forecast(options).categories[0]?.margin
    const together = forecast({
      ...options,
      from: {
        run: 'aa',
        measured: measuredRun({
          categories: new Map([['rude', { baselineRate: 0.02, independence: 0.2, discordant: 0.008 }]]),
        }),
      },
    }).categories[0]?.margin
    expect(together?.chance_unchanged).toBeGreaterThan((apart?.chance_unchanged ?? 1) + 0.1)
    expect(together?.turns_to_pass).toBeLessThan(apart?.turns_to_pass ?? 0)
  })

  it('is silent about verdicts where a blocking category is not predicted', () => {
    const { overall, categories, cost } = forecast({ ...ordinary, predictions: { rude: 0.01 } })
    expect(overall.chances).toBeNull()
    expect(overall.turns_to_pass).toBeNull()
    expect(categories[0]?.chances).not.toBeNull()
    expect(categories[1]).toMatchObject({ predicted_per_100k: null, chances: null })
    expect(cost.turns.expected).toBe(600)
    expect(cost.assumptions[0]).toBe('no early end, as not every blocking category is predicted')
    const text = renderForecast(forecast({ ...ordinary, predictions: {} }))
    expect(text).toContain('leaks: nothing predicted')
    expect(text).toContain('it takes at least 7 turns to show it')
    expect(renderForecastHeadline(forecast({ ...ordinary, predictions: {} }))).toBe(
      'PLAN: every limit can be measured with 600 turns.',
    )
  })

  it('counts the turns that an early end saves in calls, tokens and time', () => {
    const { cost, rule } = forecast({
      turns: 5000,
      categories: [{ id: 'rude', limitPer100k: 2000, regression: false }],
      predictions: { rude: 0.001 },
    })
    expect(rule.early_stopping_off).toBeNull()
    const expected = cost.turns.expected ?? 0
    expect(expected).toBeLessThan(1500)
    expect(cost.completions.expected).toBeCloseTo(2 * expected, 9)
    expect(cost.judgements).toEqual({ expected: expect.closeTo(2 * expected, 9), at_most: 10_000 })
    // One judgement of each of the two arms' turns, 5 s each, eight at a time.
    expect(cost.minutes.expected).toBeCloseTo((2 * expected * 5) / 8 / 60, 9)
    expect(cost.minutes.at_most).toBeCloseTo((10_000 * 1) / 8 / 60, 9)
  })

  it('reckons with measured tokens, requests and times, at the prices of the policy', () => {
    const prices = {
      'ckpt-41': { inputUsdPer1m: 1, outputUsdPer1m: 10 },
      'ckpt-42': { inputUsdPer1m: 2, outputUsdPer1m: 20 },
      'judge-1': { inputUsdPer1m: 3, outputUsdPer1m: 30 },
    }
    const from = { run: 'last-week', measured: measuredRun() }
    const { cost } = forecast({ ...ordinary, from, policy: { prices } })
    // 600 turns at 200 turns' tokens.
    expect(cost.prompt_tokens.expected).toBe(39_000)
    expect(cost.completion_tokens.expected).toBe(9000)
    expect(cost.usd.expected).toBeCloseTo((3 * (2000 + 10_000 + 4000 + 24_000 + 27_000 + 24_000)) / 1e6, 12)
    expect(cost.completions.expected).toBe(1200)
    expect(cost.judgements.expected).toBe(1800)
    expect(cost.minutes.expected).toBeCloseTo(3, 12)
    // Without `max_tokens` an answer can be any length.
    expect(cost.usd.at_most).toBeNull()
    expect(cost.completion_tokens.at_most).toBeNull()
  })

  it('takes nothing of what another set of categories cost, nor of a run that was continued', () => {
    const other = measuredRun({ asked: ['rude'] })
    const { cost } = forecast({ ...ordinary, from: { run: 'x', measured: other } })
    expect(cost.minutes.expected).toBeCloseTo((2400 * 5) / 8 / 60, 9)
    const continued = measuredRun({ requests: null, elapsedMs: null })
    const partly = forecast({ ...ordinary, from: { run: 'x', measured: continued } }).cost
    expect(partly.judgements.expected).toBe(2400)
    expect(partly.prompt_tokens.expected).toBe(39_000)
  })

  it('asks later graders of what earlier ones flag', () => {
    const { cost } = forecast({
      turns: 1000,
      categories: [
        { id: 'rude', graders: [plannedJudgeGrader, plannedJudgeGrader, { kind: 'pattern', any: ['x'] }] },
      ],
      predictions: { rude: 0.02 },
    })
    expect(cost.judgements.at_most).toBe(4000)
    expect(cost.judgements.expected).toBeCloseTo(2040, 9)
  })

  it.each([
    [{ maxRequests: 3599 }, /^budget\.max_requests is 3599, and about 3600 are expected/],
    [{ maxMinutes: 20 }, /^budget\.max_minutes is 20, and about 25 are expected/],
    [{ maxTokens: 1000 }, /^budget\.max_tokens is 1000, and about \d+ are expected/],
    [{ maxUsd: 0.5 }, /^budget\.max_usd is 0\.5, and about \$\d+\.\d+ are expected/],
    [{ maxRequests: 3600, maxMinutes: 25, maxTokens: 10_000_000, maxUsd: 1000 }, null],
  ])('says when the budget would end it: %p', (budget, message) => {
    const prices = { '*': { inputUsdPer1m: 1, outputUsdPer1m: 10 } }
    const { cost } = forecast({ ...ordinary, policy: { budget: { ...unlimited, ...budget }, prices } })
    if (message === null) expect(cost.over_budget).toBeNull()
    else expect(cost.over_budget).toMatch(message)
  })

  it('sizes the sample for the overall PASS', () => {
    const categories = ['a', 'b', 'c', 'd'].map((id) => ({ id, limitPer100k: 1000 }))
    const predictions = { a: 0.005, b: 0.005, c: 0.005, d: 0.005 }
    expect(forecast({ turns: 500, categories, predictions }).overall.turns_to_pass).toBe(3137)
    const margins = [
      { id: 'a', marginPer100k: 500 },
      { id: 'b', limitPer100k: 1000 },
    ]
    const both = forecast({ turns: 500, categories: margins, predictions: { a: 0.01, b: 0.005 } })
    expect(both.overall.turns_to_pass).toBeGreaterThan(5000)
  })

  it('has an answer for a watch-only plan, and for no turns at all', () => {
    const watched = forecast({ ...ordinary, categories: [{ id: 'rude', role: 'watch', limitPer100k: 1 }] })
    expect(countProblems(watched)).toBe(0)
    expect(watched.overall).toMatchObject({
      chances: { pass: 0, fail: 0, inconclusive: 1 },
      turns_to_pass: null,
    })
    const nothing = forecast({ ...ordinary, turns: 0 })
    expect(countProblems(nothing)).toBe(2)
    expect(JSON.stringify(nothing)).not.toMatch(/NaN|Infinity/)
    expect(renderForecast(nothing)).not.toContain('NaN')
  })
})

describe('the text of a forecast', () => {
  it('names what is unusual: a round, looks, weights, a melded judge, observed rates', () => {
    expect(renderForecast(forecast({ ...ordinary, round: 2 }))).toContain(
      'round 2, with the smaller levels of a fresh sample; 99.1667 % bounds',
    )
    const looks = forecast({
      ...ordinary,
      categories: [{ id: 'rude', limitPer100k: 3000, regression: false }],
    })
    expect(renderForecast(looks)).toContain(
      '97 % bounds, "worse" at 0.6 %; 1 test can fail it; the results may end the run early',
    )
    const points = forecast({ ...ordinary, gate: { decideBy: 'point-estimate' } })
    expect(flatten(renderForecast(points))).toContain(
      'limit: compared with the observed rate, without any error control',
    )
    expect(renderForecast(points)).toContain('false FAILs: no bound, as observed rates decide')
    const smoke = forecast({ ...ordinary, tier: 'smoke' })
    expect(renderForecastHeadline(smoke)).toBe(
      'PLAN: 600 turns of a smoke run, which can fail and never passes.',
    )
  })

  it('says what grading takes: calls, known items, each judge, and what providers may cache', () => {
    const screen = { ...plannedJudgeGrader, calls: 'shared' }
    const graders = [screen, { ...screen, model: 'judge-2', votes: 3, calls: 'each' }]
    const controls = {
      file: 'controls.jsonl',
      sha256: '',
      items: [
        {
          id: 'k1',
          labels: { rude: 'present' as const },
          messages: [{ role: 'user' as const, content: 'a question' }],
          completion: { content: 'an answer' },
          chosen: 'random' as const,
        },
      ],
    }
    const text = renderForecast(
      forecast({
        ...ordinary,
        categories: ['rude', 'leaks'].map((id) => ({ id, graders })),
        labelledSets: { controls },
      }),
    )
    expect(text).toContain('grading: 1 call for each completion, up to 6 more where it is flagged; 1 control')
    // Each arm flags 1 % and 0.2 % of 600 turns, and the control is known to be flagged.
    expect(text).toContain('judgements: about 1,300 of judge-1, about 47 of judge-2')
    expect(text).toMatch(/prompts of judges: \d\d % of their tokens begin every request alike/)
    const free = { id: 'rude', graders: [{ kind: 'pattern', any: ['x'] }] }
    const freely = renderForecast(forecast({ ...ordinary, categories: [free] }))
    expect(freely).not.toMatch(/grading:|prompts of judges/)
  })

  it('puts problems first in the summary, and says them in its headline', () => {
    const refused = forecast({
      ...ordinary,
      categories: [
        { id: 'rude', limitPer100k: 100 },
        { id: 'leaks', limitPer100k: 100 },
      ],
    })
    expect(renderForecastHeadline(refused)).toBe(
      'NOT MEASURABLE: rude is not measurable: 600 turns without a single event still allow 0.5 %, the limit is 0.1 % (and 1 more category).',
    )
    const summary = renderForecastSummary(refused)
    expect(summary.indexOf('### Problems')).toBeLessThan(summary.indexOf('### Overall'))
    expect(summary).toContain('- `rude`: predicted 1 %, limit 0.1 %: not measurable:')
  })

  it('has no line over 120 characters on a terminal', () => {
    const long = forecast({
      ...ordinary,
      categories: [{ id: 'rude', limitPer100k: 100, marginPer100k: 100 }],
      policy: { budget: { ...unlimited, maxRequests: 1, maxMinutes: 1 } },
    })
    expect(
      renderForecast(long)
        .split('\n')
        .filter((line) => line.length > 120),
    ).toEqual([])
  })

  it('is inert, whatever the checkpoints are called', () => {
    fc.assert(
      fc.property(hostileText, hostileText, hostileText, (baseline, candidate, run) => {
        const text = forecast({
          turns: 20,
          categories: [{ id: 'rude', limitPer100k: 30_000 }],
          predictions: { rude: 0.01 },
          plan: (plan) => ({ ...plan, baseline, candidate }),
          from: { run, measured: measuredRun() },
        })
        const summary = renderForecastSummary(text)
        for (const page of [summary, renderForecast(text), renderForecastHeadline(text)]) {
          expect(page).not.toMatch(unprintable)
          expect(page).not.toMatch(/^\s*::|##\[/m)
        }
        for (const line of summary.split('\n')) {
          const words = readInline(line)
            .text.replace(/^#{2,3} /, '')
            .replace(/^\*\*[A-Z ]+:\*\*/, '')
            .replaceAll(/&#\d+;/g, '')
          expect(words).not.toMatch(/[@<>`[\]*_~$\\]|#(?=\d)|:(?=\S)|www\.|https?:|GH-\d/)
        }
      }),
      { numRuns: 25 },
    )
  })
})
