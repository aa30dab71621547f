import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { rejectEBenjaminiHochberg } from '../../src/estimate/e-bh.ts'

/** The largest set each of whose E values is at least m/(level·size of the set), by trying every set. */
function findLargestConsistent({ evidence, level }: { evidence: number[]; level: number }): number[] {
  const indices = evidence.map((_, index) => index)
  const sets = Array.from({ length: 1 << evidence.length }, (_, mask) =>
    indices.filter((index) => (mask >> index) & 1),
  )
  const consistent = sets.filter((set) =>
    set.every((index) => (evidence[index] ?? 0) * level * set.length >= evidence.length),
  )
  return consistent.reduce((largest, set) => (set.length > largest.length ? set : largest), [])
}

describe('rejectEBenjaminiHochberg', () => {
  it.each([
    // By hand: the thresholds of five at .1 are 50, 25, 16.7, 12.5 and 10.
    { evidence: [100, 3, 60, 0.5, 45], level: 0.1, expected: [0, 2, 4] },
    { evidence: [10, 10, 10, 10, 10], level: 0.1, expected: [0, 1, 2, 3, 4] },
    { evidence: [24, 24, 0, 12, 0], level: 0.1, expected: [] },
    { evidence: [50, 0, 0, 0, 0], level: 0.1, expected: [0] },
    { evidence: [49.9, 0, 0, 0, 0], level: 0.1, expected: [] },
    { evidence: [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], level: 0.05, expected: [1, 2] },
    { evidence: [], level: 0.05, expected: [] },
  ])('of $evidence at $level rejects $expected', ({ expected, ...family }) => {
    expect(rejectEBenjaminiHochberg(family)).toEqual(expected)
  })

  it('rejects the largest set whose values all support its size', () => {
    const values = fc.oneof(fc.nat(60), fc.double({ min: 0, max: 200, noNaN: true }))
    const families = fc.record({
      evidence: fc.array(values, { maxLength: 7 }),
      level: fc.constantFrom(0.05, 0.1, 0.25, 0.5),
    })
    fc.assert(
      fc.property(families, (family) => {
        expect(rejectEBenjaminiHochberg(family)).toEqual(findLargestConsistent(family))
      }),
      { numRuns: 500 },
    )
  })

  it('rejects no less at a higher level or with more evidence', () => {
    const families = fc.tuple(
      fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 20 }),
      fc.double({ min: 0.01, max: 0.3, noNaN: true }),
      fc.double({ min: 1, max: 3, noNaN: true }),
    )
    fc.assert(
      fc.property(families, ([evidence, level, factor]) => {
        const rejected = rejectEBenjaminiHochberg({ evidence, level })
        const higher = rejectEBenjaminiHochberg({ evidence, level: level * factor })
        const stronger = rejectEBenjaminiHochberg({
          evidence: evidence.map((value) => value * factor),
          level,
        })
        expect(higher).toEqual(expect.arrayContaining(rejected))
        expect(stronger).toEqual(expect.arrayContaining(rejected))
      }),
    )
  })

  it.each([
    { evidence: [1, -1], level: 0.05 },
    { evidence: [1, Number.NaN], level: 0.05 },
    { evidence: [1], level: 0 },
    { evidence: [1], level: 1 },
    { evidence: [1], level: Number.NaN },
  ])('refuses $evidence at $level', (family) => {
    expect(() => rejectEBenjaminiHochberg(family)).toThrow(RangeError)
  })
})
