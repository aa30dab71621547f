import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type ArmEstimate, type CategoryEstimate, estimateCategories } from '../../src/estimate/estimate.ts'
import { type Observation, readObservations, type State } from '../../src/estimate/observations.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import type { RunRecord } from '../../src/record/schema.ts'
import { expectClose } from './close.ts'
import { type CategoryStates, fillStates, makeRecord, type RecordStates } from './records.ts'

const state = fc.constantFrom<State>(
  'event',
  'none',
  'none',
  'content-missing',
  'transport-missing',
  'not-asked',
)
const turns = fc.array(
  fc.record({
    baseline: state,
    candidate: state,
    weight: fc.integer({ min: 1, max: 30 }),
    group: fc.nat(40),
  }),
  { maxLength: 40 },
)
const limits = fc.oneof(
  fc.constantFrom(null, 0, 0.5, 100_000),
  fc.double({ min: 0, max: 100_000, noNaN: true }),
)
const budgets = fc.constantFrom(0, 0.01, 0.1, 1)

/** Records with equal weights, with others, and with several turns a conversation. */
const records = fc
  .record({
    turns,
    limitPer100k: limits,
    budget: budgets,
    kind: fc.constantFrom('equal', 'weighted', 'grouped'),
  })
  .map(({ turns: drawn, limitPer100k, budget, kind }): RecordStates => {
    const category: CategoryStates = {
      id: 'only',
      limitPer100k,
      baseline: drawn.map(({ baseline }) => baseline),
      candidate: drawn.map(({ candidate }) => candidate),
    }
    return {
      categories: [category],
      gate: { missingBudgetShare: budget },
      ...(kind === 'equal' ? {} : { weights: drawn.map(({ weight }) => weight) }),
      ...(kind === 'grouped' ? { conversations: drawn.map(({ group }) => `g${group}`) } : {}),
    }
  })

function estimateOne(states: RecordStates): CategoryEstimate {
  const [estimate] = estimateCategories(makeRecord(states))
  if (estimate === undefined) throw new Error('no estimate')
  return estimate
}

function expectBounds(arm: ArmEstimate): void {
  expect(arm.lowerPer100k).toBeGreaterThanOrEqual(0)
  expect(arm.lowerPer100k).toBeLessThanOrEqual(arm.upperPer100k)
  expect(arm.upperPer100k).toBeLessThanOrEqual(100_000)
  if (arm.ratePer100k === null) return
  expect(arm.lowerPer100k).toBeLessThanOrEqual(arm.ratePer100k)
  expect(arm.upperPer100k).toBeGreaterThanOrEqual(arm.ratePer100k)
}

function sum(values: Record<string, number>): number {
  return Object.values(values).reduce((total, value) => total + value, 0)
}

/** Every number in a value, however deep. */
function listNumbers(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(listNumbers) : []
}

function observe(record: RunRecord, category: string): Observation[] {
  for (const [id, { observations }] of readObservations(record)) if (id === category) return observations
  return []
}

describe('readObservations', () => {
  it('reads each label, keeps the order of the sample, and takes a turn without outcomes as not asked', () => {
    const candidate = fillStates([
      ['event', 1],
      ['none', 1],
      ['content-missing', 1],
      ['transport-missing', 1],
      ['not-asked', 1],
    ])
    const record = makeRecord({
      categories: [
        { id: 'other', baseline: candidate, candidate: candidate.toReversed() },
        { id: 'only', baseline: candidate.toReversed(), candidate },
      ],
      weights: [1, 2, 3, 4, 5],
    })
    const observations = observe(record, 'only')
    expect(observations.map((entry) => entry.candidate)).toEqual(candidate)
    expect(observations.map((entry) => entry.baseline)).toEqual(candidate.toReversed())
    expect(observations.map(({ weight, cluster }) => [weight, cluster])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 3],
      [5, 4],
    ])
    expect(observe({ ...record, outcomes: [] }, 'only').map((entry) => entry.candidate)).toEqual(
      fillStates([['not-asked', 5]]),
    )
  })
})

