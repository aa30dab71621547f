import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatRate, parseRate, rateSchema } from '../../src/policy/rate.ts'

describe('a rate', () => {
  it.each([
    ['0%', 0],
    ['0.5%', 500],
    ['0.07%', 70],
    ['1.1 %', 1100],
    [' 33.333% ', 33_333],
    ['100%', 100_000],
    ['40 per 100k', 40],
    ['0.5 per 100k', 0.5],
    ['40per100K', 40],
    ['40 PER 100k', 40],
    ['100000 per 100k', 100_000],
    ['007%', 7000],
  ])('is read with its unit: %j', (text, per100k) => {
    expect(parseRate(text)).toBe(per100k)
  })

  it.each([
    '',
    '%',
    '5',
    '0.5',
    '-1%',
    '+1%',
    '1e3%',
    '1e999%',
    '.5%',
    '5.%',
    '0x10%',
    '1,5%',
    '1%%',
    '1% 2%',
    'NaN%',
    'Infinity%',
    '.inf',
    '½%',
    '५%',
    '5 per 100',
    '5 per 1000k',
    '5‰',
    '1\u200b%',
  ])('is refused with a hint when it is not one: %j', (text) => {
    expect(parseRate(text)).toBe(
      `"${text}" is not a rate: write a rate with its unit, like "0.5%" or "40 per 100k"`,
    )
  })

  it.each(['150%', '100.001%', '100001 per 100k', `${'9'.repeat(400)} per 100k`, `${'9'.repeat(400)}%`])(
    'is at most every turn: %j',
    (text) => {
      expect(parseRate(text)).toMatch(/is more than every turn: a rate is at most 100% \(100000 per 100k\)$/)
    },
  )

  it('is the very number that was written, not the nearest product', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (per100k) => {
        expect(parseRate(`${per100k / 1000}%`)).toBe(per100k)
        expect(parseRate(`${per100k} per 100k`)).toBe(per100k)
      }),
    )
  })

  it('is finite and between none and all for any text that is accepted', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9.]{1,40} ?(%|per 100k)$/), (text) => {
        const rate = parseRate(text)
        if (typeof rate === 'number') {
          expect(rate).toBeGreaterThanOrEqual(0)
          expect(rate).toBeLessThanOrEqual(100_000)
        }
      }),
    )
  })

  it.each([1, 0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, null, true, [], {}, undefined])(
    'is never a bare %p',
    (value) => {
      const parsed = rateSchema.safeParse(value)
      expect(parsed.success).toBe(false)
      expect(parsed.error?.issues[0]?.message).toMatch(/write a rate with its unit/)
    },
  )
})

describe('a rate for people', () => {
  it.each([
    [0, '0 %'],
    [0.5, '0.5 per 100k'],
    [12.34, '12.3 per 100k'],
    [99, '99 per 100k'],
    [100, '0.1 %'],
    [240, '0.24 %'],
    [12_345, '12.3 %'],
    [100_000, '100 %'],
  ])('%d per 100k is %j', (per100k, text) => {
    expect(formatRate(per100k)).toBe(text)
  })

  it('can be written back into a policy and is near what it was', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 100_000, noNaN: true }), (per100k) => {
        const again = parseRate(formatRate(per100k))
        expect(typeof again).toBe('number')
        expect(Math.abs(Number(again) / per100k - 1)).toBeLessThanOrEqual(0.051)
      }),
    )
  })
})
