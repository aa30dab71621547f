import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { roundBound } from '../../src/estimate/rounding.ts'

describe('roundBound', () => {
  it.each([
    [0, 0],
    [1, 1],
    [-0.25, -0.25],
    [1 / 3, 0.333333333333],
    [2 / 3, 0.666666666667],
    [2.995687401942795e-5, 2.99568740194e-5],
    [1234567890.12345, 1234567890.12],
    [5e-324, 5e-324],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('rounds %p to %p', (bound, rounded) => {
    expect(roundBound(bound)).toBe(rounded)
  })

  it('refuses NaN', () => {
    expect(() => roundBound(Number.NaN)).toThrow(RangeError)
  })

  it('stays within half a unit of the twelfth digit, changes nothing twice and keeps the order', () => {
    const bound = fc.double({ min: 1e-300, max: 1, noNaN: true })
    fc.assert(
      fc.property(bound, bound, (left, right) => {
        const rounded = roundBound(left)
        expect(Math.abs(rounded - left)).toBeLessThanOrEqual(5.001e-12 * left)
        expect(roundBound(rounded)).toBe(rounded)
        if (left <= right) expect(rounded).toBeLessThanOrEqual(roundBound(right))
      }),
    )
  })
})
