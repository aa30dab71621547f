import { describe, expect, it } from '@jest/globals'
import {
  requireAlpha,
  requireCount,
  requireOpenProportion,
  requireProportion,
} from '../../src/estimate/preconditions.ts'

describe('the preconditions', () => {
  it.each([
    ['alpha', requireAlpha, [1e-15, 0.05, 0.5], [0, 1e-16, 0.51, -1, Number.NaN, Number.POSITIVE_INFINITY]],
    ['open', (value: number) => requireOpenProportion('open', value), [1e-300, 0.5], [0, 1, -1, Number.NaN]],
    ['closed', (value: number) => requireProportion('closed', value), [0, 0.5, 1], [-1e-9, 1.1, Number.NaN]],
    [
      'count',
      (value: number) => requireCount('count', value),
      [0, 1, 20_000_000],
      [-1, 0.5, Number.NaN, 1e300],
    ],
  ])('of %s accept what fits and refuse the rest by name', (name, requireValue, accepted, refused) => {
    for (const value of accepted) expect(() => requireValue(value)).not.toThrow()
    for (const value of refused) {
      expect(() => requireValue(value)).toThrow(RangeError)
      expect(() => requireValue(value)).toThrow(name)
    }
  })
})
