import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createRedactor } from '../../src/adapters/redact.ts'

const key = 'sk-canary/one+"4f1c"\\90==e7'
const other = 'sk-canary/other+b82d'

describe('a redactor', () => {
  it.each([
    ['as it is', key],
    ['in JSON', JSON.stringify(key).slice(1, -1)],
    ['in a URL', encodeURIComponent(key)],
    ['twice', `${key}${key}`],
  ])('takes a key out that is written %s', (_, written) => {
    const text = createRedactor(key)(`before ${written} after`)
    expect(text).toMatch(/^before (?:\[redacted\])+ after$/)
  })

  it('takes it out of base64, whatever stands around it', () => {
    const redact = createRedactor(key)
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (before, after) => {
        for (const encoding of ['base64', 'base64url'] as const) {
          const text = redact(Buffer.from(`${before}${key}${after}`).toString(encoding))
          expect(text).toContain('[redacted]')
          const left = text.split('[redacted]').map((part) => Buffer.from(part, encoding).toString('latin1'))
          expect(left.some((part) => part.includes('canary'))).toBe(false)
        }
      }),
    )
  })

  it('takes out secrets of others, but no words that are none', () => {
    const redact = createRedactor(null, [other, 'EMPTY', ''])
    expect(redact(`${other} EMPTY ${Buffer.from('EMPTY').toString('base64')}`)).toBe(
      '[redacted] EMPTY RU1QVFk=',
    )
    expect(createRedactor('EMPTY')('EMPTY RU1QVFk=')).toBe('[redacted] RU1QVFk=')
  })

  it('takes out keys and secrets of any signs, and leaves all else alone', () => {
    const sign = fc.oneof(
      fc.constantFrom(...'\\^$.*+?()[]{}|/-\n"é🔑'),
      fc.string({ minLength: 1, maxLength: 1 }),
    )
    const secret = fc.array(sign, { minLength: 8, maxLength: 20 }).map((signs) => signs.join(''))
    fc.assert(
      fc.property(secret, secret, fc.array(fc.nat({ max: 2 }), { maxLength: 5 }), (own, foreign, places) => {
        const redact = createRedactor(own, [foreign])
        const written = places.map((place) => [own, foreign, '\u0000'][place] ?? '')
        const text = redact(written.join('\u0000'))
        expect([own, foreign].some((hidden) => text.includes(hidden))).toBe(false)
        if (!places.some((place) => place < 2)) expect(text).toBe(written.join('\u0000'))
      }),
    )
  })

  it('leaves a text alone where there is no key', () => {
    for (const none of [null, '']) expect(createRedactor(none)('any text')).toBe('any text')
  })
})
