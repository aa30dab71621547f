import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createPlaceFinder } from '../../src/record/find-place.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const
const turns = names.map((turn) => ({ turn }))
const places = new Map<string, number>(names.map((name, place) => [name, place]))

describe('finding the places of turns', () => {
  it.each([
    ['in their order, twice each', 'aabbccddeeffgg'],
    ['from the first one again', 'abcdefgabcdefg'],
    ['some left out', 'aceebgf'],
    ['backwards', 'gfedcba'],
    ['with one that is none of them', 'abxcdxga'],
  ])('finds them %s', (_, asked) => {
    const findPlace = createPlaceFinder(turns)
    expect([...asked].map(findPlace)).toEqual([...asked].map((turn) => places.get(turn)))
  })

  it('finds them in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...names, 'x'), { maxLength: 30 }), (asked) => {
        const findPlace = createPlaceFinder(turns)
        expect(asked.map(findPlace)).toEqual(asked.map((turn) => places.get(turn)))
      }),
      { numRuns: 200 },
    )
  })

  it('finds nothing among none', () => {
    expect(createPlaceFinder([])('a')).toBeUndefined()
  })
})
