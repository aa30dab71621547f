import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Observation, State } from '../../src/estimate/observations.ts'
import {
  boundGraded,
  boundRate,
  chooseMethod,
  chooseMissingRule,
  estimateRate,
  testAbove,
  weighFor,
} from '../../src/estimate/rate.ts'
import { expectClose } from './close.ts'
import { fillStates, makeObservations } from './records.ts'

const ask = { arm: 'candidate', alpha: 0.05, method: 'exact', missingRule: 'at-worst', judge: null } as const

function makeCandidate(...runs: [State, number][]): Observation[] {
  const candidate = fillStates(runs)
  return makeObservations({ candidate, baseline: candidate.map(() => 'none') })
}

function weigh(observations: Observation[], weights: number[]): Observation[] {
  return observations.map((entry, index) => ({ ...entry, weight: weights[index] ?? 1 }))
}

describe('chooseMethod', () => {
  const chooseFor = (weights: number[]) =>
    chooseMethod(weigh(makeCandidate(['none', weights.length]), weights))

  it.each([
    [[], 'exact'],
    [[7], 'exact'],
    [[3, 3, 3], 'exact'],
    // cv² is .1²/1.1² = .0083, then .125²/1.125² = .0123.
    [[1, 1.2], 'exact'],
    [[1, 1.25], 'weighted'],
    [[1, 1, 1, 40], 'weighted'],
  ])('of the weights %j is %s', (weights, expected) => {
    expect(chooseFor(weights)).toBe(expected)
  })

  it('is weighted as soon as one conversation gave two turns, which are not independent', () => {
    const [first, ...rest] = makeCandidate(['none', 50])
    const shared = rest.map((entry, index) => (index === 0 ? { ...entry, cluster: 0 } : entry))
    expect(first?.cluster).toBe(0)
    expect(chooseMethod(makeCandidate(['none', 50]))).toBe('exact')
    expect(chooseMethod([...(first === undefined ? [] : [first]), ...shared])).toBe('weighted')
  })

  it('lets only the weighted method see weights', () => {
    const observations = weigh(makeCandidate(['none', 2]), [1, 1.2])
    expect(weighFor('exact', observations).map(({ weight }) => weight)).toEqual([1, 1])
    expect(weighFor('weighted', observations).map(({ weight }) => weight)).toEqual([1, 1.2])
  })
})

describe('chooseMissingRule', () => {
  /** Of 1,000 turns: `both` lost in either arm, and others in one arm only. */
  const lose = (lost: { both?: number; candidate?: number; baseline?: number }, budgetShare = 0.01) => {
    const { both = 0, candidate = 0, baseline = 0 } = lost
    return chooseMissingRule(
      makeObservations({
        candidate: fillStates([
          ['transport-missing', both + candidate],
          ['none', 1000 - both - candidate],
        ]),
        baseline: fillStates([
          ['transport-missing', both],
          ['none', candidate],
          ['transport-missing', baseline],
          ['none', 1000 - both - candidate - baseline],
        ]),
      }),
      budgetShare,
    )
  }

  it('is within budget when nothing is missing, even without turns', () => {
    expect(lose({}, 0)).toBe('within-budget')
    expect(chooseMissingRule([], 0)).toBe('within-budget')
  })

  it('is at worst beyond the budget in either arm', () => {
    expect(lose({ both: 10 })).toBe('within-budget')
    expect(lose({ both: 11 })).toBe('at-worst')
    expect(lose({ both: 6, candidate: 5, baseline: 4 })).toBe('at-worst')
    expect(lose({ both: 6, candidate: 4, baseline: 5 })).toBe('at-worst')
    expect(lose({ both: 1 }, 0)).toBe('at-worst')
  })

  it('is at worst when one arm lost more: 7 against 0 has p = 2/128, 8 against 0 has p = 2/256', () => {
    expect(lose({ candidate: 7 })).toBe('within-budget')
    expect(lose({ candidate: 8 })).toBe('at-worst')
    expect(lose({ baseline: 8 })).toBe('at-worst')
    expect(lose({ candidate: 8, baseline: 2 })).toBe('within-budget')
  })

  it('counts transport failures alone', () => {
    expect(chooseMissingRule(makeCandidate(['content-missing', 500], ['none', 500]), 0.01)).toBe(
      'within-budget',
    )
  })

  it('counts a budget in whole turns: 0.29 % of 10,000 are 29, though .0029 · 10,000 is less in doubles', () => {
    const rule = (lost: number) => {
      const states = fillStates([
        ['transport-missing', lost],
        ['none', 10_000 - lost],
      ])
      return chooseMissingRule(makeObservations({ candidate: states, baseline: states }), 0.0029)
    }
    expect(0.0029 * 10_000).toBeLessThan(29)
    expect(rule(29)).toBe('within-budget')
    expect(rule(30)).toBe('at-worst')
  })

  it('is at worst when few turns were lost that weigh much', () => {
    const observations = makeObservations({
      candidate: fillStates([
        ['transport-missing', 5],
        ['none', 995],
      ]),
      baseline: fillStates([['none', 1000]]),
    })
    const heavy = weigh(observations, [3, 3, 3, 3, 3])
    expect(chooseMissingRule(observations, 0.01)).toBe('within-budget')
    expect(chooseMissingRule(heavy, 0.01)).toBe('at-worst')
  })
})

