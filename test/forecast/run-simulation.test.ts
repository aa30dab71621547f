import { describe, expect, it } from '@jest/globals'
import type { State } from '../../src/estimate/observations.ts'
import { joinRates } from '../../src/forecast/pair-rates.ts'
import { type Chances, simulateRuns } from '../../src/forecast/run-simulation.ts'
import { createSeededRandom } from '../../src/forecast/seeded-random.ts'
import { decideStates } from '../estimate/records.ts'
import { makeSetting, type SettingCategory, type SettingOptions } from './settings.ts'

interface Rates {
  candidate: number
  baseline: number
}

function simulate(options: SettingOptions, rates: Readonly<Record<string, Rates>>, seed = 1) {
  const setting = makeSetting(options)
  const categories = setting.plan.policy.categories.map((category) => ({
    category,
    rates: joinRates({ ...(rates[category.id] ?? { candidate: 0, baseline: 0 }), independence: 1 }),
  }))
  return { setting, runs: simulateRuns({ setting, categories, seed }) }
}

/** The same through records, estimates and verdicts: every run to its last turn. */
function measureReal(
  options: Omit<SettingOptions, 'categories'> & { categories: readonly SettingCategory[] },
  rates: Readonly<Record<string, Rates>>,
  runs: number,
): { overall: Chances; categories: Map<string, Chances> } {
  const random = createSeededRandom(99)
  const tally = () => ({ pass: 0, fail: 0, inconclusive: 0 })
  const overall = tally()
  const categories = new Map(options.categories.map(({ id }) => [id, tally()]))
  const draw = (rate: number) =>
    Array.from({ length: options.turns }, (): State => (random() < rate ? 'event' : 'none'))
  for (let run = 0; run < runs; run += 1) {
    const { verdict } = decideStates({
      ...options,
      categories: options.categories.map((category) => ({
        ...category,
        baseline: draw(rates[category.id]?.baseline ?? 0),
        candidate: draw(rates[category.id]?.candidate ?? 0),
      })),
    })
    if (verdict.verdict === 'invalid' || verdict.verdict === 'unchanged') throw new Error(verdict.verdict)
    overall[verdict.verdict] += 1 / runs
    for (const { id, verdict: own } of verdict.categories) {
      const counts = categories.get(id)
      if (counts !== undefined) counts[own] += 1 / runs
    }
  }
  return { overall, categories }
}

/** Within four standard errors of both. */
function expectNear(simulated: Chances, real: Chances, runs: { simulated: number; real: number }): void {
  for (const key of ['pass', 'fail', 'inconclusive'] as const) {
    const p = Math.min(0.95, Math.max(0.05, real[key]))
    const error = Math.sqrt(p * (1 - p) * (1 / runs.simulated + 1 / runs.real))
    expect(Math.abs(simulated[key] - real[key])).toBeLessThan(4 * error)
  }
}

