import { describe, expect, it } from '@jest/globals'
import { binomialCdf } from '../../src/estimate/distributions.ts'
import type { CategoryEstimate } from '../../src/estimate/estimate.ts'
import { adjustHolm } from '../../src/estimate/holm.ts'
import { compareArms } from '../../src/estimate/regression.ts'
import { findFirst } from '../../src/estimate/search.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import { decideOne, makeObservations, makeRecord, makeTurns } from '../estimate/records.ts'
import { listBinomial, makeRandom } from './chance.ts'

/** PASS, FAIL and INCONCLUSIVE in per cent, summed over the chances of every count of events. */
function sumChances(decide: (events: number) => string, sample: { trials: number; rate: number }) {
  const chances = { pass: 0, fail: 0, inconclusive: 0 }
  for (const [events, chance] of listBinomial(sample).entries()) {
    const decision = decide(events)
    for (const name of ['pass', 'fail', 'inconclusive'] as const) {
      if (decision.startsWith(name)) chances[name] += 100 * chance
    }
  }
  return chances
}

function remember<Value>(compute: (events: number) => Value): (events: number) => Value {
  const known = new Map<number, Value>()
  return (events) => {
    const value = known.get(events) ?? compute(events)
    known.set(events, value)
    return value
  }
}

/** Both arms have the same events, so that the comparison is silent. */
function decideLimit(regression: boolean) {
  return remember((events) => {
    const states = makeTurns([['event', events]])
    const category = { regression, limitPer100k: 1000, baseline: states, candidate: states }
    return decideOne(category, { gate: { earlyStopping: 'off' } }).decided
  })
}

describe('a limit of 1 % on 1,000 turns', () => {
  // Not compared with the baseline, the limit is the only test: it has the whole of α.
  const decideAlone = decideLimit(false)
  it.each([
    [0, 100, 0, 0],
    [0.005, 44, 0, 56],
    [0.01, 3, 5, 92],
    [0.02, 0, 85, 15],
  ])('the only test, at a true rate of %d: %i/%i/%i', (rate, pass, fail, inconclusive) => {
    const chances = sumChances(decideAlone, { trials: 1000, rate })
    expect(Math.abs(chances.pass - pass)).toBeLessThanOrEqual(1)
    expect(Math.abs(chances.fail - fail)).toBeLessThanOrEqual(1)
    expect(Math.abs(chances.inconclusive - inconclusive)).toBeLessThanOrEqual(1)
  })

  // In one family with its own regression test the limit fails at α/2.
  const decideBlocking = decideLimit(true)
  it.each([
    [0, 100, 0, 0],
    [0.005, 44.0, 0, 56.0],
    [0.01, 2.9, 1.4, 95.7],
    [0.02, 0, 70.5, 29.5],
  ])('beside its regression test, at a true rate of %d: %d/%d/%d', (rate, pass, fail, inconclusive) => {
    const chances = sumChances(decideBlocking, { trials: 1000, rate })
    expect(chances.pass).toBeCloseTo(pass, 1)
    expect(chances.fail).toBeCloseTo(fail, 1)
    expect(chances.inconclusive).toBeCloseTo(inconclusive, 1)
  })
})

describe('0.5 % of 10,000 calls lost in both arms, a limit of 1 %', () => {
  const passes = remember((events) => {
    const states = makeTurns(
      [
        ['event', events],
        ['transport-missing', 50],
      ],
      10_000,
    )
    return (
      decideOne({ limitPer100k: 1000, baseline: states, candidate: states }).decided === 'pass: within-limit'
    )
  })

  it('passes half the limit almost always, and the limit itself in under 3 % of the runs', () => {
    // More events never pass where fewer don't (properties.test.ts).
    const tooMany = findFirst({ below: 0, reached: 200, isReached: (events) => !passes(events) })
    expect([passes(0), passes(tooMany - 1), passes(tooMany), passes(200)]).toEqual([true, true, false, false])
    const chance = (rate: number) => binomialCdf({ events: tooMany - 1, trials: 9950, rate })
    expect(chance(0.005)).toBeGreaterThanOrEqual(0.99)
    expect(chance(0.01)).toBeLessThanOrEqual(0.03)
    expect(chance(0.01)).toBeGreaterThan(0.001)
  })

  it('would pass nothing up to half the limit if every lost call counted as present', () => {
    const states = makeTurns(
      [
        ['event', 30],
        ['transport-missing', 50],
      ],
      10_000,
    )
    const category = { limitPer100k: 500, baseline: states, candidate: states }
    expect(decideOne(category).decided).toBe('pass: within-limit')
    expect(decideOne(category, { gate: { missingBudgetShare: 0 } }).decided).toBe('inconclusive: measurement')
  })
})

