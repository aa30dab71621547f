import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { suggestFileName } from '../../src/registration/file-name.ts'
import { parseRegistration, readRegistration } from '../../src/registration/load.ts'
import type { Registration } from '../../src/registration/schema.ts'
import { writeRate, writeRegistration, writeText } from '../../src/registration/write.ts'
import { policyText, readPolicy } from '../policy/policies.ts'
import { registrationText } from './registrations.ts'

const file = 'preregistration/x.yml'
const policy = readPolicy(policyText)

/** Rates with as many digits as anyone writes. */
const rates = fc
  .tuple(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 4 }))
  .map(([digits, places]) => Number((digits / Number(`1e${places}`)).toPrecision(6)))
const texts = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
  fc.constantFrom(
    'null',
    'true',
    '42',
    '1.0',
    '- a',
    'a: b',
    '# a',
    '"',
    "it's",
    'a\nb',
    'org/model:v2 ',
    '~',
    '\u202egnp',
  ),
)
const registrations: fc.Arbitrary<Registration> = fc.record({
  version: fc.constant(1 as const),
  candidate: texts,
  round: fc.integer({ min: 1, max: 100 }),
  predictions: fc.array(
    fc.record({
      category: texts,
      ratePer100k: rates,
      intervalPer100k: fc.tuple(rates, rates).map(([a, b]): [number, number] => (a < b ? [a, b] : [b, a])),
      direction: fc.constantFrom('up' as const, 'down' as const, 'same' as const),
      limitPer100k: fc.option(
        rates.map((rate) => Number((rate + 1).toPrecision(9))),
        { nil: null },
      ),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  amendments: fc
    .array(texts, { maxLength: 3 })
    .map((reasons) => reasons.map((reason, index) => ({ number: index + 1, date: '2026-11-03', reason }))),
  withdrawn: fc.boolean(),
})

describe('a registration that is written', () => {
  it('parses to the same, whatever its texts are', () => {
    fc.assert(
      fc.property(registrations, (registration) => {
        const text = writeRegistration(registration)
        expect(readRegistration({ file, text })).toEqual(registration)
      }),
    )
  })

  it('parses to the same whatever stands beside it', () => {
    const registration = parseRegistration({ file, text: registrationText }, policy)
    fc.assert(
      fc.property(fc.array(texts), (lines) => {
        const comments = { head: lines, predictions: new Map([['over-refusal', lines]]) }
        const text = writeRegistration(registration, comments)
        expect(readRegistration({ file, text })).toEqual(registration)
        expect(text.split('\n').filter((line) => line.trimStart().startsWith('#'))).toHaveLength(
          lines.length * 2,
        )
      }),
    )
  })

  it('reads as one that people write', () => {
    const registration = parseRegistration({ file, text: registrationText }, policy)
    expect(
      writeRegistration(
        { ...registration, round: 2, withdrawn: true },
        { head: ['why'], predictions: new Map() },
      ),
    ).toBe(`# why
version: 1
candidate: ckpt-42
round: 2
predictions:
  - { category: over-refusal, rate: 1%, interval: [0.5%, 2%], direction: down }
  - { category: unsafe-compliance, rate: 10 per 100k, interval: [0%, 0.3%], direction: same, limit: 0.4% }
amendments: []
withdrawn: true
`)
  })

  it('hides no character of an id', () => {
    expect(writeText('ckpt\u202e42\u0007')).toBe('"ckpt\\u202e42\\u0007"')
    expect(writeText('ckpt-42')).toBe('ckpt-42')
    expect(writeText('42')).toBe('"42"')
    expect(writeText('a \u{e0061}')).toBe('"a \\udb40\\udc61"')
  })

  it.each([
    [0, '0%'],
    [0.01, '0.01 per 100k'],
    [40, '40 per 100k'],
    [70, '70 per 100k'],
    [100, '0.1%'],
    [641, '0.641%'],
    [100_000, '100%'],
    [0.0000001, '0.0000001 per 100k'],
  ])('writes %d per 100,000 with its unit', (per100k, text) => {
    expect(writeRate(per100k)).toBe(text)
  })
})

describe('the file name of a registration', () => {
  it.each([
    ['ckpt-42', 'ckpt-42.yml'],
    ['gpt-4.1_mini', 'gpt-4.1_mini.yml'],
    ['../org/model:v2', 'org-model-v2.yml'],
    ['a  b', 'a-b.yml'],
    ['Modèle-é', 'Modele-e.yml'],
    ['.hidden', 'hidden.yml'],
    ['-rf', 'rf.yml'],
  ])('of %j is %j', (candidate, name) => {
    expect(suggestFileName(candidate)).toBe(name)
  })

  it('is a short one of its own where an id has nothing that a name can hold, or too much', () => {
    expect(suggestFileName('モデル')).toMatch(/^candidate-[0-9a-f]{8}\.yml$/)
    expect(suggestFileName('モデル')).not.toBe(suggestFileName('模型'))
    const long = suggestFileName('a'.repeat(300))
    expect(long).toMatch(/^a{80}-[0-9a-f]{8}\.yml$/)
    expect(long).not.toBe(suggestFileName('a'.repeat(301)))
    expect(suggestFileName('CON')).toMatch(/^CON-[0-9a-f]{8}\.yml$/)
  })

  it('is one file of the folder, whatever the id', () => {
    fc.assert(
      fc.property(texts, (candidate) => {
        expect(suggestFileName(candidate)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}\.yml$/)
      }),
    )
  })
})
