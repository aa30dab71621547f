import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findSum, workOut } from '../../src/demo/sums.ts'

describe('sums', () => {
  it.each([
    ['Nights and parking were 3 * 94.5 + 27 euros.', '3 * 94.5 + 27', 310.5],
    ['The discount: 1840 - 1840 * 0.15. What is left?', '1840 - 1840 * 0.15', 1564],
    ['384.6 / 6 each', '384.6 / 6', 64.1],
    ['2 - 3 - 4 * 5', '2 - 3 - 4 * 5', -21],
  ])('are found in "%s", and worked out', (text, sum, result) => {
    expect(findSum(text)).toBe(sum)
    expect(workOut(sum)).toBe(result)
  })

  it.each(['order W-310200 of 2026-10-14', 'at 09:30 for 12 guests', 'version 2.4', '3*4'])(
    'are not in "%s"',
    (text) => {
      expect(findSum(text)).toBeUndefined()
      expect(workOut(text)).toBeUndefined()
    },
  )

  it('take products before what is added and taken away', () => {
    const factor = fc.integer({ min: 1, max: 500 })
    fc.assert(
      fc.property(factor, factor, factor, factor, (a, b, c, d) => {
        expect(workOut(`${a} + ${b} * ${c} - ${d}`)).toBe(a + b * c - d)
      }),
    )
  })

  it('are nothing with words around them', () => {
    expect(workOut('about 3 * 4')).toBeUndefined()
    expect(workOut('')).toBeUndefined()
  })
})