describe('estimateCategories', () => {
  it('states counts, rates and bounds by hand', () => {
    const estimate = estimateOne({
      categories: [
        {
          id: 'only',
          limitPer100k: 5000,
          baseline: fillStates([
            ['none', 96],
            ['content-missing', 3],
            ['not-asked', 1],
          ]),
          candidate: fillStates([
            ['event', 4],
            ['none', 95],
            ['transport-missing', 1],
          ]),
        },
      ],
    })
    expect(estimate).toMatchObject({
      category: 'only',
      method: 'exact',
      missingRule: 'within-budget',
      candidate: {
        planned: 100,
        graded: 99,
        missing: { transport: 1, content: 0, causes: { 'completion: timeout': 1 } },
        notAsked: 0,
        events: 4,
      },
      baseline: {
        planned: 100,
        graded: 96,
        missing: { transport: 0, content: 3, causes: { 'judge: cannot-tell': 3 } },
        notAsked: 1,
        events: 0,
        ratePer100k: 0,
        lowerPer100k: 0,
      },
      regression: { pairs: 96, observed: { candidateOnly: 4, baselineOnly: 0 }, pObserved: 1 / 16 },
      limit: { limitPer100k: 5000 },
    })
    const { candidate, limit } = estimate
    const graded = boundProportion({ events: 4, trials: 99, alpha: 0.05 }).upper
    expectClose(candidate.ratePer100k ?? 0, 4e5 / 99, 1e-11)
    expectClose(
      candidate.lowerPer100k,
      1e5 * boundProportion({ events: 4, trials: 100, alpha: 0.05 }).lower,
      1e-11,
    )
    // 99 graded at U, one at ten times U.
    expectClose(candidate.upperPer100k, 1e5 * ((99 * graded + 10 * graded) / 100), 1e-11)
    expectClose(limit?.upperGradedPer100k ?? 0, 1e5 * graded, 1e-11)
    // scipy 1.17: binomtest(4, 100, .05, 'greater').
    expectClose(limit?.pAbove ?? 0, 0.7421613408839848, 1e-9)
    // The 95 graded pairs of which 4 differ, and no other.
    expectClose(estimate.difference?.per100k ?? 0, 4e5 / 96, 1e-11)
  })

  it('says nothing of a rate, a difference or a limit that it does not know', () => {
    const missing = fillStates([['content-missing', 3]])
    const estimate = estimateOne({ categories: [{ id: 'only', baseline: missing, candidate: missing }] })
    expect(estimate).toMatchObject({ difference: null, limit: null, tippingPoint: null })
    expect(estimate.candidate).toMatchObject({
      graded: 0,
      ratePer100k: null,
      lowerPer100k: 0,
      upperPer100k: 100_000,
    })
    const empty = estimateOne({ categories: [{ id: 'only', baseline: [], candidate: [] }] })
    expect(empty.candidate).toMatchObject({
      planned: 0,
      ratePer100k: null,
      lowerPer100k: 0,
      upperPer100k: 100_000,
    })
  })

  it('takes weights that hardly vary as equal in the rate too, so that it lies within its bounds', () => {
    // cv² is .0098; 14 times the mean weight on the one event would put the rate above the exact upper bound.
    const weights = [11, ...Array.from({ length: 9999 }, () => 1)]
    const candidate = fillStates([
      ['event', 1],
      ['none', 9999],
    ])
    const estimate = estimateOne({ categories: [{ id: 'only', baseline: candidate, candidate }], weights })
    expect(estimate.method).toBe('exact')
    expect(estimate.candidate.ratePer100k).toBe(10)
    expectBounds(estimate.candidate)
  })

  it('reconciles, orders its bounds, and never yields a number that is none', () => {
    fc.assert(
      fc.property(records, (states) => {
        const estimate = estimateOne(states)
        for (const arm of [estimate.baseline, estimate.candidate]) {
          const { planned, graded, missing, notAsked } = arm
          expect(graded + missing.transport + missing.content + notAsked).toBe(planned)
          expect(sum(missing.causes)).toBe(missing.transport + missing.content)
          expectBounds(arm)
        }
        expect(listNumbers(estimate).filter((value) => !Number.isFinite(value))).toEqual([])
        expect(estimate.candidate.upperPer100k).toBeGreaterThanOrEqual(
          estimate.limit?.upperGradedPer100k ?? 0,
        )
        if (estimate.difference !== null) {
          const { per100k, lowerPer100k, upperPer100k } = estimate.difference
          if (lowerPer100k !== null) expect(lowerPer100k).toBeLessThanOrEqual(per100k)
          if (upperPer100k !== null) expect(upperPer100k).toBeGreaterThanOrEqual(per100k)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('is the same bytes whatever the order of the outcomes', () => {
    const shuffled = records.chain((states) => {
      const record = makeRecord(states)
      const { length } = record.outcomes
      return fc.tuple(
        fc.constant(record),
        fc.shuffledSubarray([...record.outcomes], { minLength: length, maxLength: length }),
      )
    })
    fc.assert(
      fc.property(shuffled, ([record, outcomes]) => {
        expect(JSON.stringify(estimateCategories({ ...record, outcomes }))).toBe(
          JSON.stringify(estimateCategories(record)),
        )
      }),
      { numRuns: 100 },
    )
  })
})
