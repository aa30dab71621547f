import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Policy } from '../../src/policy/schema.ts'
import { takeStricter } from '../../src/policy/stricter.ts'
import { policyText, readPolicy } from './policies.ts'

const plain = readPolicy(policyText)
const rate = fc.option(fc.integer({ min: 1, max: 1000 }))
const category = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  role: fc.constantFrom('block' as const, 'watch' as const),
  regression: fc.boolean(),
  limitPer100k: rate,
  marginPer100k: rate,
  calibration: fc.option(fc.constantFrom('one.json', 'two.json')),
  graders: fc.constantFrom('x', 'y').map((word) => [{ kind: 'pattern', any: [word] }]),
})
const policies: fc.Arbitrary<Policy> = fc
  .record({
    categories: fc.uniqueArray(category, { selector: ({ id }) => id, minLength: 1 }),
    turns: fc.integer({ min: 1, max: 9 }),
    alpha: fc.constantFrom(0.05, 0.4),
    epoch: fc.constantFrom('one', 'two'),
    registrations: fc.constantFrom('preregistration', 'elsewhere'),
  })
  .map(({ categories, turns, alpha, epoch, registrations }) => ({
    ...plain,
    registrations,
    categories,
    sample: { ...plain.sample, turns, epoch },
    gate: { ...plain.gate, alpha },
  }))

/** Whether a test that there is, by a limit or a margin, is there still and lets no more through. */
function isAtMost(effective: number | null, base: number | null): boolean {
  return base === null ? effective === null : effective !== null && effective <= base
}

describe('the stricter of two policies', () => {
  it('is never looser than the base, whatever the head has', () => {
    fc.assert(
      fc.property(policies, policies, (base, head) => {
        const effective = takeStricter(base, head)
        effective.categories.forEach((category, index) => {
          const before = base.categories[index]
          if (before === undefined) throw new Error('a category that the base lacks')
          expect(isAtMost(category.limitPer100k, before.limitPer100k)).toBe(true)
          expect(isAtMost(category.marginPer100k, before.marginPer100k)).toBe(true)
          // But for these two, and for every other part, the base is taken as it is.
          const { limitPer100k, marginPer100k } = before
          expect({ ...category, limitPer100k, marginPer100k }).toEqual(before)
        })
        expect({ ...effective, categories: base.categories }).toEqual(base)
        expect(effective.categories).toHaveLength(base.categories.length)
      }),
    )
  })

  it('takes every limit and margin that the head makes tighter, and no other', () => {
    fc.assert(
      fc.property(policies, policies, (base, head) => {
        for (const { id, limitPer100k } of takeStricter(base, head).categories) {
          const both = [base, head].map(({ categories }) => categories.find((entry) => entry.id === id))
          const limits = both.flatMap((entry) => entry?.limitPer100k ?? [])
          const isInBase = both[0]?.limitPer100k !== null
          expect(limitPer100k).toBe(isInBase ? Math.min(...limits) : null)
        }
      }),
    )
  })

  it('is the base against itself, and taken twice what it is taken once', () => {
    fc.assert(
      fc.property(policies, policies, (base, head) => {
        expect(takeStricter(base, base)).toEqual(base)
        const once = takeStricter(base, head)
        expect(takeStricter(once, head)).toEqual(once)
      }),
    )
  })
})
