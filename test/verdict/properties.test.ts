import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { estimateCategories } from '../../src/estimate/estimate.ts'
import type { State } from '../../src/estimate/observations.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import type { Verdict } from '../../src/verdict/schema.ts'
import { type CategoryStates, decideStates, makeRecord, type RecordStates } from '../estimate/records.ts'

type Decision = Verdict['verdict']

const runs = { numRuns: 200 }

/** From best to worst. */
const order: readonly Decision[] = ['pass', 'inconclusive', 'fail']

/** Long runs of one state: bursts are what decides, and independent turns would hardly ever make one. */
const pairs = fc
  .array(
    fc.record({
      count: fc.integer({ min: 1, max: 12 }),
      candidate: fc.constantFrom<State>('event', 'none', 'none', 'content-missing', 'transport-missing'),
      baseline: fc.constantFrom<State>('event', 'none', 'none', 'content-missing', 'transport-missing'),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((drawn) =>
    drawn.flatMap(({ count, candidate, baseline }) =>
      Array.from({ length: count }, () => ({ candidate, baseline })),
    ),
  )
const limitPer100k = fc.oneof(
  fc.constant(null),
  fc.constantFrom(0, 100_000),
  fc.integer({ min: 1, max: 99_999 }),
)
const marginPer100k = fc.oneof(fc.constant(null), fc.constant(null), fc.integer({ min: 1, max: 90_000 }))
const calibration = fc
  .record({ positives: fc.nat(60), negatives: fc.nat(300), missed: fc.nat(20), alarms: fc.nat(3) })
  .map(({ positives, negatives, missed, alarms }) => ({
    positives,
    truePositives: Math.max(0, positives - missed),
    negatives,
    falsePositives: Math.min(negatives, alarms),
  }))
const tests = fc.record({ limitPer100k, marginPer100k, regression: fc.boolean() })

const gate = fc.record({
  alpha: fc.constantFrom(0.05, 0.2),
  regressionAlpha: fc.constantFrom(0.01, 0.05, 0.3),
  missingBudgetShare: fc.constantFrom(0, 0.05, 0.3),
  judgeError: fc.constantFrom('safe' as const, 'melded' as const),
})

/** One to three blocking categories over the same turns, each with its states shifted, and a turn to change. */
const cases = fc
  .record({ pairs, all: fc.array(tests, { minLength: 1, maxLength: 3 }), gate, spot: fc.nat() })
  .map(({ pairs: drawn, all, gate: chosen, spot }) => ({
    index: spot % drawn.length,
    states: {
      gate: chosen,
      categories: all.map((own, shift): CategoryStates => {
        const turned = [...drawn.slice(shift * 3), ...drawn.slice(0, shift * 3)]
        return {
          id: `category-${shift}`,
          ...own,
          candidate: turned.map(({ candidate }) => candidate),
          baseline: turned.map(({ baseline }) => baseline),
        }
      }),
    },
  }))

/** The same with a calibrated judge in the first category; they take longer, so that fewer are tried. */
const judgedCases = fc.tuple(cases, calibration).map(([{ states, index }, counts]) => {
  const [first, ...rest] = states.categories
  return {
    index,
    states: { ...states, categories: first === undefined ? [] : [{ ...first, counts }, ...rest] },
  }
})
const judgedRuns = { numRuns: 25 }

/** Changes one turn of the first category. */
function change(
  states: RecordStates,
  at: { arm: 'baseline' | 'candidate'; index: number; to: State },
): RecordStates {
  const [first, ...rest] = states.categories
  if (first === undefined) throw new Error('no category')
  return { ...states, categories: [{ ...first, [at.arm]: first[at.arm].with(at.index, at.to) }, ...rest] }
}

/** The overall verdict first, then each category's. */
function listDecisions(states: RecordStates): Decision[] {
  const { verdict } = decideStates(states)
  return [verdict.verdict, ...verdict.categories.map((category) => category.verdict)]
}

function expectNoBetter(before: Decision[], after: Decision[]): void {
  const better = after.filter(
    (decision, index) => order.indexOf(decision) < order.indexOf(before[index] ?? 'pass'),
  )
  expect({ before, after, better }).toEqual({ before, after, better: [] })
}

describe('a verdict never improves (pass, then inconclusive, then fail)', () => {
  it('when a non-event of the candidate becomes an event', () => {
    fc.assert(
      fc.property(cases, ({ states, index }) => {
        fc.pre(states.categories[0]?.candidate[index] === 'none')
        expectNoBetter(
          listDecisions(states),
          listDecisions(change(states, { arm: 'candidate', index, to: 'event' })),
        )
      }),
      runs,
    )
  })

  it('when an event of the baseline becomes a non-event', () => {
    fc.assert(
      fc.property(cases, ({ states, index }) => {
        fc.pre(states.categories[0]?.baseline[index] === 'event')
        // Within budget the baseline's own rate is assumed of its lost turns, against a FAIL.
        expectNoBetter(
          listDecisions(states),
          listDecisions(change(states, { arm: 'baseline', index, to: 'none' })),
        )
      }),
      runs,
    )
  })

  it('when a non-event of the candidate goes content-missing', () => {
    fc.assert(
      fc.property(cases, ({ states, index }) => {
        fc.pre(states.categories[0]?.candidate[index] === 'none')
        const after = change(states, { arm: 'candidate', index, to: 'content-missing' })
        expectNoBetter(listDecisions(states), listDecisions(after))
      }),
      runs,
    )
  })

  it('when a non-event becomes an event, or goes content-missing, under a calibrated judge', () => {
    const bad = fc.constantFrom<State>('event', 'content-missing')
    fc.assert(
      fc.property(judgedCases, bad, ({ states, index }, to) => {
        fc.pre(states.categories[0]?.candidate[index] === 'none')
        expectNoBetter(listDecisions(states), listDecisions(change(states, { arm: 'candidate', index, to })))
      }),
      judgedRuns,
    )
  })

  it('when a calibration finds more false alarms and more misses', () => {
    fc.assert(
      fc.property(judgedCases, ({ states }) => {
        const [first, ...rest] = states.categories
        const counts = first?.counts
        fc.pre(first !== undefined && counts !== undefined && counts.truePositives > 0)
        const fewer = { ...counts, truePositives: counts.truePositives - 1 }
        const decided = listDecisions({ ...states, categories: [{ ...first, counts: fewer }, ...rest] })
        // A FAIL, too, may be lost to it: what never happens is that it passes.
        const passes = decided.filter(
          (decision, at) => decision === 'pass' && listDecisions(states)[at] !== 'pass',
        )
        expect(passes).toEqual([])
      }),
      judgedRuns,
    )
  })

  it('when a limit is tightened', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0, max: 1, noNaN: true }), ({ states }, factor) => {
        const [first, ...rest] = states.categories
        const limit = first?.limitPer100k ?? null
        fc.pre(first !== undefined && limit !== null)
        const tightened = { ...states, categories: [{ ...first, limitPer100k: limit * factor }, ...rest] }
        expectNoBetter(listDecisions(states), listDecisions(tightened))
      }),
      runs,
    )
  })
})

