import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { postStratify } from '../../src/sample/post-stratify.ts'
import { expectClose } from '../estimate/close.ts'
import { sum } from './statistics.ts'

const strata = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0.01, max: 1, noNaN: true })),
  {
    minLength: 1,
    maxLength: 12,
  },
)

describe('post-stratification', () => {
  it('gives each stratum its share of the target, and says what that costs', () => {
    const { weights, designEffect } = postStratify({
      sample: [500, 300, 200],
      target: [300, 300, 400],
      cap: 5,
    })
    for (const [index, weight] of [0.6, 1, 2].entries())
      expectClose(weights[index] ?? Number.NaN, weight, 1e-14)
    // 1000·(500·.36 + 300 + 200·4)/1000²
    expectClose(designEffect, 1.28, 1e-14)
  })

  it('has a mean of 1 over the sample and the shares of the target, where no cap binds', () => {
    fc.assert(
      fc.property(strata, (pairs) => {
        const sample = pairs.map(([count]) => count)
        const target = pairs.map(([, share]) => share)
        const { weights, designEffect } = postStratify({ sample, target, cap: Number.POSITIVE_INFINITY })
        const heavy = weights.map((weight, index) => weight * (sample[index] ?? 0))
        expectClose(sum(heavy), sum(sample), 1e-12)
        for (const [index, weight] of heavy.entries()) {
          expectClose(weight / sum(heavy), (target[index] ?? 0) / sum(target), 1e-12)
        }
        expect(designEffect).toBeGreaterThanOrEqual(1 - 1e-12)
      }),
    )
  })

  it('weighs no stratum more than the cap times as much as one would be that has its share', () => {
    fc.assert(
      fc.property(strata, fc.double({ min: 1, max: 8, noNaN: true }), (pairs, cap) => {
        const sample = pairs.map(([count]) => count)
        const target = pairs.map(([, share]) => share)
        const { weights } = postStratify({ sample, target, cap })
        const free = postStratify({ sample, target, cap: Number.POSITIVE_INFINITY }).weights
        expectClose(sum(weights.map((weight, index) => weight * (sample[index] ?? 0))), sum(sample), 1e-12)
        // The capped weights keep their ratios: min(free, cap), all times the same factor.
        const factors = weights.map((weight, index) => weight / Math.min(cap, free[index] ?? 0))
        for (const factor of factors) expectClose(factor, factors[0] ?? 0, 1e-12)
      }),
    )
  })

  it('caps a stratum of which there is next to nothing', () => {
    const { weights, designEffect } = postStratify({ sample: [990, 10], target: [0.5, 0.5], cap: 5 })
    // .5/.99 and min(5, .5/.01), over their mean .5 + .05.
    expectClose(weights[0] ?? Number.NaN, 0.5 / 0.99 / 0.55, 1e-13)
    expectClose(weights[1] ?? Number.NaN, 5 / 0.55, 1e-13)
    expectClose(designEffect, (990 * (0.5 / 0.99) ** 2 + 10 * 25) / 1000 / 0.55 ** 2, 1e-13)
  })

  it('leaves out what the target gives to strata without a sample, and counts what it gives nothing', () => {
    const { weights } = postStratify({ sample: [50, 50, 0], target: [1, 3, 4], cap: 5 })
    expect(weights).toEqual([0.5, 1.5, 0])
    expect(postStratify({ sample: [50, 50], target: [1, 0], cap: 5 })).toEqual({
      weights: [2, 0],
      designEffect: 2,
    })
  })

  it.each([
    { sample: [1, 2], target: [1], cap: 5 },
    { sample: [1, -2], target: [1, 1], cap: 5 },
    { sample: [1, 2], target: [1, Number.NaN], cap: 5 },
    { sample: [1, Number.POSITIVE_INFINITY], target: [1, 1], cap: 5 },
    { sample: [1, 2], target: [1, 1], cap: 0.5 },
    { sample: [1, 2], target: [1, 1], cap: Number.NaN },
    { sample: [1, 0], target: [0, 1], cap: 5 },
    { sample: [], target: [], cap: 5 },
  ])('refuses $sample for $target with a cap of $cap', (request) => {
    expect(() => postStratify(request)).toThrow(RangeError)
  })
})
