import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Observation, State } from '../../src/estimate/observations.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { boundRate } from '../../src/estimate/rate.ts'
import { compareArms } from '../../src/estimate/regression.ts'
import { expectClose } from './close.ts'
import { fillStates, makeObservations } from './records.ts'

type Rule = 'at-worst' | 'within-budget'

function compare(observations: readonly Observation[], missingRule: Rule) {
  return compareArms({ observations, alpha: 0.05, method: 'exact', missingRule, judge: null })
}

/** Pairs as [candidate, baseline, how many]. */
function makePairs(...runs: [State, State, number][]): Observation[] {
  return makeObservations({
    candidate: fillStates(runs.map(([candidate, , count]) => [candidate, count])),
    baseline: fillStates(runs.map(([, baseline, count]) => [baseline, count])),
  })
}

/** P(B ≥ b) for B ~ Bin(b + c, ½), by summing whole numbers. */
function sumTail(b: number, c: number): number {
  let term = 1
  let total = 0
  for (let k = 0; k <= b + c; k += 1) {
    if (k >= b) total += term
    term = (term * (b + c - k)) / (k + 1)
  }
  return total / 2 ** (b + c)
}

describe('compareArms', () => {
  it.each([
    [0, 0, 1],
    [1, 0, 1 / 2],
    [7, 0, 1 / 128],
    [8, 1, 10 / 512],
    [10, 1, 12 / 2048],
    [3, 3, 42 / 64],
    [0, 5, 1],
  ])('of %i candidate-only and %i baseline-only events has p %d', (candidateOnly, baselineOnly, p) => {
    const observations = makePairs(
      ['event', 'none', candidateOnly],
      ['none', 'event', baselineOnly],
      ['event', 'event', 4],
      ['none', 'none', 20],
    )
    for (const rule of ['at-worst', 'within-budget'] as const) {
      const regression = compare(observations, rule)
      expect(regression.pairs).toBe(24 + candidateOnly + baselineOnly)
      expect(regression.observed).toEqual({ candidateOnly, baselineOnly })
      for (const value of [regression.pObserved, regression.pFail, regression.pPass]) {
        expectClose(value, p, 1e-12)
      }
    }
  })

  // What one more turn adds to 9 candidate-only and 3 baseline-only events, for a FAIL and for a PASS.
  it.each<[State, State, [number, number], [number, number]]>([
    ['event', 'content-missing', [0, 0], [1, 0]],
    ['event', 'transport-missing', [0, 0], [1, 0]],
    ['none', 'content-missing', [0, 1], [0, 0]],
    ['none', 'transport-missing', [0, 1], [0, 0]],
    ['content-missing', 'event', [0, 1], [0, 0]],
    ['transport-missing', 'event', [0, 1], [0, 0]],
    ['content-missing', 'none', [0, 0], [1, 0]],
    ['transport-missing', 'none', [0, 0], [1, 0]],
    ['content-missing', 'content-missing', [0, 1], [1, 0]],
    ['content-missing', 'transport-missing', [0, 1], [1, 0]],
    ['transport-missing', 'content-missing', [0, 1], [1, 0]],
    ['transport-missing', 'transport-missing', [0, 1], [1, 0]],
    ['not-asked', 'event', [0, 0], [0, 0]],
    ['event', 'not-asked', [0, 0], [0, 0]],
    ['not-asked', 'transport-missing', [0, 0], [0, 0]],
  ])('at worst counts candidate %s, baseline %s', (candidate, baseline, forFail, forPass) => {
    const observations = makePairs(['event', 'none', 9], ['none', 'event', 3], [candidate, baseline, 1])
    const regression = compare(observations, 'at-worst')
    expect(regression.pairs).toBe(12)
    expectClose(regression.pObserved, sumTail(9, 3), 1e-12)
    expectClose(regression.pFail, sumTail(9 + forFail[0], 3 + forFail[1]), 1e-12)
    expectClose(regression.pPass, sumTail(9 + forPass[0], 3 + forPass[1]), 1e-12)
  })

  // So few turns that ten times the upper rate is 1: each eased turn adds one pair against the conclusion.
  it.each<[State, State, [number, number], [number, number]]>([
    ['event', 'content-missing', [0, 0], [1, 0]],
    ['none', 'content-missing', [0, 1], [0, 0]],
    ['content-missing', 'event', [0, 1], [0, 0]],
    ['content-missing', 'none', [0, 0], [1, 0]],
    // A candidate's transport failure: eased for a PASS, absent for a FAIL.
    ['transport-missing', 'event', [0, 1], [1, 0]],
    ['transport-missing', 'none', [0, 0], [1, 0]],
    // A baseline's: eased for a FAIL, absent for a PASS.
    ['event', 'transport-missing', [0, 1], [1, 0]],
    ['none', 'transport-missing', [0, 1], [0, 0]],
    ['transport-missing', 'transport-missing', [0, 1], [1, 0]],
  ])('within budget counts candidate %s, baseline %s', (candidate, baseline, forFail, forPass) => {
    const observations = makePairs(['event', 'none', 9], ['none', 'event', 3], [candidate, baseline, 1])
    const regression = compare(observations, 'within-budget')
    expectClose(regression.pFail, sumTail(9 + forFail[0], 3 + forFail[1]), 1e-12)
    expectClose(regression.pPass, sumTail(9 + forPass[0], 3 + forPass[1]), 1e-12)
  })

  it('adds ten times the upper rate of what was lost, rounded up', () => {
    const observations = makePairs(
      ['event', 'none', 15],
      ['none', 'event', 5],
      ['none', 'none', 1960],
      ['transport-missing', 'none', 10],
      ['none', 'transport-missing', 10],
    )
    // Candidate: 15 of 1,990, at most 1.16 %: 10 · 10 · .0116 is two pairs. Baseline: 5, at most .53 %: one.
    expect(Math.ceil(100 * boundProportion({ events: 15, trials: 1990, alpha: 0.05 }).upper)).toBe(2)
    expect(Math.ceil(100 * boundProportion({ events: 5, trials: 1990, alpha: 0.05 }).upper)).toBe(1)
    const regression = compare(observations, 'within-budget')
    expectClose(regression.pPass, sumTail(17, 5), 1e-12)
    expectClose(regression.pFail, sumTail(15, 6), 1e-12)
    expectClose(compare(observations, 'at-worst').pPass, sumTail(25, 5), 1e-12)
    expectClose(compare(observations, 'at-worst').pFail, sumTail(15, 15), 1e-12)
  })

  it('has nothing to go by without a pair', () => {
    const empty = {
      clustered: false,
      units: 0,
      pairs: 0,
      observed: { candidateOnly: 0, baselineOnly: 0 },
      pObserved: 1,
    }
    expect(compare([], 'within-budget')).toEqual({ ...empty, pFail: 1, pPass: 1 })
    const apart = makePairs(['event', 'content-missing', 8], ['content-missing', 'none', 8])
    expect(compare(apart, 'at-worst')).toEqual({ ...empty, pFail: 1, pPass: 1 / 2 ** 16 })
    const lost = makePairs(['transport-missing', 'transport-missing', 3])
    expect(compare(lost, 'within-budget')).toEqual({ ...empty, pFail: 1, pPass: 1 / 8 })
  })
})

