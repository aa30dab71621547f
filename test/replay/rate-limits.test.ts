import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readAllowances } from '../../src/replay/rate-limits.ts'

const now = new Date('2026-11-02T08:00:00Z')
const read = (headers: Record<string, string>) => readAllowances(new Headers(headers), now)

describe('readAllowances', () => {
  it("reads OpenAI's headers", () => {
    const allowances = read({
      'x-ratelimit-limit-requests': '5000',
      'x-ratelimit-remaining-requests': '4999',
      'x-ratelimit-reset-requests': '12ms',
      'x-ratelimit-limit-tokens': '160000',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    })
    expect(allowances).toEqual([
      { of: 'requests', limit: 5000, remaining: 4999, resetMs: 12 },
      { of: 'tokens', limit: 160_000, remaining: 0, resetMs: 360_000 },
    ])
  })

  it("reads Anthropic's headers", () => {
    const allowances = read({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-02T08:01:00Z',
      'anthropic-ratelimit-input-tokens-limit': '40000',
      'anthropic-ratelimit-input-tokens-remaining': '1000',
      'anthropic-ratelimit-input-tokens-reset': '2026-11-02T07:59:00Z',
    })
    expect(allowances).toEqual([
      { of: 'requests', limit: 50, remaining: 0, resetMs: 60_000 },
      { of: 'tokens', limit: 40_000, remaining: 1000, resetMs: 0 },
    ])
  })

  it.each([
    ['1s', 1000],
    ['7.66s', 7660],
    ['2m59.56s', 179_560],
    ['1h2m3s', 3_723_000],
    ['1d', 86_400_000],
    ['30', 30_000],
    ['0', 0],
    ['1793606460', 60_000],
    ['soon', null],
    ['5 s', null],
    ['', null],
  ])('reads when a limit is whole again: %s', (reset, resetMs) => {
    const headers = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': reset }
    expect(read(headers)).toEqual([{ of: 'requests', limit: null, remaining: 0, resetMs }])
  })

  it('says nothing where nothing is said', () => {
    expect(read({})).toEqual([])
    expect(read({ 'x-ratelimit-limit-requests': '50', 'x-ratelimit-remaining-requests': 'many' })).toEqual([])
  })

  it('takes any text for a header', () => {
    const text = fc.string().map((value) => value.replaceAll(/[^\x20-\x7e]/g, ''))
    fc.assert(
      fc.property(text, text, text, (limit, remaining, reset) => {
        const headers = {
          'x-ratelimit-limit-tokens': limit,
          'x-ratelimit-remaining-tokens': remaining,
          'x-ratelimit-reset-tokens': reset,
        }
        for (const allowance of read(headers)) {
          expect(Number.isFinite(allowance.remaining)).toBe(true)
          expect(allowance.resetMs ?? 0).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })
})
