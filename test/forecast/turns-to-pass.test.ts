import { describe, expect, it } from '@jest/globals'
import { findLimitRule, forecastLimit } from '../../src/forecast/limit-forecast.ts'
import { findTurnsForAll, findTurnsToPass } from '../../src/forecast/turns-to-pass.ts'
import { makeOne, makeSetting, type SettingCategory, type SettingOptions } from './settings.ts'

const calibrated = { truePositives: 57, positives: 60, falsePositives: 2, negatives: 300 }

type Rest = Omit<SettingOptions, 'categories' | 'turns'>

function find(category: Omit<SettingCategory, 'id'>, rate: number, rest: Partial<SettingOptions> = {}) {
  const made = makeOne(category, { turns: 100, ...rest })
  return findTurnsToPass({ setting: made.setting, goal: { category: made.category, rate }, power: 0.8 })
}

/** The chance that a sample of so many turns passes, by the rule that decides it. */
function chanceAt(turns: number, category: Omit<SettingCategory, 'id'>, rate: number, rest: Rest = {}) {
  const made = makeOne(category, { turns, ...rest })
  const rule = findLimitRule(made.setting, made.category)
  return rule === null ? 0 : forecastLimit(rule, { turns, rate }).pass
}

describe('findTurnsToPass', () => {
  it('is the documented number where the rule is the fixed one', () => {
    // n to PASS with power .8 at 1 %: 299 at a rate of 0, 473 at .1, 1,941 at .5 of the limit.
    expect(find({ limitPer100k: 1000 }, 0)).toBe(299)
    expect(find({ limitPer100k: 1000 }, 0.001)).toBe(473)
    expect(find({ limitPer100k: 1000 }, 0.005)).toBe(1941)
  })

  it('asks for more where results may end the run, from the turns on that let them', () => {
    // 10 events are expected at 1,000 turns and 1 %: under it the end has the whole of α.
    const alone = { limitPer100k: 1000, regression: false }
    expect(find(alone, 0.001)).toBe(473)
    const turns = find(alone, 0.005) ?? 0
    expect(turns).toBeGreaterThan(1941)
    expect(chanceAt(turns, alone, 0.005)).toBeGreaterThanOrEqual(0.8)
    expect(chanceAt(turns - 1, alone, 0.005)).toBeLessThan(0.8)
  })

  it.each([
    ['calibrated', { limitPer100k: 2000, counts: calibrated }, {}],
    ['anytime', { limitPer100k: 2000, regression: false }, { gate: { earlyStopping: 'anytime' as const } }],
    ['a later round', { limitPer100k: 2000 }, { round: 2 }],
  ])('is enough, and not much more than enough: %s', (_, category, rest) => {
    const turns = find(category, 0.008, rest) ?? 0
    expect(chanceAt(turns, category, 0.008, rest)).toBeGreaterThanOrEqual(0.8)
    expect(chanceAt(Math.floor(turns * 0.75), category, 0.008, rest)).toBeLessThan(0.8)
  })

  it('counts unequal weights', () => {
    const weights = Array.from({ length: 100 }, (_, index) => 1 + (index % 4))
    // The design effect of weights 1, 2, 3, 4 is 7.5/6.25.
    expect(find({ limitPer100k: 1000 }, 0.005, { weights })).toBeCloseTo(1941 * 1.2, -1)
  })

  it('says so when there is no such number', () => {
    expect(find({ limitPer100k: 1000 }, 0.01)).toBeNull()
    expect(find({ limitPer100k: 0 }, 0)).toBeNull()
    expect(find({}, 0)).toBeNull()
    expect(find({ limitPer100k: 100_000 }, 0.5)).toBe(1)
    const blind = { truePositives: 0, positives: 60, falsePositives: 0, negatives: 300 }
    expect(find({ limitPer100k: 1000, counts: blind }, 0)).toBeNull()
  })
})

describe('findTurnsForAll', () => {
  // n for the overall PASS at half the limit of 1 %: 1,941, 3,137 and 4,407 turns for 1, 4 and 20 categories.
  it.each([
    [1, 1941],
    [4, 3137],
    [20, 4407],
  ])('sizes %p equal categories for the overall PASS: %p turns', (count, turns) => {
    const ids = Array.from({ length: count }, (_, index) => `c-${index}`)
    const setting = makeSetting({ turns: 10, categories: ids.map((id) => ({ id, limitPer100k: 1000 })) })
    const goals = setting.plan.policy.categories.map((category) => ({ category, rate: 0.005 }))
    expect(findTurnsForAll({ setting, goals, power: 0.8 })).toBe(turns)
  })

  it('is no more than one hard category needs where the others are easy', () => {
    const setting = makeSetting({
      turns: 10,
      categories: [
        { id: 'hard', limitPer100k: 1000 },
        { id: 'easy', limitPer100k: 5000 },
      ],
    })
    const goals = setting.plan.policy.categories.map((category) => ({ category, rate: 0.005 }))
    expect(findTurnsForAll({ setting, goals, power: 0.8 })).toBe(1941)
  })

  it('counts what else has to pass, and says so when one can not', () => {
    const { setting, category } = makeOne({ limitPer100k: 1000 }, { turns: 10 })
    const goals = [{ category, rate: 0.005 }]
    const others = (turns: number) => (turns < 5000 ? 0 : 1)
    expect(findTurnsForAll({ setting, goals, power: 0.8, others })).toBe(5000)
    expect(findTurnsForAll({ setting, goals: [{ category, rate: 0.02 }], power: 0.8 })).toBeNull()
  })
})
