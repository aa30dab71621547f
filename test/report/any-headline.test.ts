import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { makeReport } from './fixture.ts'

describe('the first line of anything', () => {
  it('starts with the verdict and ends with a full stop', () => {
    const counts = fc.record({
      events: fc.nat(20),
      transport: fc.nat(6),
      content: fc.nat(6),
      notAsked: fc.constantFrom(0, 0, 3),
    })
    const categories = fc.array(
      fc.record({
        limit: fc.constantFrom(undefined, 0, 500, 5000, 100_000),
        margin: fc.constantFrom(undefined, 500, 20_000),
        regression: fc.boolean(),
        calibration: fc.constantFrom(
          undefined,
          { truePositives: 54, positives: 60, falsePositives: 1, negatives: 300 },
          { truePositives: 5, positives: 60, falsePositives: 30, negatives: 300 },
          { truePositives: 0, positives: 0, falsePositives: 0, negatives: 0 },
        ),
        baseline: counts,
        candidate: counts,
      }),
      { minLength: 1, maxLength: 4 },
    )
    const gates = fc.record({
      decideBy: fc.constantFrom('bounds' as const, 'point-estimate' as const),
      judgeError: fc.constantFrom('safe' as const, 'melded' as const),
    })
    const tiers = fc.constantFrom('release' as const, 'smoke' as const)
    fc.assert(
      fc.property(categories, gates, tiers, fc.integer({ min: 1, max: 3 }), (drawn, gate, tier, round) => {
        const { view, verdict } = makeReport({
          turns: 60,
          gate,
          tier,
          round,
          categories: drawn.map(({ limit, margin, calibration, ...rest }, index) => ({
            ...rest,
            id: `category-${index}`,
            ...(limit === undefined ? {} : { limitPer100k: limit }),
            ...(margin === undefined ? {} : { marginPer100k: margin }),
            ...(calibration === undefined ? {} : { calibration }),
          })),
        })
        expect(view.headline).toMatch(new RegExp(`^${verdict.verdict.toUpperCase()}(?:, audit pending)?: `))
        expect(view.headline.endsWith('.')).toBe(true)
        expect(view.headline).not.toMatch(/NaN|undefined|Infinity|null/)
      }),
      { numRuns: 50 },
    )
  })
})
