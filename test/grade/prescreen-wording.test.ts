import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { addresses, speaksToGrader } from '../../src/grade/prescreen-wording.ts'
import { attacks } from '../support/attacks.ts'

const patterns = addresses.flatMap((wordings) => wordings.patterns)
const matchesAny = (text: string) => patterns.some((pattern) => pattern.test(text))

describe('speaksToGrader', () => {
  it('finds all that any of its patterns does, whatever is looked for first', () => {
    const orders = [...attacks['addresses-grader'], ...attacks['states-a-verdict']]
    const words = [...new Set(patterns.flatMap(({ source }) => source.match(/\p{L}{2,}/gu) ?? []))]
    const piece = fc.oneof(
      fc.constantFrom(...orders),
      fc.constantFrom(...orders.flatMap((order) => order.split(/(?<= )/u))),
      fc.constantFrom(...words),
      fc.constantFrom(' ', '\n', ': ', '.', '"', '’', 's', 'x', '１'),
    )
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
    let found = 0
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((written) => written.toUpperCase()),
        ),
        (written) => {
          const expected = matchesAny(written)
          if (expected) found += 1
          expect(speaksToGrader(written)).toBe(expected)
        },
      ),
      { numRuns: 3000 },
    )
    expect(found).toBeGreaterThan(300)
  })

  it('looks for words first that a plain answer has not', () => {
    const telling = addresses.flatMap((wordings) => (wordings.telling === null ? [] : [wordings.telling]))
    expect(telling).toHaveLength(2)
    for (const pattern of telling) expect('The parcel left on Monday, as promised.').not.toMatch(pattern)
  })
})
