import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  chooseUnit,
  formatAbout,
  formatBound,
  formatDifference,
  formatDifferences,
  formatDuration,
  formatIn,
  formatInterval,
  formatLevel,
  formatLimit,
  formatMargin,
  formatP,
  formatRatio,
  formatShare,
  formatUsd,
  joinWords,
} from '../../src/report/format.ts'

describe('rates', () => {
  it('are per 100k below 0.1 %', () => {
    const format = (per100k: number) => formatIn(chooseUnit(per100k), per100k)
    expect([99, 100, 3.31, 240, 12_345, 0].map(format)).toEqual([
      '99 per 100k',
      '0.1 %',
      '3.3 per 100k',
      '0.24 %',
      '12.3 %',
      '0 %',
    ])
  })

  it('keep every digit of a limit', () => {
    expect(formatLimit(1020)).toBe('1.02 %')
    expect(formatLimit(70)).toBe('70 per 100k')
    expect(formatLimit(200, 'per 100k')).toBe('0.2 % (200 per 100k)')
    expect(formatLimit(200, '%')).toBe('0.2 %')
    expect(formatInterval('%', [50, 300])).toBe('0.05 to 0.3 %')
  })

  it('show a bound on the side of the limit where it lies', () => {
    expect(formatBound('%', 1040, 1000)).toBe('1.04 %')
    expect(formatBound('%', 999.6, 1000)).toBe('0.9996 %')
    expect(formatBound('%', 1000, 1000)).toBe('1 %')
    expect(formatBound('%', 1564, 1000)).toBe('1.6 %')
    const bounds = fc
      .double({ min: 0, max: 100_000, noNaN: true })
      .map((value) => Number(value.toPrecision(12)))
    fc.assert(
      fc.property(bounds, fc.integer({ min: 0, max: 100_000 }), (bound, limit) => {
        const shown = Number.parseFloat(formatBound('per 100k', bound, limit))
        expect(Math.sign(shown - limit)).toBe(Math.sign(bound - limit))
      }),
    )
  })
})

describe('differences', () => {
  it('are points of per cent, or per 100k', () => {
    expect(formatDifference('%', 5500)).toBe('+5.5 points')
    expect(formatDifference('%', -1000)).toBe('−1 point')
    expect(formatDifference('per 100k', -12)).toBe('−12 per 100k')
    expect(formatDifference('%', 0)).toBe('0 points')
    expect(formatDifferences('%', [-240, 200])).toBe('−0.24 to +0.2 points')
  })
})

describe('margins and ratios', () => {
  it('keep every digit of a margin', () => {
    expect([1000, 500, 1250, 20].map((margin) => formatMargin(margin))).toEqual([
      '1 point',
      '0.5 points',
      '1.25 points',
      '20 per 100k',
    ])
    expect(formatMargin(1000, 'per 100k')).toBe('1 point (1000 per 100k)')
    expect(formatMargin(20, '%')).toBe('20 per 100k')
  })

  it('leave out what is infinite', () => {
    expect(formatRatio({ ratio: 2.44, lower: 1.08, upper: 5.21 })).toBe('2.4 times (1.1 to 5.2)')
    expect(formatRatio({ ratio: 0, lower: 0, upper: 1.2 })).toBe('0 times (0 to 1.2)')
    expect(formatRatio({ ratio: null, lower: 3.3, upper: null })).toBe('at least 3.3 times')
    expect(formatRatio({ ratio: null, lower: 0, upper: null })).toBeNull()
    expect(formatRatio({ ratio: 1500, lower: 40.04, upper: 60_000 })).toBe('1,500 times (40 to 60,000)')
  })
})

describe('other quantities', () => {
  it('are short', () => {
    expect([1, 0.013, 0.00098, 0.000104, 0.00009996, 2.14e-9, 2e-9, 0].map(formatP)).toEqual([
      'p = 1',
      'p = 0.013',
      'p = 0.00098',
      'p = 0.0001',
      'p = 0.0001',
      'p = 2.1e-9',
      'p = 2e-9',
      'p < 1e-300',
    ])
    expect([0.05, 0.05 / 6, 0.0125].map(formatLevel)).toEqual(['0.05', '0.00833', '0.0125'])
    expect([['a'], ['a', 'b'], ['a', 'b', 'c']].map(joinWords)).toEqual(['a', 'a and b', 'a, b and c'])
    expect([0, 0.004, 0.42, 9.999, 11.2, 1240].map(formatUsd)).toEqual([
      '$0',
      'less than $0.01',
      '$0.42',
      '$10',
      '$11',
      '$1,240',
    ])
    expect([42_000, 750_000, 120_000, 11_100_000].map(formatDuration)).toEqual([
      '42 s',
      '12 min 30 s',
      '2 min',
      '3 h 5 min',
    ])
    expect([1, 57_480, 3391, 101].map(formatAbout)).toEqual(['1', '58,000', '3,400', '110'])
    expect([formatShare(1, 3), formatShare(0, 3), formatShare(0, 0)]).toEqual(['33.3 %', '0 %', '–'])
  })
})
