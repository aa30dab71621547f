import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { adjustHolm } from '../../src/estimate/holm.ts'

const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 })

describe('adjustHolm', () => {
  it('keeps the order that the p values came in', () => {
    // By hand: .01·5, .01·4, .02·3, .03·2, .04·1, each at least as large as the one before.
    const adjusted = adjustHolm([0.03, 0.01, 0.02, 0.04, 0.01])
    expect(adjusted.map((p) => Number(p.toFixed(12)))).toEqual([0.06, 0.05, 0.06, 0.06, 0.05])
  })

  it('leaves one p value alone, and nothing of none', () => {
    expect(adjustHolm([0.0123])).toEqual([0.0123])
    expect(adjustHolm([])).toEqual([])
  })

  it('ends at 1', () => {
    expect(adjustHolm([0.6, 0.7, 1])).toEqual([1, 1, 1])
  })

  it('does not change its argument', () => {
    const given = [0.5, 0.1]
    adjustHolm(given)
    expect(given).toEqual([0.5, 0.1])
  })

  it.each([[Number.NaN], [-0.1], [1.1]])('refuses %p', (p) => {
    expect(() => adjustHolm([0.1, p])).toThrow(RangeError)
  })

  it('lies between each p value and its Bonferroni bound, in the same order', () => {
    fc.assert(
      fc.property(pValues, (given) => {
        const adjusted = adjustHolm(given)
        const pairs = given.map((p, index) => ({ p, adjusted: adjusted[index] ?? Number.NaN }))
        for (const pair of pairs) {
          expect(pair.adjusted).toBeGreaterThanOrEqual(pair.p)
          expect(pair.adjusted).toBeLessThanOrEqual(Math.min(1, pair.p * given.length))
        }
        const sorted = pairs.sort((left, right) => left.p - right.p).map((pair) => pair.adjusted)
        expect(sorted).toEqual([...sorted].sort((left, right) => left - right))
      }),
    )
  })

  it('rejects what the step-down procedure rejects', () => {
    fc.assert(
      fc.property(pValues, (given) => {
        const ascending = [...given].sort((left, right) => left - right)
        const stop = ascending.findIndex((p, rank) => (given.length - rank) * p > 0.05)
        const rejected = stop === -1 ? given.length : stop
        expect(adjustHolm(given).filter((p) => p <= 0.05)).toHaveLength(rejected)
      }),
    )
  })
})
