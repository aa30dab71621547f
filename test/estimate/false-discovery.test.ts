import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { adjustBenjaminiHochberg } from '../../src/estimate/false-discovery.ts'
import { adjustHolm } from '../../src/estimate/holm.ts'
import { expectClose } from './close.ts'

const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 })

describe('adjustBenjaminiHochberg', () => {
  it('rejects the four hypotheses that the published example rejects', () => {
    // Benjamini & Hochberg 1995: thrombolysis trial, four at q = .05 where Bonferroni rejects three. The
    // adjusted values with scipy 1.17.1: stats.false_discovery_control.
    const given = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
      0.759, 1,
    ]
    const expected = [
      0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714285714286, 0.06385714285714286, 0.0645,
      0.07650000000000001, 0.486, 0.5811818181818181, 0.7148749999999999, 0.7532307692307693,
      0.8132142857142857, 1,
    ]
    const adjusted = adjustBenjaminiHochberg(given)
    expect(adjusted.filter((p) => p <= 0.05)).toHaveLength(4)
    for (const [index, p] of expected.entries()) expectClose(adjusted[index] ?? Number.NaN, p, 1e-14)
  })

  it('keeps the order that the p values came in', () => {
    // scipy 1.17.1, as above.
    expect(adjustBenjaminiHochberg([0.5, 0.01, 0.04, 0.01, 0.03])).toEqual([0.5, 0.025, 0.05, 0.025, 0.05])
  })

  it('leaves one p value alone, and nothing of none', () => {
    expect(adjustBenjaminiHochberg([0.0123])).toEqual([0.0123])
    expect(adjustBenjaminiHochberg([])).toEqual([])
  })

  it('does not change its argument', () => {
    const given = [0.5, 0.1]
    adjustBenjaminiHochberg(given)
    expect(given).toEqual([0.5, 0.1])
  })

  it.each([[Number.NaN], [-0.1], [1.1]])('refuses %p', (p) => {
    expect(() => adjustBenjaminiHochberg([0.1, p])).toThrow(RangeError)
  })

  it('lies between each p value and Holm’s, in the same order', () => {
    fc.assert(
      fc.property(pValues, (given) => {
        const holm = adjustHolm(given)
        const triples = adjustBenjaminiHochberg(given).map((adjusted, index) => ({
          adjusted,
          p: given[index] ?? Number.NaN,
          holm: holm[index] ?? Number.NaN,
        }))
        for (const triple of triples) {
          expect(triple.adjusted).toBeGreaterThanOrEqual(triple.p)
          expect(triple.adjusted).toBeLessThanOrEqual(triple.holm * (1 + 1e-12))
        }
        const sorted = triples.sort((left, right) => left.p - right.p).map(({ adjusted }) => adjusted)
        expect(sorted).toEqual([...sorted].sort((left, right) => left - right))
      }),
    )
  })

  it('rejects what the step-up procedure rejects', () => {
    fc.assert(
      fc.property(pValues, (given) => {
        const ascending = [...given].sort((left, right) => left - right)
        const last = ascending.findLastIndex((p, rank) => (given.length / (rank + 1)) * p <= 0.1)
        expect(adjustBenjaminiHochberg(given).filter((p) => p <= 0.1)).toHaveLength(last + 1)
      }),
    )
  })
})