describe('estimateRate', () => {
  it('is the weighted mean of the graded turns, and null without any', () => {
    const observations = weigh(makeCandidate(['event', 1], ['none', 2], ['content-missing', 1]), [2, 1, 1, 9])
    expect(estimateRate({ observations, arm: 'candidate' })).toBe(0.5)
    expect(
      estimateRate({ observations: makeCandidate(['transport-missing', 3]), arm: 'candidate' }),
    ).toBeNull()
    expect(estimateRate({ observations: [], arm: 'candidate' })).toBeNull()
  })
})

describe('boundRate', () => {
  it.each<[string, [State, number][], number, number]>([
    ['no turns', [], 0, 1],
    ['nothing asked', [['not-asked', 5]], 0, 1],
    ['nothing graded', [['content-missing', 5]], 0, 1],
    ['one absent turn', [['none', 1]], 0, 0.95],
    ['one event', [['event', 1]], 0.05, 1],
    ['no event in 100', [['none', 100]], 0, 0.02951304960704],
    // scipy 1.17: beta.ppf(.05, 3, 18), beta.ppf(.95, 9, 12): 3 events, 5 missing of 20.
    [
      '3 events and 5 missing of 20',
      [
        ['event', 3],
        ['content-missing', 4],
        ['transport-missing', 1],
        ['none', 12],
      ],
      0.04216940788577861,
      0.6064151132430304,
    ],
    [
      'the same among turns that were not asked',
      [
        ['event', 3],
        ['content-missing', 4],
        ['transport-missing', 1],
        ['none', 12],
        ['not-asked', 80],
      ],
      0.04216940788577861,
      0.6064151132430304,
    ],
  ])('of %s', (_, runs, lower, upper) => {
    const bounds = boundRate({ ...ask, observations: makeCandidate(...runs) })
    expectClose(bounds.lower, lower, 1e-9)
    expectClose(bounds.upper, upper, 1e-9)
  })

  it('adds in-budget transport failures at ten times the upper bound of the rest', () => {
    const observations = makeCandidate(['none', 995], ['transport-missing', 5])
    const rest = 1 - Math.exp(Math.log(0.05) / 995)
    const { upper } = boundRate({ ...ask, observations, missingRule: 'within-budget' })
    expectClose(upper, (995 * rest + 5 * 10 * rest) / 1000, 1e-9)
    expect(upper).toBeLessThan(boundRate({ ...ask, observations }).upper)
  })

  it('never takes a missing turn for more than present', () => {
    const observations = makeCandidate(['none', 10], ['transport-missing', 5])
    // 1 − .05^(1/10): ten times that is more than every turn.
    const { upper } = boundRate({ ...ask, observations, missingRule: 'within-budget' })
    expectClose(upper, (10 * 0.2588655508930523 + 5) / 15, 1e-9)
  })

  it('takes content-missing turns as present within budget too', () => {
    const lost = makeCandidate(['none', 90], ['content-missing', 10])
    const present = makeCandidate(['none', 90], ['event', 10])
    const upper = (observations: Observation[]) =>
      boundRate({ ...ask, observations, missingRule: 'within-budget' }).upper
    expect(upper(lost)).toBe(upper(present))
  })

  it('shares by weight in a weighted sample', () => {
    const observations = weigh(makeCandidate(['transport-missing', 1], ['none', 99]), [11])
    const own = boundGraded({ ...ask, method: 'weighted', observations }).upper
    const { upper } = boundRate({ ...ask, method: 'weighted', observations, missingRule: 'within-budget' })
    expectClose(upper, (99 * own + 11 * 10 * own) / 110, 1e-9)
  })

  it('is never narrower than the graded turns alone, where light missing turns would narrow it', () => {
    const weights = [20, ...Array.from({ length: 205 }, () => 1)]
    const lost = weigh(makeCandidate(['event', 1], ['none', 200], ['content-missing', 5]), weights)
    const present = weigh(makeCandidate(['event', 1], ['none', 200], ['event', 5]), weights)
    const question = { ...ask, method: 'weighted' as const }
    const own = boundGraded({ ...question, observations: lost }).upper
    expect(boundRate({ ...question, observations: present }).upper).toBeLessThan(own)
    expect(boundRate({ ...question, observations: lost }).upper).toBe(own)
  })
})

