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
  formatLimit,
  formatP,
  formatShare,
  formatUsd,
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

describe('other quantities', () => {
  it('are short', () => {
    expect([1, 0.013, 0.00099, 2e-9, 0].map(formatP)).toEqual([
      'p = 1',
      'p = 0.013',
      'p = 1e-3',
      'p = 2e-9',
      'p < 1e-300',
    ])
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
