import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { allocateTurns, type Demand } from '../../src/sample/allocate.ts'
import { sum } from './statistics.ts'

const demands: fc.Arbitrary<Demand[]> = fc.array(
  fc.record({
    share: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.25, 1e-9, 1)),
    capacity: fc.oneof(fc.nat(60), fc.constantFrom(0, 1, 2, 100_000)),
  }),
  { minLength: 1, maxLength: 30 },
)
const turns = fc.integer({ min: 1, max: 500 })

describe('the allocation of turns to strata', () => {
  it('gives all turns, or all there are, and to no stratum more than it has', () => {
    fc.assert(
      fc.property(demands, turns, (strata, n) => {
        const counts = allocateTurns({ turns: n, strata })
        const available = strata.map(({ share, capacity }) => (share > 0 ? capacity : 0))
        expect(sum(counts)).toBe(Math.min(n, sum(available)))
        for (const [index, count] of counts.entries()) {
          expect(Number.isInteger(count)).toBe(true)
          expect(count).toBeGreaterThanOrEqual(0)
          expect(count).toBeLessThanOrEqual(available[index] ?? 0)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('is in proportion, to a turn, where nothing binds', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }), (parts) => {
        const strata = parts.map((share) => ({ share, capacity: 10_000 }))
        const counts = allocateTurns({ turns: 1000, strata })
        for (const [index, count] of counts.entries()) {
          expect(Math.abs(count - (1000 * (parts[index] ?? 0)) / sum(parts))).toBeLessThan(1)
        }
      }),
    )
  })

  it('goes by largest remainder, and for equal ones to the earlier stratum', () => {
    const share = (shares: number[], n: number) =>
      allocateTurns({ turns: n, strata: shares.map((part) => ({ share: part, capacity: 1000 })) })
    expect(share([47, 16, 15.8, 12, 6.1, 3.1], 100)).toEqual([47, 16, 16, 12, 6, 3])
    expect(share([1, 1, 1], 100)).toEqual([34, 33, 33])
    expect(share([1, 1], 7)).toEqual([4, 3])
  })

  it.each([
    // Two each would bind 6 of 100.
    { n: 100, shares: [0.998, 0.001, 0.001], expected: [96, 2, 2] },
    // Two each would bind 6 of 11, one each 3.
    { n: 11, shares: [0.998, 0.001, 0.001], expected: [9, 1, 1] },
    { n: 3, shares: [0.998, 0.001, 0.001], expected: [1, 1, 1] },
    // Fewer turns than strata.
    { n: 2, shares: [0.6, 0.3, 0.1], expected: [1, 1, 0] },
    { n: 100, shares: [0.5, 0, 0.5], expected: [50, 0, 50] },
  ])('gives small strata something as long as $n turns allow it: $shares', ({ n, shares, expected }) => {
    const strata = shares.map((share) => ({ share, capacity: 1000 }))
    expect(allocateTurns({ turns: n, strata })).toEqual(expected)
  })

  it.each([
    {
      n: 100,
      strata: [
        [0.5, 10],
        [0.3, 1000],
        [0.2, 1000],
      ],
      expected: [10, 54, 36],
    },
    {
      n: 100,
      strata: [
        [0.5, 10],
        [0.3, 20],
        [0.2, 1000],
      ],
      expected: [10, 20, 70],
    },
    {
      n: 100,
      strata: [
        [0.5, 10],
        [0.3, 20],
        [0.2, 30],
      ],
      expected: [10, 20, 30],
    },
    {
      n: 60,
      strata: [
        [0.5, 10],
        [0.3, 20],
        [0.2, 30],
      ],
      expected: [10, 20, 30],
    },
    {
      n: 100,
      strata: [
        [0.98, 10],
        [0.01, 1],
        [0.01, 1000],
      ],
      expected: [10, 1, 89],
    },
  ])('spreads what a stratum has not over the others: $strata of $n', ({ n, strata, expected }) => {
    const demand = strata.map(([share = 0, capacity = 0]) => ({ share, capacity }))
    expect(allocateTurns({ turns: n, strata: demand })).toEqual(expected)
  })

  it('never gives a stratum less than one of a smaller share that has no more', () => {
    fc.assert(
      fc.property(demands, turns, (strata, n) => {
        const counts = allocateTurns({ turns: n, strata })
        for (const [first, a] of strata.entries()) {
          for (const [second, b] of strata.entries()) {
            if (a.share > b.share && a.capacity >= b.capacity) {
              expect(counts[first]).toBeGreaterThanOrEqual(counts[second] ?? 0)
            }
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})
