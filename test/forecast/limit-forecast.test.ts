import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  findLimitRule,
  findLimitToPass,
  findSmallestLimits,
  forecastLimit,
} from '../../src/forecast/limit-forecast.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { decideOne, makeTurns } from '../estimate/records.ts'
import { makeOne, type SettingCategory } from './settings.ts'

const calibrated = { truePositives: 57, positives: 60, falsePositives: 2, negatives: 300 }

/** What the gate says of so many events among the turns, none of them in the baseline. */
function decide(
  events: number,
  options: {
    turns: number
    category: Omit<SettingCategory, 'id'>
    gate?: Partial<Plan['policy']['gate']>
    weights?: readonly number[]
    round?: number
  },
): string {
  const { turns, category, ...rest } = options
  const spread = Array.from({ length: turns }, (_, index) =>
    Math.floor(((index + 1) * events) / turns) > Math.floor((index * events) / turns) ? 'event' : 'none',
  ) as ('event' | 'none')[]
  return decideOne({ ...category, baseline: makeTurns([], turns), candidate: spread }, rest).decided
}

describe('forecastLimit', () => {
  // n = 1,000, limit 1 %, α = .05: P(X ≤ 4) and P(X ≥ 16) under the binomial; scipy.stats.binom.
  it.each([
    [0, [1, 0, 0]],
    [0.005, [0.4401, 0.0001, 0.5599]],
    [0.01, [0.0287, 0.0479, 0.9234]],
    [0.02, [0, 0.8461, 0.1539]],
  ])('knows the chance of each verdict at a rate of %p', (rate, [pass, fail, inconclusive]) => {
    const { setting, category } = makeOne(
      { limitPer100k: 1000, regression: false },
      { turns: 1000, gate: { earlyStopping: 'off' } },
    )
    const rule = findLimitRule(setting, category)
    expect(rule).toEqual({ maxPass: 4, minFail: 16, minSuspect: 16 })
    if (rule === null) return
    const chances = forecastLimit(rule, { turns: 1000, rate })
    expect(chances.pass).toBeCloseTo(pass ?? 0, 4)
    expect(chances.fail).toBeCloseTo(fail ?? 0, 4)
    expect(chances.inconclusive).toBeCloseTo(inconclusive ?? 0, 4)
  })

  it('promises nothing twice: the chances are a distribution', () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        rate,
        rate,
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 0, max: 20 }),
        (limit, predicted, turns, others) => {
          const more = Array.from({ length: others }, (_, index) => ({ id: `other-${index}` }))
          const { setting, category } = makeOne({ limitPer100k: limit * 100_000 }, { turns })
          const plan = {
            ...setting.plan,
            policy: {
              ...setting.plan.policy,
              categories: [...setting.plan.policy.categories, ...more.map(({ id }) => ({ ...category, id }))],
            },
          }
          const rule = findLimitRule({ ...setting, plan }, category)
          if (rule === null) throw new Error('no rule')
          const values = Object.values(forecastLimit(rule, { turns, rate: predicted }))
          expect(values.every((value) => value >= 0 && value <= 1)).toBe(true)
          expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9)
        },
      ),
    )
  })
})

describe('findLimitRule', () => {
  const off = { earlyStopping: 'off' } as const
  const weights = Array.from({ length: 600 }, (_, index) => 1 + (index % 4))
  it.each([
    ['plain', { turns: 1000, category: { limitPer100k: 1000, regression: false }, gate: off }],
    [
      'another level',
      { turns: 800, category: { limitPer100k: 2000, regression: false }, gate: { ...off, alpha: 0.025 } },
    ],
    [
      'a later round',
      { turns: 800, category: { limitPer100k: 2000, regression: false }, gate: off, round: 3 },
    ],
    [
      'calibrated',
      { turns: 1000, category: { limitPer100k: 2000, regression: false, counts: calibrated }, gate: off },
    ],
    [
      'calibrated, melded',
      {
        turns: 1000,
        category: { limitPer100k: 2000, regression: false, counts: calibrated },
        gate: { ...off, judgeError: 'melded' as const },
      },
    ],
    ['weighted', { turns: 600, category: { limitPer100k: 3000, regression: false }, gate: off, weights }],
    [
      'point estimate',
      {
        turns: 700,
        category: { limitPer100k: 1000, regression: false },
        gate: { decideBy: 'point-estimate' as const },
      },
    ],
  ])('has the counts at which the gate itself changes its mind: %s', (name, options) => {
    const { category: one, ...rest } = options
    const { setting, category } = makeOne(one, rest)
    const rule = findLimitRule(setting, category)
    if (rule === null || rule.maxPass === null || rule.minFail === null) throw new Error('no rule')
    // Of weighted turns the rule spreads events over the weights, and these records over the order.
    const near = name === 'weighted' ? 2 : 0
    expect(decide(rule.maxPass - near, options)).toBe('pass: within-limit')
    expect(decide(rule.maxPass + 1 + near, options)).not.toBe('pass: within-limit')
    expect(decide(rule.minFail + near, options)).toBe('fail: over-limit')
    expect(decide(rule.minFail - 1 - near, options)).not.toBe('fail: over-limit')
  })

  it('leaves room for the other tests: with two, a FAIL alone takes the first level of Holm', () => {
    const own = makeOne({ limitPer100k: 1000, regression: false }, { turns: 1000, gate: off })
    const compared = makeOne({ limitPer100k: 1000, regression: true }, { turns: 1000, gate: off })
    const first = findLimitRule(own.setting, own.category)
    const second = findLimitRule(compared.setting, compared.category)
    expect(second?.maxPass).toBe(first?.maxPass)
    expect(second?.minSuspect).toBe(first?.minFail)
    expect(second?.minFail).toBeGreaterThan(first?.minFail ?? 0)
  })

  it('passes by looks alone where nothing is left for the end', () => {
    const options = {
      turns: 2000,
      category: { limitPer100k: 1000, regression: false },
      gate: { earlyStopping: 'anytime' as const },
    }
    const { setting, category } = makeOne(options.category, options)
    expect(setting.stopping.off).toBeNull()
    const rule = findLimitRule(setting, category)
    expect(rule?.minFail).toBeNull()
    if (rule === null || rule.maxPass === null) throw new Error('no rule')
    // In these records each event comes a little later, so that a look before it may pass with one more.
    expect(decide(rule.maxPass, options)).toBe('pass: within-limit')
    expect(decide(rule.maxPass + 2, options)).not.toBe('pass: within-limit')
    // Anytime costs turns: the fixed rule lets more events pass.
    const fixed = makeOne(options.category, { ...options, gate: off })
    expect(findLimitRule(fixed.setting, fixed.category)?.maxPass).toBeGreaterThan(rule.maxPass)
  })

  it('has a documented answer at the ends', () => {
    const find = (limitPer100k: number | null, turns = 100) => {
      const { setting, category } = makeOne({ limitPer100k }, { turns })
      return findLimitRule(setting, category)
    }
    expect(find(null)).toBeNull()
    expect(find(0)).toMatchObject({ maxPass: null, minFail: 1 })
    expect(find(100_000)).toMatchObject({ maxPass: 100, minFail: null, minSuspect: null })
    expect(find(1000, 0)).toEqual({ maxPass: null, minFail: null, minSuspect: null })
  })
})