describe('a margin', () => {
  it('never makes a verdict better when it is tightened', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0.01, max: 1, noNaN: true }), ({ states }, factor) => {
        const [first, ...rest] = states.categories
        const margin = first?.marginPer100k ?? null
        fc.pre(first !== undefined && margin !== null)
        const tightened = { ...states, categories: [{ ...first, marginPer100k: margin * factor }, ...rest] }
        expectNoBetter(listDecisions(states), listDecisions(tightened))
      }),
      runs,
    )
  })
})

describe('what goes content-missing', () => {
  it('neither makes a pass nor a fail that was none', () => {
    const arms = fc.constantFrom('baseline' as const, 'candidate' as const)
    fc.assert(
      fc.property(cases, arms, ({ states, index }, arm) => {
        const state = states.categories[0]?.[arm][index]
        fc.pre(state === 'event' || state === 'none')
        const before = listDecisions(states)
        const after = listDecisions(change(states, { arm, index, to: 'content-missing' }))
        const decided = after.filter((decision, at) => decision !== 'inconclusive' && decision !== before[at])
        expect({ before, after, decided }).toEqual({ before, after, decided: [] })
      }),
      runs,
    )
  })
})

describe('a verdict', () => {
  it('passes only where every upper bound is within its limit and no comparison speaks of worse', () => {
    fc.assert(
      fc.property(cases, ({ states }) => {
        const { verdict, estimates } = decideStates(states)
        if (verdict.verdict !== 'pass') return
        for (const [at, { regression, candidate, limit, margin, baseline, early }] of estimates.entries()) {
          if (early !== null && limit !== null) {
            expect(candidate.upperPer100k).toBeLessThanOrEqual(limit.limitPer100k * (1 + 1e-9))
            continue
          }
          if (states.categories[at]?.regression === true) {
            expect(regression.pPass).toBeGreaterThan(states.gate.regressionAlpha)
          }
          if (margin !== null) expect(margin.pWithin).toBeLessThanOrEqual(states.gate.alpha)
          const { regression: isCompared = true, marginPer100k: margins = null } = states.categories[at] ?? {}
          if (isCompared || margins !== null) expect(regression.pairs).toBeGreaterThan(0)
          else expect(candidate.graded).toBeGreaterThan(0)
          if (limit !== null) expect(candidate.upperPer100k).toBeLessThanOrEqual(limit.limitPer100k)
          expect(candidate.notAsked + baseline.notAsked).toBe(0)
        }
      }),
      runs,
    )
  })

  it('fails only where a lower bound is above its limit or the comparison rejects by itself', () => {
    fc.assert(
      fc.property(cases, ({ states }) => {
        const { verdict, estimates } = decideStates(states)
        for (const [index, { verdict: decision, reason }] of verdict.categories.entries()) {
          const estimate = estimates[index]
          if (decision !== 'fail' || estimate === undefined) continue
          const { regression, candidate, limit, margin, early } = estimate
          if (early !== null) continue
          if (reason === 'over-margin') expect(margin?.pOver).toBeLessThan(states.gate.alpha)
          else if (reason === 'over-limit')
            expect(candidate.lowerPer100k).toBeGreaterThan(limit?.limitPer100k ?? Number.NaN)
          else expect(regression.pFail).toBeLessThanOrEqual(states.gate.regressionAlpha * (1 + 1e-12))
        }
        expect(verdict.verdict === 'fail').toBe(
          verdict.categories.some((category) => category.verdict === 'fail'),
        )
      }),
      runs,
    )
  })

  it('does not depend on the order of the outcomes, nor on that of equally weighted turns', () => {
    const shuffled = cases.chain(({ states }) => {
      const record = makeRecord(states)
      const all = <T>(items: T[]) =>
        fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length })
      return fc.record({
        record: fc.constant(record),
        outcomes: all([...record.outcomes]),
        turns: all(record.turns),
      })
    })
    fc.assert(
      fc.property(shuffled, ({ record, outcomes, turns }) => {
        const decide = (parts: Partial<typeof record>) =>
          JSON.stringify(decideVerdict(record.summary, estimateCategories({ ...record, ...parts })))
        expect(decide({ outcomes, turns })).toBe(decide({}))
      }),
      { numRuns: 100 },
    )
  })
})
