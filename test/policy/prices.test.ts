import { describe, expect, it } from '@jest/globals'
import { chooseBatchShare, findPrice, listPaidPrices } from '../../src/policy/prices.ts'

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

describe('what a batch costs', () => {
  const one = { inputUsdPer1m: 1, outputUsdPer1m: 2 }

  it('is half, unless the price says otherwise', () => {
    expect(chooseBatchShare(one)).toBe(0.5)
    expect(chooseBatchShare({ ...one, batchShare: 1 })).toBe(1)
    expect(chooseBatchShare({ ...one, batchShare: 0 })).toBe(0)
  })

  it.each([
    { arms: 'live', judges: 'live', paid: {} },
    { arms: 'batch', judges: 'live', paid: { 'ckpt-1': { inputUsdPer1m: 0.5, outputUsdPer1m: 1 } } },
    { arms: 'live', judges: 'batch', paid: { 'judge-1': { inputUsdPer1m: 0.25, outputUsdPer1m: 0.5 } } },
  ] as const)(
    'is what is paid for models that are asked so: arms $arms, judges $judges',
    ({ arms, judges, paid }) => {
      const prices = { '*': one, 'judge-1': { ...one, batchShare: 0.25 } }
      const policy = {
        prices,
        replay: { via: arms },
        judge: { via: judges },
        categories: [{ graders: [{ kind: 'judge', model: 'judge-1' }, { kind: 'pattern' }] }],
      }
      expect(listPaidPrices(policy, ['ckpt-1'])).toEqual({ ...prices, ...paid })
    },
  )
})
