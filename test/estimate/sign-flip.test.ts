import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { testWorse } from '../../src/estimate/paired.ts'
import { testUnequalClustered, testWorseClustered } from '../../src/estimate/sign-flip.ts'
import { expectClose } from './close.ts'

/** The sums of all sign patterns. */
function listSums(differences: readonly number[]): number[] {
  return differences.reduce<number[]>(
    (sums, difference) => sums.flatMap((sum) => [sum + difference, sum - difference]),
    [0],
  )
}

function share(sums: readonly number[], isExtreme: (sum: number) => boolean): number {
  return sums.filter(isExtreme).length / sums.length
}

const few = fc.array(fc.integer({ min: -6, max: 6 }), { maxLength: 11 })

describe('the sign-flip tests', () => {
  it('find the 863 of 32,768 patterns that Fisher counted', () => {
    // Fisher 1935, The Design of Experiments: Darwin's maize, 15 differences in eighths of an inch.
    const maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    expectClose(testWorseClustered(maize), 863 / 32_768, 1e-13)
    expectClose(testUnequalClustered(maize), (2 * 863) / 32_768, 1e-13)
  })

  it.each([
    // scipy 1.17.1: stats.permutation_test, permutation_type='samples', all resamples, of the sum.
    { differences: [3, 1, -2, 4, 0, 5, -1, 2, 2, -3], worse: 0.12890625, unequal: 0.2578125 },
    { differences: [2, 2, 2, -1, -1, 3, 1], worse: 0.078125, unequal: 0.15625 },
  ])('of $differences', ({ differences, worse, unequal }) => {
    expectClose(testWorseClustered(differences), worse, 1e-13)
    expectClose(testUnequalClustered(differences), unequal, 1e-13)
  })

  it('are 1 without differences, and where nothing is left over', () => {
    for (const differences of [[], [0], [0, 0, 0]]) {
      expect(testWorseClustered(differences)).toBe(1)
      expect(testUnequalClustered(differences)).toBe(1)
    }
    expect(testUnequalClustered([3, -2, -1])).toBe(1)
    expectClose(testWorseClustered([-4, -2]), 1, 1e-15)
  })

  it('agree with the enumeration of all sign patterns', () => {
    fc.assert(
      fc.property(few, (differences) => {
        const sums = listSums(differences)
        const observed = differences.reduce((sum, difference) => sum + difference, 0)
        expectClose(
          testWorseClustered(differences),
          share(sums, (sum) => sum >= observed),
          1e-12,
        )
        expectClose(
          testUnequalClustered(differences),
          share(sums, (sum) => Math.abs(sum) >= Math.abs(observed)),
          1e-12,
        )
      }),
    )
  })

  it('are McNemar’s exact test when every conversation differs by one event', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(2000), (candidateOnly, baselineOnly) => {
        const differences = [
          ...Array.from({ length: candidateOnly }, () => 1),
          ...Array.from({ length: baselineOnly }, () => -1),
        ]
        const expected = testWorse({ candidateOnly, baselineOnly })
        const actual = testWorseClustered(differences)
        // What is left out at the ends is added: never smaller, and no more than that larger.
        expect(actual).toBeGreaterThanOrEqual(expected * (1 - 1e-10))
        expect(actual).toBeLessThanOrEqual(expected * (1 + 1e-10) + 1e-37)
      }),
    )
  })

  it('don’t depend on the unit, the order or the conversations without a difference', () => {
    fc.assert(
      fc.property(few, fc.integer({ min: 1, max: 1_000_000 }), (differences, unit) => {
        const changed = [0, ...differences.map((difference) => difference * unit).reverse(), 0]
        expectClose(testWorseClustered(changed), testWorseClustered(differences), 1e-12)
        expectClose(testUnequalClustered(changed), testUnequalClustered(differences), 1e-12)
      }),
    )
  })

  it('share the observed sum between the two sides', () => {
    fc.assert(
      fc.property(few, (differences) => {
        const mirrored = differences.map((difference) => -difference)
        const sides = testWorseClustered(differences) + testWorseClustered(mirrored)
        expect(sides).toBeGreaterThan(1)
        expect(testUnequalClustered(mirrored)).toBe(testUnequalClustered(differences))
      }),
    )
  })

  it('take thousands of conversations with many sizes of difference', () => {
    // Sizes 1 to 20 in turn, every third one negative: as normal as it gets, so near the normal tail.
    const differences = Array.from({ length: 6000 }, (_, index) => ((index % 20) + 1) * (index % 3 ? 1 : -1))
    const balanced = differences.map((difference, index) => (index < 3000 ? difference : -difference))
    const sum = balanced.reduce((total, difference) => total + difference, 0)
    expect(sum).toBe(0)
    const p = testWorseClustered(balanced)
    // Half, and half of the probability of the sum 0 itself, which lies on even numbers.
    const deviation = Math.sqrt(balanced.reduce((total, difference) => total + difference * difference, 0))
    expectClose(p, 0.5 + 1 / (deviation * Math.sqrt(2 * Math.PI)), 1e-6)
    expect(testWorseClustered(differences)).toBeLessThan(1e-30)
    expect(testWorseClustered(differences)).toBeGreaterThan(0)
  })

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuse a difference of %p', (difference) => {
    expect(() => testWorseClustered([1, difference])).toThrow(RangeError)
    expect(() => testUnequalClustered([1, difference])).toThrow(RangeError)
  })

  it('refuse differences too large to enumerate', () => {
    expect(() => testWorseClustered([1, 20_000_000])).toThrow('too large for an exact test')
  })
})
