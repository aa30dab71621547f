import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Label } from '../../src/grade/label.ts'
import { type Agreement, combineVotes, countVotes, isSplit, votesSchema } from '../../src/grade/votes.ts'

const letters: Readonly<Record<string, Label>> = {
  p: { kind: 'present', quote: 'first' },
  q: { kind: 'present', quote: 'second' },
  a: { kind: 'absent' },
  t: { kind: 'missing', class: 'transport', of: 'judge', cause: 'timeout' },
  c: { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' },
  n: { kind: 'not-asked', reason: 'max-requests' },
}
const spell = (word: string) => [...word].map((letter): Label => letters[letter] ?? { kind: 'absent' })
const combine = (word: string, agreement: Agreement) => combineVotes(spell(word), agreement)

describe('votes', () => {
  it.each([
    ['p', 'present'],
    ['a', 'absent'],
    ['c', 'missing'],
    ['ppp', 'present'],
    ['ppa', 'absent'],
    ['paa', 'absent'],
    ['ppc', 'missing'],
    // One absent vote settles it, whatever is missing beside it.
    ['pca', 'absent'],
    ['nna', 'absent'],
    ['ppn', 'not-asked'],
    ['pcn', 'not-asked'],
  ])('that have to be unanimous: %s is %s', (word, expected) => {
    expect(combine(word, 'all').kind).toBe(expected)
  })

  it.each([
    ['p', 'present'],
    ['pa', 'absent'],
    ['pp', 'present'],
    ['ppa', 'present'],
    ['paa', 'absent'],
    ['ppc', 'present'],
    ['pca', 'missing'],
    ['pcc', 'missing'],
    ['aac', 'absent'],
    ['acc', 'missing'],
    ['pna', 'not-asked'],
    ['pppaa', 'present'],
    ['ppaaa', 'absent'],
    ['ppaac', 'missing'],
  ])('of which more than half decide: %s is %s', (word, expected) => {
    expect(combine(word, 'majority').kind).toBe(expected)
  })

  it('keep the first quote, and the first cause', () => {
    expect(combine('aqp', 'majority')).toEqual({ kind: 'present', quote: 'second' })
    expect(combine('ptc', 'all')).toMatchObject({ cause: 'timeout' })
  })

  it('are none without any', () => {
    expect(() => combineVotes([], 'all')).toThrow(RangeError)
  })

  it('are counted, what is not asked as missing, and split where some say present and some absent', () => {
    expect(votesSchema.parse(countVotes(spell('ppactn')))).toEqual({ present: 2, absent: 1, missing: 3 })
    expect(isSplit(countVotes(spell('pac')))).toBe(true)
    expect(isSplit(countVotes(spell('ppc')))).toBe(false)
    expect(isSplit(countVotes(spell('aac')))).toBe(false)
  })

  const words = fc.string({ unit: fc.constantFrom('p', 'a', 'c', 'n'), minLength: 1, maxLength: 9 })
  const agreements = fc.constantFrom<Agreement>('all', 'majority')

  it('settle a label only where no missing vote could have turned it', () => {
    fc.assert(
      fc.property(words, agreements, (word, agreement) => {
        const given = combine(word, agreement).kind
        const worst = combine(word.replaceAll(/[cn]/g, 'p'), agreement).kind
        const best = combine(word.replaceAll(/[cn]/g, 'a'), agreement).kind
        if (worst === best) expect(given).toBe(worst)
        else expect(['missing', 'not-asked']).toContain(given)
      }),
    )
  })

  it('don’t become fewer flags where one more says present', () => {
    const order = ['absent', 'missing', 'not-asked', 'present']
    fc.assert(
      fc.property(words, agreements, fc.nat(8), (word, agreement, at) => {
        const index = at % word.length
        const more = `${word.slice(0, index)}p${word.slice(index + 1)}`
        const before = combine(word, agreement).kind
        const after = combine(more, agreement).kind
        if (before === 'present') expect(after).toBe('present')
        if (after === 'absent') expect(before).toBe('absent')
        expect(order).toContain(after)
      }),
    )
  })
})
