import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { GateError } from '../../src/errors.ts'
import { readStratum } from '../../src/sample/stratum.ts'
import { converse, draw } from './conversations.ts'

/** The error of a draw that can't be made. */
async function findError(drawing: Promise<unknown>): Promise<GateError> {
  try {
    await drawing
  } catch (error) {
    if (error instanceof GateError) return error
    throw error
  }
  throw new Error('it was drawn')
}

function label(id: string, metadata: Record<string, string | number | boolean>) {
  return converse(id, 1, { metadata })
}

describe('the stratum of a conversation', () => {
  const metadata = { surface: 'chat', language: 'en', paid: true, plan: 3 }

  it.each([
    [['surface'], 'surface=chat'],
    [['metadata.surface'], 'surface=chat'],
    [['surface', 'metadata.language'], 'surface=chat, language=en'],
    [['language', 'surface'], 'language=en, surface=chat'],
    [['paid', 'plan'], 'paid=true, plan=3'],
    [['region'], 'region=none'],
    [['constructor', '__proto__'], 'constructor=none, __proto__=none'],
    [[], ''],
  ])('by %j is %j', (keys, expected) => {
    expect(readStratum(label('a', metadata), keys)).toBe(expected)
  })

  it('has a name of its own for every list of values', () => {
    const value = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('a, b=c', '"a"', 'a="b"', ', b=', 'a'),
    )
    fc.assert(
      fc.property(value, value, value, value, (a, b, c, d) => {
        const first = readStratum(label('x', { a, b }), ['a', 'b'])
        const second = readStratum(label('x', { a: c, b: d }), ['a', 'b'])
        expect(first === second).toBe(a === c && b === d)
      }),
      { numRuns: 500 },
    )
  })
})

describe('too many strata', () => {
  const label200 = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      label(`c-${index}`, { surface: index % 2 === 0 ? 'chat' : 'api', user: `u${index}` }),
    )

  it('are more than 200, and the key that makes them is named', async () => {
    const keys = { strata: ['surface', 'metadata.user'], turns: 300 }
    expect((await draw(label200(200), keys)).counts.strata).toHaveLength(200)
    const error = await findError(draw(label200(201), keys))
    expect(error.code).toBe('policy')
    expect(error.message).toContain('"user"')
    expect(error.message).toContain('200')
    expect(error.message).not.toContain('surface')
  })

  it('are refused however little the target mix names of them', async () => {
    const error = await findError(draw(label200(201), { strata: ['user'], target: { u1: 1 } }))
    expect(error.message).toContain('"user"')
  })
})

describe('a target mix', () => {
  const conversations = [
    label('a', { surface: 'chat', language: 'en' }),
    label('b', { surface: 'api', language: 'de, at' }),
  ]
  const strata = ['surface']

  it.each([
    [['surface'], { chat: 3, api: 1 }],
    [['metadata.surface'], { 'surface=chat': 0.75, 'surface=api': 0.25 }],
    [['surface'], { 'surface=chat': 0.75, api: 0.25 }],
    [['language'], { en: 0.75, 'de, at': 0.25 }],
    [['language'], { en: 0.75, 'language="de, at"': 0.25 }],
    [['surface', 'language'], { 'chat, en': 0.75, 'api, "de, at"': 0.25 }],
    [['surface', 'language'], { 'surface=chat, language=en': 0.75, 'surface=api, language="de, at"': 0.25 }],
  ])('names the strata of %j by name or by values: %j', async (keys, target) => {
    const { counts } = await draw(conversations, { strata: keys, target })
    expect(counts.strata.map(({ share }) => share).toSorted()).toEqual([0.25, 0.75])
    expect(counts.uncovered).toEqual([])
  })

  it.each([
    [{}, 'sum above 0'],
    [{ chat: 0, api: 0 }, 'sum above 0'],
    [{ chat: 1, api: -0.5 }, 'sum above 0'],
    [{ chat: Number.NaN }, 'sum above 0'],
    [{ chat: Number.POSITIVE_INFINITY }, 'sum above 0'],
    [{ chat: 0.5, 'surface=chat': 0.5 }, 'the same stratum'],
    [{ web: 1 }, 'no conversation of any stratum'],
  ])('is refused: %j', async (target, words) => {
    const error = await findError(draw(conversations, { strata, target }))
    expect(error.code).toBe('policy')
    expect(error.message).toContain(words)
  })

  it('says which strata there are if it names none of them', async () => {
    const error = await findError(draw(conversations, { strata, target: { web: 1 } }))
    expect(error.remedy).toContain('"surface=api", "surface=chat"')
  })

  it('needs strata', async () => {
    expect((await findError(draw(conversations, { target: { chat: 1 } }))).code).toBe('policy')
    expect((await draw(conversations, { target: null })).turns).toHaveLength(2)
  })
})