describe('findSmallestLimits', () => {
  it('is the bound without events, and more where calls are lost', () => {
    const { setting, category } = makeOne({ limitPer100k: 1000 }, { turns: 1000 })
    const { clean, withMissing } = findSmallestLimits(setting, category)
    expect(clean).toBeCloseTo(1 - 0.05 ** (1 / 1000), 10)
    // (990·U + 10·10·U)/1,000 with U the bound of 990 clean turns.
    expect(withMissing).toBeCloseTo((1 - 0.05 ** (1 / 990)) * 1.09, 10)
  })

  it('follows the level of the end, the round and the judge', () => {
    const find = (category: Omit<SettingCategory, 'id'>, rest: { round?: number } = {}) => {
      const made = makeOne(category, { turns: 2000, ...rest })
      return findSmallestLimits(made.setting, made.category).clean
    }
    const compared = find({ limitPer100k: 1000 })
    // Without a comparison the hybrid schedule leaves .03 for the end.
    expect(find({ limitPer100k: 1000, regression: false })).toBeCloseTo(1 - 0.03 ** (1 / 2000), 10)
    expect(find({ limitPer100k: 1000 }, { round: 2 })).toBeCloseTo(1 - (0.05 / 6) ** (1 / 2000), 10)
    // Between the bounds at the judge's sensitivity and at its lower bound, .87 at 57 of 60.
    const judged = find({ limitPer100k: 1000, counts: calibrated })
    expect(judged).toBeGreaterThan(compared / 0.95)
    expect(judged).toBeLessThan(compared / 0.87)
  })

  it('grows with unequal weights and with conversations that give several turns', () => {
    const find = (rest: { weights?: number[]; conversations?: string[] }) => {
      const made = makeOne({ limitPer100k: 1000 }, { turns: 1000, ...rest })
      return findSmallestLimits(made.setting, made.category).clean
    }
    const weights = Array.from({ length: 1000 }, (_, index) => 1 + (index % 4))
    const conversations = Array.from({ length: 1000 }, (_, index) => `c${Math.floor(index / 4)}`)
    // −ln(α) over the effective number of turns, 1,000·2.5²/7.5, and of conversations.
    expect(find({ weights })).toBeCloseTo((-Math.log(0.05) * 7.5) / 6250, 6)
    expect(find({ conversations })).toBeCloseTo(-Math.log(0.05) / 250, 6)
  })

  it('is everything without turns, and nothing where observed rates decide', () => {
    const none = makeOne({ limitPer100k: 1000 }, { turns: 0 })
    expect(findSmallestLimits(none.setting, none.category)).toEqual({ clean: 1, withMissing: 1 })
    const points = makeOne({ limitPer100k: 1000 }, { turns: 10, gate: { decideBy: 'point-estimate' } })
    expect(findSmallestLimits(points.setting, points.category)).toEqual({ clean: 0, withMissing: 0 })
  })
})

describe('findLimitToPass', () => {
  it.each([
    ['compared', {}],
    ['not compared', { regression: false }],
    ['calibrated', { counts: calibrated }],
    ['by looks alone', { regression: false, anytime: true }],
  ])('is a limit that passes with the power at the rate, and hardly more: %s', (_, parts) => {
    const { anytime = false, ...category } = { anytime: false, ...parts }
    const gate = anytime ? { earlyStopping: 'anytime' as const } : {}
    const rest = { turns: 1500, gate }
    const tight = makeOne({ ...category, limitPer100k: 500 }, rest)
    const limit = findLimitToPass({ ...tight, rate: 0.005, power: 0.8 })
    const pass = (limitPer100k: number) => {
      const { setting, category: changed } = makeOne({ ...category, limitPer100k }, rest)
      const rule = findLimitRule(setting, changed)
      return rule === null ? 0 : forecastLimit(rule, { turns: 1500, rate: 0.005 }).pass
    }
    expect(pass(limit * 100_000 * 1.001)).toBeGreaterThanOrEqual(0.8)
    expect(pass(limit * 100_000 * 0.9)).toBeLessThan(0.8)
  })
})
