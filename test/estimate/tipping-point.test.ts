import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { State } from '../../src/estimate/observations.ts'
import { testWorse } from '../../src/estimate/paired.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { type CategoryStates, decideOne, fillStates } from './records.ts'

const baselineState = fc.constantFrom<State>('event', 'none', 'content-missing')

function listSubsets(count: number): boolean[][] {
  return Array.from({ length: 2 ** count }, (_, subset) =>
    Array.from({ length: count }, (_, index) => Math.floor(subset / 2 ** index) % 2 === 1),
  )
}

/** Whether a candidate with these events is over the limit's reach or worse, at α = .05 and .1. */
function tips(arms: { present: boolean[]; baseline: boolean[]; limitPer100k: number }): boolean {
  const { present, baseline, limitPer100k } = arms
  const candidateOnly = present.filter((event, index) => event && baseline[index] !== true).length
  const baselineOnly = baseline.filter((event, index) => event && present[index] !== true).length
  const events = present.filter(Boolean).length
  const { upper } = boundProportion({ events, trials: present.length, alpha: 0.05 })
  return 1e5 * upper > limitPer100k || testWorse({ candidateOnly, baselineOnly }) <= 0.1
}

describe('the tipping point', () => {
  const tip = (category: Omit<CategoryStates, 'id'>) => decideOne(category).estimate.tippingPoint

  it('counts the missing turns that would make the candidate worse: 7 against 0 has p = 1/128', () => {
    const baseline = fillStates([['none', 100]])
    expect(
      tip({
        baseline,
        candidate: fillStates([
          ['event', 3],
          ['content-missing', 6],
          ['none', 91],
        ]),
      }),
    ).toBe(4)
    expect(
      tip({
        baseline,
        candidate: fillStates([
          ['event', 3],
          ['content-missing', 3],
          ['none', 94],
        ]),
      }),
    ).toBeNull()
    expect(
      tip({
        baseline,
        candidate: fillStates([
          ['event', 3],
          ['none', 97],
        ]),
      }),
    ).toBeNull()
  })

  it('counts the missing turns that would lift the upper bound over the limit', () => {
    // Upper bounds of 0, 1 and 2 of 1,000 are .299, .473 and .628 %.
    const candidate = fillStates([
      ['content-missing', 5],
      ['none', 995],
    ])
    const baseline = fillStates([['none', 1000]])
    expect(tip({ limitPer100k: 500, baseline, candidate })).toBe(2)
    expect(tip({ limitPer100k: 5000, baseline, candidate })).toBeNull()
  })

  it('takes the heaviest missing turns first', () => {
    const candidate = fillStates([
      ['content-missing', 5],
      ['none', 995],
    ])
    const baseline = fillStates([
      ['event', 5],
      ['none', 995],
    ])
    const weights = candidate.map((_, index) => (index === 4 ? 50 : 1))
    // Without events at most .95 %, with the four light ones 1.4 %, with the heavy one alone 22.6 %.
    const { estimate } = decideOne({ limitPer100k: 20_000, baseline, candidate }, { weights })
    expect(estimate.method).toBe('weighted')
    expect(estimate.tippingPoint).toBe(1)
  })

  it('is none where the candidate could not pass anyway', () => {
    const candidate = fillStates([
      ['event', 20],
      ['content-missing', 5],
      ['none', 75],
    ])
    expect(tip({ limitPer100k: 500, baseline: candidate, candidate })).toBeNull()
  })

  it('is the smallest number of any missing turns: where the baseline has the event, one does more', () => {
    // 8 against 2 has p = 56/1024. Evening one out: 8 against 1, 10/512. Both: 8 against 0, 1/256.
    const baseline = fillStates([
      ['none', 8],
      ['event', 2],
      ['none', 20],
    ])
    const candidate = fillStates([
      ['event', 8],
      ['content-missing', 2],
      ['content-missing', 3],
      ['none', 17],
    ])
    expect(tip({ baseline, candidate })).toBe(2)
    expect(testWorse({ candidateOnly: 10, baselineOnly: 2 })).toBeGreaterThan(0.01)
  })

  it('is the minimum over every choice of missing turns', () => {
    const graded = fc.constantFrom<State>('event', 'none')
    const drawn = fc.record({
      known: fc.array(fc.record({ candidate: graded, baseline: baselineState }), { maxLength: 20 }),
      lost: fc.array(baselineState, { maxLength: 6 }),
      limitPer100k: fc.integer({ min: 10_000, max: 90_000 }),
    })
    fc.assert(
      fc.property(drawn, ({ known, lost, limitPer100k }) => {
        const rows = [
          ...known,
          ...lost.map((baseline) => ({ baseline, candidate: 'content-missing' as const })),
        ]
        const { estimate } = decideOne(
          {
            limitPer100k,
            baseline: rows.map((row) => row.baseline),
            candidate: rows.map((row) => row.candidate),
          },
          { gate: { regressionAlpha: 0.1 } },
        )
        const sizes = listSubsets(lost.length)
          .filter((chosen) => {
            const present = [...known.map(({ candidate }) => candidate === 'event'), ...chosen]
            return tips({ present, baseline: rows.map((row) => row.baseline === 'event'), limitPer100k })
          })
          .map((chosen) => chosen.filter(Boolean).length)
        const least = sizes.length === 0 ? 0 : Math.min(...sizes)
        expect(estimate.tippingPoint).toBe(least === 0 ? null : least)
      }),
      { numRuns: 300 },
    )
  })
})