describe('simulateRuns', () => {
  it.each([
    [
      'limits, comparisons and a margin',
      {
        turns: 500,
        categories: [
          { id: 'a', limitPer100k: 2000 },
          { id: 'b' },
          { id: 'c', marginPer100k: 3000, limitPer100k: 6000 },
          { id: 'd', role: 'watch' as const, limitPer100k: 1000 },
        ],
      },
      {
        a: { candidate: 0.008, baseline: 0.008 },
        b: { candidate: 0.05, baseline: 0.02 },
        c: { candidate: 0.02, baseline: 0.02 },
        d: { candidate: 0.004, baseline: 0.004 },
      },
    ],
    [
      'early looks at limits alone',
      {
        turns: 1500,
        categories: [
          { id: 'a', limitPer100k: 2000, regression: false },
          { id: 'b', limitPer100k: 1000, regression: false },
        ],
      },
      { a: { candidate: 0.014, baseline: 0.01 }, b: { candidate: 0.004, baseline: 0.01 } },
    ],
    [
      'unequal weights',
      {
        turns: 400,
        weights: Array.from({ length: 400 }, (_, index) => 1 + ((index * 7) % 4)),
        categories: [
          { id: 'a', limitPer100k: 3000 },
          { id: 'b', marginPer100k: 3000 },
        ],
      },
      { a: { candidate: 0.015, baseline: 0.015 }, b: { candidate: 0.02, baseline: 0.02 } },
    ],
    [
      'point estimates',
      {
        turns: 400,
        gate: { decideBy: 'point-estimate' as const },
        categories: [
          { id: 'a', limitPer100k: 1000 },
          { id: 'b', marginPer100k: 500 },
        ],
      },
      { a: { candidate: 0.008, baseline: 0.008 }, b: { candidate: 0.02, baseline: 0.02 } },
    ],
  ])('comes to what records, estimates and verdicts come to: %s', (_, options, rates) => {
    const { runs } = simulate(options, rates)
    // The bounds of weighted turns take longer.
    const real = 'weights' in options ? 80 : 300
    const measured = measureReal(options, rates, real)
    const counts = { simulated: runs.runs, real }
    expectNear(runs.overall, measured.overall, counts)
    for (const [id, chances] of measured.categories) {
      expectNear(runs.categories.get(id) ?? chances, chances, counts)
      expect(runs.categories.has(id)).toBe(true)
    }
  })

  it('stops where the results decide, and at the first FAIL where the policy says so', () => {
    // Against a fixed 19,439 turns at 100 per 100k, a tenth of the limit needs 34 % of the calls and 5 times it 7 %.
    const options = {
      turns: 19_439,
      categories: [{ id: 'a', limitPer100k: 100, regression: false }],
    }
    const share = (candidate: number) => {
      const { runs, setting } = simulate(options, { a: { candidate, baseline: candidate } })
      expect(setting.stopping.off).toBeNull()
      return runs.turnsAsked / options.turns
    }
    expect(share(0.0001)).toBeCloseTo(0.34, 1)
    expect(share(0.005)).toBeLessThan(0.11)

    const compared = { turns: 3000, categories: [{ id: 'a' }, { id: 'b' }] }
    const worse = { a: { candidate: 0.1, baseline: 0.02 }, b: { candidate: 0.02, baseline: 0.02 } }
    const toTheEnd = simulate(compared, worse)
    expect(toTheEnd.runs.turnsAsked).toBe(3000)
    const first = simulate({ ...compared, gate: { stopAtFirstFail: true } }, worse)
    expect(first.runs.overall.fail).toBeGreaterThan(0.95)
    expect(first.runs.turnsAsked).toBeLessThan(1500)
    // What was not decided then stays inconclusive.
    expect(first.runs.categories.get('b')?.inconclusive).toBeGreaterThan(0.9)
  })

  it('passes nothing by limits with anytime looks and a comparison, which ends with nothing for the end', () => {
    const options = {
      turns: 2000,
      gate: { earlyStopping: 'anytime' as const, stopAtFirstFail: true },
      categories: [{ id: 'a', limitPer100k: 1000 }],
    }
    const { runs } = simulate(options, { a: { candidate: 0, baseline: 0 } })
    expect(runs.overall).toEqual({ pass: 0, fail: 0, inconclusive: 1 })
  })

  it('is seeded', () => {
    const options = { turns: 300, categories: [{ id: 'a', limitPer100k: 2000 }] }
    const rates = { a: { candidate: 0.01, baseline: 0.01 } }
    const [first, same, other] = [1, 1, 2].map((seed) => simulate(options, rates, seed).runs)
    expect(first).toEqual(same)
    expect(first?.overall).not.toEqual(other?.overall)
  })

  it('affords fewer runs of a large plan, and has an answer without turns or a blocking category', () => {
    const large = {
      turns: 12_000,
      categories: Array.from({ length: 5 }, (_, index) => ({ id: `c-${index}`, limitPer100k: 6000 })),
    }
    const rates = Object.fromEntries(
      large.categories.map(({ id }) => [id, { candidate: 0.05, baseline: 0.05 }]),
    )
    expect(simulate(large, rates).runs.runs).toBe(200)
    const empty = simulate({ turns: 0, categories: [{ id: 'a', limitPer100k: 1000 }] }, {})
    expect(empty.runs.overall).toEqual({ pass: 0, fail: 0, inconclusive: 1 })
    const watched = simulate({ turns: 50, categories: [{ id: 'a', role: 'watch' }] }, {})
    expect(watched.runs.overall).toEqual({ pass: 0, fail: 0, inconclusive: 1 })
  })
})
