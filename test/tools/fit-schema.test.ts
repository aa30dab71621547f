import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findDefect } from '../../src/tools/defect.ts'
import { findMisfits } from '../../src/tools/fit-schema.ts'
import { makeCall, makeTool } from './asked-call.ts'

const flight = {
  type: 'object',
  required: ['from', 'date'],
  additionalProperties: false,
  properties: {
    from: { type: 'string' },
    date: { type: ['string', 'null'] },
    seats: { type: 'integer', minimum: 1, maximum: 9 },
    cabin: { enum: ['economy', 'business'] },
    stops: { type: 'array', maxItems: 2, items: { $ref: '#/$defs/stop' } },
    payment: { anyOf: [{ type: 'string' }, { type: 'object', required: ['id'] }] },
    weight: { type: 'number', nullable: true },
    extra: { type: 'object', additionalProperties: { type: 'boolean' } },
    kind: { const: 'flight' },
  },
  $defs: { stop: { type: 'object', required: ['code'], properties: { next: { $ref: '#/$defs/stop' } } } },
}
const fitting = { from: 'AMS', date: null }

describe('arguments', () => {
  it.each<[string, unknown, string[]]>([
    ['what fits', { ...fitting, seats: 2, cabin: 'economy', kind: 'flight' }, []],
    [
      'choices',
      { ...fitting, payment: { id: 1 }, stops: [{ code: 1 }], weight: null, extra: { a: true } },
      [],
    ],
    ['whole numbers in any writing', { ...fitting, seats: 2.0 }, []],
    ['what is missing', { from: 'AMS' }, ['date: is required']],
    ['another type', { ...fitting, from: 7 }, ['from: expected a string, got a number']],
    ['a text in place of a number', { ...fitting, seats: '2' }, ['seats: expected an integer, got a string']],
    ['none of two types', { ...fitting, date: [] }, ['date: expected a string or null, got an array']],
    [
      'a value that is not allowed',
      { ...fitting, cabin: 'first' },
      ['cabin: expected "economy", "business"'],
    ],
    ['another constant', { ...fitting, kind: 'train' }, ['kind: expected "flight"']],
    ['too much', { ...fitting, seats: 10 }, ['seats: expected at most 9']],
    ['too little', { ...fitting, seats: 0 }, ['seats: expected at least 1']],
    [
      'too many',
      { ...fitting, stops: [1, 2, 3].map((code) => ({ code })) },
      ['stops: expected at most 2 items'],
    ],
    ['what nobody asked for', { ...fitting, seat: 1 }, ['seat: is not a known argument']],
    ['what is deeper', { ...fitting, stops: [{ code: 1, next: {} }] }, ['stops.0.next.code: is required']],
    ['further keys', { ...fitting, extra: { a: 1 } }, ['extra.a: expected a boolean, got a number']],
    ['no choice', { ...fitting, payment: 1 }, ['payment: expected a string, got a number']],
    ['no object', 'AMS', ['expected an object, got a string']],
    ['inherited keys', { ...fitting, constructor: 1 }, ['constructor: is not a known argument']],
  ])('are compared with their schema: %s', (_, value, misfits) => {
    expect(findMisfits(flight, value)).toEqual(misfits)
  })

  it('fit a schema that says nothing that is known', () => {
    for (const schema of [undefined, null, true, {}, { type: 7 }, { type: 'thing' }, { $ref: 'http://x' }]) {
      expect(findMisfits(schema, { a: 1 })).toEqual([])
    }
    expect(findMisfits({ properties: { a: { pattern: '^(a+)+$', format: 'uuid' } } }, { a: 'b' })).toEqual([])
    expect(findMisfits({ $ref: '#' }, {})).toEqual([])
    expect(findMisfits({ properties: { a: false } }, { a: 1 })).toEqual(['a: is not allowed'])
  })

  it('have at most five reasons, and never make it throw', () => {
    const many = { type: 'object', additionalProperties: { type: 'string' } }
    expect(findMisfits(many, { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 })).toHaveLength(5)
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (schema, value) => findMisfits(schema, value).length <= 5),
    )
  })
})

describe('a call', () => {
  const offered = [makeTool('book', flight), makeTool('list')]
  const find = (name: string, input: unknown) =>
    findDefect(makeCall(name, input), { offered, isKnown: () => false })

  it('has no defect where it fits, or nothing is said of its arguments', () => {
    expect(find('book', fitting)).toBe(null)
    expect(find('list', '')).toBe(null)
    expect(find('list', { anything: true })).toBe(null)
    // Parsers take one of two; which fits is theirs to say.
    expect(find('list', '{"a":1,"a":2}')).toBe(null)
  })

  it('is told what is wrong with it', () => {
    expect(find('book', '{"from":')).toEqual({
      kind: 'invalid-json',
      message: 'the arguments of "book" are not valid JSON',
    })
    expect(find('fly', {})).toEqual({
      kind: 'unknown-tool',
      message: 'unknown tool "fly"; available tools: book, list',
    })
    const known = (name: string) => name === 'fly'
    const none = { offered: null, isKnown: known }
    expect(findDefect(makeCall('walk'), none)?.message).toBe('unknown tool "walk"; no tools are available')
    expect(findDefect(makeCall('fly'), none)).toBe(null)
    expect(findDefect(makeCall('fly', '{'), none)?.kind).toBe('invalid-json')
    expect(findDefect(makeCall('fly'), { offered: [], isKnown: known })?.kind).toBe('unknown-tool')
    expect(find('book', {})).toEqual({
      kind: 'invalid-arguments',
      message: 'invalid arguments for "book": from: is required; date: is required',
    })
    expect(find('list', '[1]')?.message).toBe('invalid arguments for "list": expected an object')
    expect(find('list', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`)?.message).toContain(
      'nested too deeply',
    )
  })
})