describe('what is missing in a comparison', () => {
  const state = fc.constantFrom<State>('event', 'none', 'none', 'content-missing', 'transport-missing')
  const pairs = fc.array(fc.tuple(state, state, fc.boolean(), fc.boolean()), { maxLength: 30 })

  it('is at its worst: however it would have turned out, pPass ≤ p ≤ pFail', () => {
    const settle = (known: State, present: boolean): State => {
      if (known === 'event' || known === 'none') return known
      return present ? 'event' : 'none'
    }
    fc.assert(
      fc.property(pairs, (drawn) => {
        const observations = makePairs(...drawn.map(([a, b]): [State, State, number] => [a, b, 1]))
        const settled = makePairs(
          ...drawn.map(([a, b, x, y]): [State, State, number] => [settle(a, x), settle(b, y), 1]),
        )
        const { pPass, pFail } = compare(observations, 'at-worst')
        const p = compare(settled, 'at-worst').pObserved
        expect(pPass).toBeLessThanOrEqual(p * (1 + 1e-12))
        expect(pFail).toBeGreaterThanOrEqual(p * (1 - 1e-12))
      }),
      { numRuns: 500 },
    )
  })

  it('is against either conclusion under both rules: pPass ≤ p observed ≤ pFail, between 0 and 1', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom<Rule>('at-worst', 'within-budget'), (drawn, rule) => {
        const observations = makePairs(...drawn.map(([a, b]): [State, State, number] => [a, b, 1]))
        const { pPass, pObserved, pFail } = compare(observations, rule)
        expect(pPass).toBeGreaterThan(0)
        expect(pPass).toBeLessThanOrEqual(pObserved * (1 + 1e-12))
        expect(pFail).toBeGreaterThanOrEqual(pObserved * (1 - 1e-12))
        expect(pFail).toBeLessThanOrEqual(1)
      }),
      { numRuns: 500 },
    )
  })
})

describe('what was found of one arm', () => {
  it('is not taken for the other’s', () => {
    const observations = makePairs(
      ['event', 'none', 12],
      ['none', 'event', 2],
      ['transport-missing', 'none', 4],
      ['none', 'transport-missing', 4],
      ['none', 'none', 978],
    )
    const question = {
      observations,
      alpha: 0.05,
      method: 'exact',
      missingRule: 'within-budget',
      judge: null,
    } as const
    const known = { baseline: new WeakMap(), candidate: new WeakMap() }
    expect(compareArms({ ...question, known })).toEqual(compareArms(question))
    for (const arm of ['baseline', 'candidate'] as const) {
      expect(boundRate({ ...question, arm, known })).toEqual(boundRate({ ...question, arm }))
    }
  })
})
