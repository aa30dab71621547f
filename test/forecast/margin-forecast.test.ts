import { describe, expect, it } from '@jest/globals'
import { estimateMargin, isWithinMargin } from '../../src/estimate/margin.ts'
import { testWithinMargin } from '../../src/estimate/margin-test.ts'
import { describeJudge, spreadEvents } from '../../src/forecast/forecast-setting.ts'
import {
  computeChanceWithin,
  findMarginToPass,
  findPairsToPass,
  roundUpToTwoDigits,
} from '../../src/forecast/margin-forecast.ts'
import { createSeededRandom } from '../../src/forecast/seeded-random.ts'
import { makeOne, type SettingCategory, type SettingOptions } from './settings.ts'

const calibrated = { truePositives: 57, positives: 60, falsePositives: 2, negatives: 300 }

function ask(
  category: Omit<SettingCategory, 'id'>,
  rest: Omit<SettingOptions, 'categories'>,
  discordant: number,
) {
  const made = makeOne(category, rest)
  return { ...made, discordant, marginPer100k: made.category.marginPer100k ?? 0, power: 0.8 }
}

describe('computeChanceWithin', () => {
  it.each([
    { turns: 400, margin: 2000, rate: 0.01 },
    { turns: 800, margin: 1000, rate: 0.002 },
    { turns: 900, margin: 2500, rate: 0.03 },
  ])(
    'is how often the exact test passes an unchanged checkpoint: $turns turns',
    ({ turns, margin, rate }) => {
      const discordant = 2 * rate * (1 - rate)
      const question = ask({ marginPer100k: margin }, { turns }, discordant)
      const random = createSeededRandom(7)
      const known = new Map<string, boolean>()
      const runs = 3000
      let passed = 0
      for (let run = 0; run < runs; run += 1) {
        let candidateOnly = 0
        let baselineOnly = 0
        for (let turn = 0; turn < turns; turn += 1) {
          const share = random() / discordant
          if (share < 0.5) candidateOnly += 1
          else if (share < 1) baselineOnly += 1
        }
        const key = `${candidateOnly} ${baselineOnly}`
        const isWithin =
          known.get(key) ??
          testWithinMargin({ candidateOnly, baselineOnly, pairs: turns, margin: margin / 100_000 }) <= 0.05
        known.set(key, isWithin)
        passed += Number(isWithin)
      }
      // Four standard errors of 3,000 runs.
      expect(Math.abs(computeChanceWithin(question) - passed / runs)).toBeLessThan(0.037)
    },
  )

  it('is that of a clean sample where nothing ever differs', () => {
    // No pair differs: (1 − margin)^n ≤ .05 from 299 pairs on at 1 %.
    expect(computeChanceWithin(ask({ marginPer100k: 1000 }, { turns: 299 }, 0))).toBe(1)
    expect(computeChanceWithin(ask({ marginPer100k: 1000 }, { turns: 298 }, 0))).toBe(0)
    expect(computeChanceWithin(ask({ marginPer100k: 1000 }, { turns: 0 }, 0.1))).toBe(0)
  })

  it("shrinks with the judge's errors, as the margin that it shows does", () => {
    const rest = { turns: 800 }
    const plain = computeChanceWithin(ask({ marginPer100k: 1500 }, rest, 0.02))
    const judged = computeChanceWithin(ask({ marginPer100k: 1500, counts: calibrated }, rest, 0.02))
    expect(plain).toBeGreaterThan(0.8)
    expect(judged).toBeLessThan(plain - 0.1)
  })

  it('asks the clustered test where conversations give several turns', () => {
    const conversations = Array.from({ length: 600 }, (_, index) => `c${Math.floor(index / 3)}`)
    const chance = computeChanceWithin(ask({ marginPer100k: 3000 }, { turns: 600, conversations }, 0.02))
    expect(chance).toBeGreaterThan(0.5)
    expect(chance).toBeLessThanOrEqual(1)
  })
})

describe('isWithinMargin', () => {
  it.each([
    ['exact', {}, {}],
    ['calibrated', { counts: calibrated }, {}],
    ['clustered', {}, { conversations: Array.from({ length: 500 }, (_, index) => `c${index % 200}`) }],
  ])('says of a complete sample what the p value says: %s', (_, category, rest) => {
    const { setting, category: only } = makeOne({ ...category, marginPer100k: 2000 }, { turns: 500, ...rest })
    const said = [4, 8, 12, 16, 20].map((candidateOnly) => {
      const question = {
        observations: spreadEvents(setting, { candidateOnly, baselineOnly: 6, both: 3 }),
        alpha: 0.05,
        method: setting.method,
        missingRule: 'within-budget' as const,
        judge: describeJudge(setting.plan, only),
        marginPer100k: 2000,
      }
      const isWithin = isWithinMargin(question)
      expect(isWithin).toBe(estimateMargin(question).pWithin <= 0.05)
      return isWithin
    })
    expect(new Set(said).size).toBe(2)
  })
})

describe('findPairsToPass', () => {
  it('gives so many that the exact test has the power', () => {
    // STATISTICS: about 4,900 for half a point at a rate of 1 %, by the approximation; the exact test needs a few more.
    const question = ask({ marginPer100k: 500 }, { turns: 100 }, 0.0198)
    const pairs = findPairsToPass(question) ?? 0
    expect(pairs).toBeGreaterThan(4800)
    expect(pairs).toBeLessThan(5500)
    expect(computeChanceWithin(ask({ marginPer100k: 500 }, { turns: pairs }, 0.0198))).toBeGreaterThanOrEqual(
      0.8,
    )
  })

  it('says so when there are none', () => {
    expect(findPairsToPass(ask({ marginPer100k: 0.5 }, { turns: 10 }, 0.5))).toBeNull()
  })
})

describe('findMarginToPass', () => {
  it.each([
    [{ turns: 400 }, {}],
    [{ turns: 900 }, { counts: calibrated }],
    [{ turns: 600, conversations: Array.from({ length: 600 }, (_, index) => `c${index % 300}`) }, {}],
  ])('is the smallest of two digits that passes when nothing changed', (rest, category) => {
    const question = ask({ ...category, marginPer100k: 1000 }, rest, 0.02)
    const margin = findMarginToPass(question) ?? 0
    expect(margin).toBe(Number(margin.toPrecision(2)))
    const chance = (marginPer100k: number) =>
      computeChanceWithin(ask({ ...category, marginPer100k }, rest, 0.02))
    expect(chance(margin)).toBeGreaterThanOrEqual(0.8)
    expect(chance(margin * 0.85)).toBeLessThan(0.8)
  })

  it('has none where there is nothing to go by', () => {
    expect(findMarginToPass(ask({ marginPer100k: 1000 }, { turns: 0 }, 0.02))).toBeNull()
    expect(findMarginToPass(ask({ marginPer100k: 1000 }, { turns: 2 }, 0.9))).toBeNull()
  })
})

describe('roundUpToTwoDigits', () => {
  it.each([
    [0, 0],
    [427.1, 430],
    [430, 430],
    [430.0000001, 440],
    [9.91, 10],
    [0.512, 0.52],
    [100_000, 100_000],
  ])('%p is %p', (per100k, rounded) => {
    expect(roundUpToTwoDigits(per100k)).toBe(rounded)
  })
})
