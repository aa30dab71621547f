import { describe, expect, it } from '@jest/globals'
import { NumberColumn } from '../../src/record/number-column.ts'

describe('a column of numbers', () => {
  it.each([
    ['one byte', [0, 1, 255]],
    ['two bytes', [0, 255, 256, 65_535, 7]],
    ['four bytes', [3, 65_535, 65_536, 2 ** 32 - 1, 7]],
    ['four bytes at once', [3, 2 ** 32 - 1, 300, 7]],
  ])('keeps numbers of %s, and those before them', (_, numbers) => {
    const column = new NumberColumn()
    numbers.forEach((value, row) => {
      column.set(row, value)
    })
    expect(numbers.map((_, row) => column.at(row))).toEqual(numbers)
  })

  it('keeps numbers across its parts, each as wide as its own need', () => {
    const column = new NumberColumn()
    const rows = [65_534, 65_535, 65_536, 65_537, 131_071, 131_072]
    rows.forEach((row, index) => {
      column.set(row, 1000 * index)
    })
    expect(rows.map((row) => column.at(row))).toEqual(rows.map((_, index) => 1000 * index))
  })

  it('is 0 where nothing was set', () => {
    const column = new NumberColumn()
    expect(column.at(0)).toBe(0)
    column.set(200_000, 9)
    expect([0, 199_999, 200_000, 200_001, 10_000_000].map((row) => column.at(row))).toEqual([0, 0, 9, 0, 0])
  })
})
