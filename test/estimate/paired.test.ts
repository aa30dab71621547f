import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { boundDifferenceTango, testUnequal, testWorse } from '../../src/estimate/paired.ts'
import { expectClose } from './close.ts'

const badCounts = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]

/** P(B ≥ events) for B ~ Binomial(trials, ½), from Pascal's triangle in whole numbers. */
function countTail(events: number, trials: number): number {
  let term = 1n
  let tail = 0n
  for (let count = 0; count <= trials; count += 1) {
    if (count >= events) tail += term
    term = (term * BigInt(trials - count)) / BigInt(count + 1)
  }
  // 2^60 keeps 18 digits through the division.
  return Number((tail << 60n) >> BigInt(trials)) / Number(1n << 60n)
}

describe('testWorse', () => {
  it.each([
    // scipy 1.17: stats.binomtest(b, b + c, alternative='greater').
    [9, 2, 0.03271484375],
    [30, 12, 0.003957948667448363],
    [15, 5, 0.020694732666015625],
    // mpmath 1.3, sum of the binomial terms with 40 digits.
    [700, 400, 5.867944027802907e-20],
    [50_500, 50_000, 0.057738145034340625],
    [100_000, 99_000, 0.012563608844180472],
    [100_000, 100_000, 0.5008920609429995],
  ])('of %p against %p', (candidateOnly, baselineOnly, expected) => {
    expectClose(testWorse({ candidateOnly, baselineOnly }), expected, 1e-11)
  })

  it('is 1 without discordant pairs and without events of the candidate', () => {
    expect(testWorse({ candidateOnly: 0, baselineOnly: 0 })).toBe(1)
    expect(testWorse({ candidateOnly: 0, baselineOnly: 7 })).toBe(1)
  })

  it('halves with every event when the baseline has none', () => {
    expect(testWorse({ candidateOnly: 1, baselineOnly: 0 })).toBe(0.5)
    expectClose(testWorse({ candidateOnly: 5, baselineOnly: 0 }), 0.03125, 1e-14)
    expect(testWorse({ candidateOnly: 100_000, baselineOnly: 0 })).toBe(0)
  })

  it('agrees with the sum over Pascal’s triangle', () => {
    fc.assert(
      fc.property(fc.nat(150), fc.nat(150), (candidateOnly, baselineOnly) => {
        const expected = countTail(candidateOnly, candidateOnly + baselineOnly)
        expect(Math.abs(testWorse({ candidateOnly, baselineOnly }) - expected)).toBeLessThan(1e-12)
      }),
    )
  })

  it('falls with the candidate’s events and grows with the baseline’s', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (candidateOnly, baselineOnly) => {
        const p = testWorse({ candidateOnly, baselineOnly })
        expect(testWorse({ candidateOnly: candidateOnly + 1, baselineOnly })).toBeLessThanOrEqual(p)
        expect(testWorse({ candidateOnly, baselineOnly: baselineOnly + 1 })).toBeGreaterThanOrEqual(p)
      }),
    )
  })

  it.each(badCounts)('refuses a count of %p', (count) => {
    expect(() => testWorse({ candidateOnly: count, baselineOnly: 1 })).toThrow(RangeError)
    expect(() => testWorse({ candidateOnly: 1, baselineOnly: count })).toThrow(RangeError)
  })
})

describe('testUnequal', () => {
  it.each([
    // scipy 1.17: stats.binomtest(first, first + second).
    [9, 2, 0.0654296875],
    [2, 9, 0.0654296875],
    [15, 5, 0.04138946533203125],
    [1000, 900, 0.023108845108901193],
    [4, 4, 1],
    [0, 0, 1],
  ])('of %p and %p', (first, second, expected) => {
    expectClose(testUnequal({ first, second }), expected, 1e-11)
  })

  it.each(badCounts)('refuses a count of %p', (count) => {
    expect(() => testUnequal({ first: count, second: 1 })).toThrow(RangeError)
    expect(() => testUnequal({ first: 1, second: count })).toThrow(RangeError)
  })
})

describe('boundDifferenceTango', () => {
  // Fagerland, Lydersen & Laake 2014, Statistics in Medicine 33:2850: airway data, 1 and 7 of 21; published
  // to three digits.
  it('agrees with the published bounds', () => {
    const { difference, lower, upper } = boundDifferenceTango({
      candidateOnly: 1,
      baselineOnly: 7,
      pairs: 21,
      alpha: 0.025,
    })
    expect(difference).toBe(-6 / 21)
    expect(lower.toFixed(3)).toBe('-0.517')
    expect(upper.toFixed(3)).toBe('-0.026')
  })

  it('knows nothing without pairs', () => {
    const bounds = boundDifferenceTango({ candidateOnly: 0, baselineOnly: 0, pairs: 0, alpha: 0.05 })
    expect(bounds).toEqual({ difference: 0, lower: -1, upper: 1 })
  })

  it('is positive at three events where the exact test is not significant: it never decides', () => {
    const { lower } = boundDifferenceTango({ candidateOnly: 3, baselineOnly: 0, pairs: 1000, alpha: 0.05 })
    expect(lower).toBeGreaterThan(0)
    expect(testWorse({ candidateOnly: 3, baselineOnly: 0 })).toBe(0.125)
  })

  it('orders the bounds around the difference, and mirrors when the arms change places', () => {
    const alphas = fc.constantFrom(1e-9, 0.01, 0.05, 0.5)
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.nat(60),
        fc.nat(100_000),
        alphas,
        (candidateOnly, baselineOnly, rest, alpha) => {
          const pairs = candidateOnly + baselineOnly + rest
          const bounds = boundDifferenceTango({ candidateOnly, baselineOnly, pairs, alpha })
          const slack = 1e-12
          expect(bounds.lower).toBeGreaterThanOrEqual(-1)
          expect(bounds.lower).toBeLessThanOrEqual(bounds.difference + slack)
          expect(bounds.upper).toBeGreaterThanOrEqual(bounds.difference - slack)
          expect(bounds.upper).toBeLessThanOrEqual(1)
          const mirrored = boundDifferenceTango({
            candidateOnly: baselineOnly,
            baselineOnly: candidateOnly,
            pairs,
            alpha,
          })
          expect(Math.abs(mirrored.lower + bounds.upper)).toBeLessThan(1e-9)
        },
      ),
    )
  })

  it.each([
    { candidateOnly: 3, baselineOnly: 3, pairs: 5, alpha: 0.05 },
    { candidateOnly: -1, baselineOnly: 3, pairs: 5, alpha: 0.05 },
    { candidateOnly: 1, baselineOnly: 3, pairs: Number.NaN, alpha: 0.05 },
    { candidateOnly: 1, baselineOnly: 3, pairs: 5, alpha: 0 },
  ])('refuses $candidateOnly and $baselineOnly of $pairs at $alpha', (sample) => {
    expect(() => boundDifferenceTango(sample)).toThrow(RangeError)
  })
})
