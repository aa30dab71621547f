import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findFirst, findFirstNear } from '../../src/estimate/search.ts'

describe('findFirst', () => {
  it('finds the threshold anywhere in the range', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (below, up, further) => {
        const threshold = below + 1 + up
        const found = findFirst({ below, reached: threshold + further, isReached: (n) => n >= threshold })
        expect(found).toBe(threshold)
      }),
    )
  })
})

describe('findFirstNear', () => {
  it('finds the threshold from any guess, and null where it lies beyond the range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -50, max: 50 }),
        fc.nat(100),
        fc.integer({ min: -120, max: 200 }),
        fc.integer({ min: -120, max: 200 }),
        (least, width, threshold, guess) => {
          const most = least + width
          const found = findFirstNear({ guess, least, most, isReached: (n) => n >= threshold })
          expect(found).toBe(threshold > most ? null : Math.max(least, threshold))
        },
      ),
    )
  })

  it('asks only within the range, and finds nothing in an empty one', () => {
    const asked: number[] = []
    const isReached = (n: number) => {
      asked.push(n)
      return n >= 7
    }
    expect(findFirstNear({ guess: 100, least: 3, most: 9, isReached })).toBe(7)
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(3)
    expect(Math.max(...asked)).toBeLessThanOrEqual(9)
    expect(findFirstNear({ guess: 1, least: 2, most: 1, isReached })).toBeNull()
  })
})