describe('the comparison with the baseline', () => {
  it('finds 1 % become 2 % in 2,000 turns, arms independent, with power .81 at α = .05 and .57 at .01', () => {
    const random = makeRandom(20_261_101)
    const draw = (rate: number) => {
      const states = makeTurns([], 2000)
      const skip = () => 1 + Math.floor(Math.log(1 - random()) / Math.log1p(-rate))
      for (let turn = skip() - 1; turn < states.length; turn += skip()) states[turn] = 'event'
      return states
    }
    const replicates = 3000
    const found = { '.05': 0, '.01': 0 }
    for (let replicate = 0; replicate < replicates; replicate += 1) {
      const observations = makeObservations({ baseline: draw(0.01), candidate: draw(0.02) })
      const question = {
        observations,
        alpha: 0.05,
        method: 'exact',
        missingRule: 'within-budget',
        judge: null,
      } as const
      const { pFail } = compareArms(question)
      if (pFail <= 0.05) found['.05'] += 1
      if (pFail <= 0.01) found['.01'] += 1
    }
    // Three standard errors.
    expect(Math.abs(found['.05'] / replicates - 0.806)).toBeLessThan(0.022)
    expect(Math.abs(found['.01'] / replicates - 0.568)).toBeLessThan(0.027)
  })

  it('has that power by summing over both kinds of pairs; .84 is that of the mid-p test', () => {
    const only = [0.02 * 0.99, 0.01 * 0.98] as const
    const power = { exact: 0, mid: 0 }
    for (const [discordant, chance] of listBinomial({ trials: 2000, rate: only[0] + only[1] }).entries()) {
      const split = listBinomial({ trials: discordant, rate: only[0] / (only[0] + only[1]) })
      const even = listBinomial({ trials: discordant, rate: 0.5 })
      for (const [candidateOnly, share] of split.entries()) {
        const p = even.slice(candidateOnly).reduce((sum, value) => sum + value, 0)
        if (p <= 0.05) power.exact += chance * share
        if (p - (even[candidateOnly] ?? 0) / 2 <= 0.05) power.mid += chance * share
      }
    }
    // scipy 1.17.
    expect(power.exact).toBeCloseTo(0.8063683688725, 6)
    expect(power.mid).toBeCloseTo(0.837444455369, 6)
  })
})

describe('20 categories, all of them at their limit', () => {
  it('fail in under 5 % of the runs, in 55 % without Holm', () => {
    const limitPer100k = 100
    const turns = 19_439
    const estimate = remember((events) => {
      const states = makeTurns([['event', events]], turns)
      return decideOne({ limitPer100k, baseline: states, candidate: states }).estimate
    })
    const categories = Array.from({ length: 20 }, (_, index) => ({
      id: `category-${index}`,
      limitPer100k,
      baseline: [],
      candidate: [],
    }))
    const { summary } = makeRecord({ categories })
    const chances = listBinomial({ trials: turns, rate: limitPer100k / 1e5 })
    const random = makeRandom(7)
    const replicates = 5000
    const failed = { holm: 0, limitsAlone: 0, unadjusted: 0 }
    for (let replicate = 0; replicate < replicates; replicate += 1) {
      const estimates = categories.map(
        ({ id }): CategoryEstimate => ({
          ...estimate(drawCount(chances, random())),
          category: id,
        }),
      )
      const p = estimates.map(({ limit }) => limit?.pAbove ?? 1)
      if (decideVerdict(summary, estimates).verdict === 'fail') failed.holm += 1
      if (adjustHolm(p).some((value) => value < 0.05)) failed.limitsAlone += 1
      if (p.some((value) => value < 0.05)) failed.unadjusted += 1
    }
    // Each alone: P(X ≥ 28 | 19,439, .001) = .0395, so 1 − (1 − .0395)^20 = .554.
    expect(Math.abs(failed.unadjusted / replicates - 0.554)).toBeLessThan(0.022)
    // The 20 limits by themselves, and with the 20 regression tests of the same family.
    expect(Math.abs(failed.limitsAlone / replicates - 0.034)).toBeLessThan(0.008)
    expect(Math.abs(failed.holm / replicates - 0.019)).toBeLessThan(0.006)
  })
})

function drawCount(chances: readonly number[], uniform: number): number {
  let left = uniform
  const found = chances.findIndex((chance) => {
    left -= chance
    return left < 0
  })
  return found < 0 ? chances.length - 1 : found
}
