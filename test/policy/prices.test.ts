import { describe, expect, it } from '@jest/globals'
import { findPrice } from '../../src/policy/prices.ts'

describe('findPrice', () => {
  const prices = { 'ckpt-*': 1, 'ckpt-4*': 2, 'ckpt-42': 3, 'judge-1': 4 }

  it.each([
    ['ckpt-42', 3],
    ['ckpt-43', 2],
    ['ckpt-7', 1],
    ['judge-1', 4],
    ['judge-12', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('goes from the name itself to the longest beginning: %s', (model, price) => {
    expect(findPrice(prices, model)).toBe(price)
  })

  it('takes a star alone for all that have no price', () => {
    expect(findPrice({ ...prices, '*': 5 }, 'judge-12')).toBe(5)
  })
})
