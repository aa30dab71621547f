import { expect } from '@jest/globals'

/** Expects a relative error of at most the tolerance: where 0 is expected, 0 itself. */
export function expectClose(actual: number, expected: number, tolerance: number): void {
  const isClose = Math.abs(actual - expected) <= tolerance * Math.abs(expected)
  // All of it in one object, so that a failure shows both numbers.
  expect({ actual, expected, tolerance, isClose }).toEqual({ actual, expected, tolerance, isClose: true })
}