describe('testAbove', () => {
  const test = (runs: [State, number][], limit: number) =>
    testAbove({ ...ask, observations: makeCandidate(...runs), limit })

  it('is exact at the ends', () => {
    expect(test([], 0.1)).toBe(1)
    expect(test([['not-asked', 9]], 0.1)).toBe(1)
    expect(test([['none', 10]], 0)).toBe(1)
    expect(test([['event', 1]], 0)).toBe(0)
    expect(test([['event', 10]], 1)).toBe(1)
    const weighted = {
      ...ask,
      method: 'weighted',
      observations: makeCandidate(['event', 1], ['none', 9]),
    } as const
    expect(testAbove({ ...weighted, limit: 0 })).toBe(0)
    expect(testAbove({ ...weighted, limit: 1 })).toBe(1)
  })

  it('takes what is missing as absent', () => {
    // scipy 1.17: binomtest(12, 1000, .005, 'greater').
    const runs: [State, number][] = [
      ['event', 12],
      ['content-missing', 50],
      ['none', 938],
    ]
    expectClose(test(runs, 0.005), 0.005330011206256366, 1e-9)
  })

  it('does not take a missing turn for proof: one light turn more would raise the lower bound', () => {
    const weights = [...Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? 3 : 1)), 0.1]
    const lost = weigh(makeCandidate(['event', 50], ['content-missing', 1]), weights)
    const absent = weigh(makeCandidate(['event', 50], ['none', 1]), weights)
    const question = { ...ask, method: 'weighted' as const }
    expectClose(testAbove({ ...question, observations: absent, limit: 0.9 }), 0.005250050516383202, 1e-6)
    // All 50 are events: .9^(Kish's 40 turns).
    expectClose(testAbove({ ...question, observations: lost, limit: 0.9 }), 0.014780882941434663, 1e-6)
    expectClose(boundRate({ ...question, observations: lost }).lower, 0.9278424754944854, 1e-9)
  })

  it('is under alpha exactly where the lower bound is above the limit', () => {
    const states = fc.constantFrom<State>('event', 'none', 'content-missing', 'transport-missing')
    const turns = fc.array(fc.record({ state: states, weight: fc.integer({ min: 1, max: 9 }) }), {
      maxLength: 40,
    })
    const limits = fc.double({ min: 0.001, max: 0.999, noNaN: true })
    fc.assert(
      fc.property(turns, limits, fc.constantFrom('exact', 'weighted'), (drawn, limit, method) => {
        const candidate = drawn.map(({ state }) => state)
        const plain = makeObservations({ candidate, baseline: candidate })
        const observations = weigh(
          plain,
          drawn.map(({ weight }) => weight),
        )
        const { lower } = boundRate({ ...ask, method, observations })
        expect(testAbove({ ...ask, method, observations, limit }) < 0.05).toBe(lower > limit)
      }),
      { numRuns: 300 },
    )
  })
})
