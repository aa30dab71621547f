import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { z } from 'zod'
import { formatError } from '../../src/errors.ts'
import { formatPath, parseSource, strictObject, suggestKey } from '../../src/policy/document.ts'
import { findMark, takeRefusal } from '../support/refusal.ts'

const schema = strictObject({
  name: z.string(),
  count: z.int().optional(),
  items: z.array(strictObject({ id: z.string(), limit: z.number().optional() })).optional(),
  sizes: z.record(z.string(), z.number()).optional(),
})

function parse(text: string, firstLine?: number): z.infer<typeof schema> {
  return parseSource({ file: 'some.yml', text, firstLine }, schema, 'policy')
}

async function refuse(text: string, firstLine?: number) {
  const { message, where, remedy, code } = await takeRefusal(() => parse(text, firstLine))
  return { message, where, remedy, code }
}

describe('a document', () => {
  it.each([
    ['YAML', 'name: a\nitems:\n  - { id: x }\n'],
    ['YAML with CRLF', 'name: a\r\nitems:\r\n  - id: x\r\n'],
    ['YAML after a byte order mark', '\ufeffname: a\nitems: [{ id: x }]\n'],
    ['JSON', '{"name":"a","items":[{"id":"x"}]}'],
    ['JSON with tabs', '{\n\t"name": "a",\n\t"items": [\n\t\t{\n\t\t\t"id": "x"\n\t\t}\n\t]\n}\n'],
    ['JSON with escapes', '{"n\\u0061me":"\\u0061","items":[{"\\u0069d":"x"}]}'],
    ['YAML with an alias', 'name: &n a\nitems: [{ id: x }]\n'],
  ])('is read: %s', (_, text) => {
    expect(parse(text)).toEqual({ name: 'a', items: [{ id: 'x' }] })
  })

  it.each(['', '\n\n', '# only a comment\n', '---\n', 'null', '~\n'])('is not empty: %j', async (text) => {
    expect(await refuse(text)).toEqual({
      code: 'policy',
      message: 'the file is empty',
      where: { file: 'some.yml' },
      remedy: 'write the file, or restore it',
    })
  })

  it.each([
    ['- a', 'array'],
    ['abc', 'string'],
    ['5', 'number'],
    ['[]', 'array'],
    ['true', 'boolean'],
  ])('is a mapping: %j', async (text, received) => {
    const { message, where } = await refuse(text)
    expect(message).toBe(`Invalid input: expected object, received ${received}`)
    expect(where).toEqual({ file: 'some.yml', line: 1, column: 1, field: undefined })
  })

  it.each([
    ['name: "a\n»', /^not valid YAML or JSON: Missing closing "quote/],
    ['name: »a\n count: 1\n', /^not valid YAML or JSON: /],
    ['name: a\n»---\nname: b\n', /^not valid YAML or JSON: Source contains multiple documents/],
    ['{"name": "a"\n»', /^not valid YAML or JSON: /],
  ])('is valid YAML or JSON: %j', async (marked, message) => {
    const { text, line, column } = findMark(marked)
    const refused = await refuse(text)
    expect(refused.message).toMatch(message)
    expect(refused.where).toMatchObject({ file: 'some.yml', line, column })
    expect(refused.remedy).toBe('mend the syntax at that place')
  })

  it.each([
    ['name: a\n»name: b\n'],
    ['name: a\nitems:\n  - id: x\n    limit: 1\n    »limit: 2\n'],
    ['name: a\nitems:\n  - { id: x, limit: 1, »limit: 2 }\n'],
    ['{"name": "a",\n  »"name": "b"}'],
    ['{"name": "a", »"n\\u0061me": "b"}'],
    ['{\n\t"name": "a",\n\t"items": [{"id": "x", »"id": "y"}]\n}'],
    ['name: a\nsizes: { 1: 2, »"1": 3 }\n'],
  ])('has no key twice: %j', async (marked) => {
    const { text, line, column } = findMark(marked)
    expect(await refuse(text)).toEqual({
      code: 'policy',
      message: 'the same key is written twice',
      where: { file: 'some.yml', line, column },
      remedy: 'keep one of the two',
    })
  })

  it.each([
    ['name: a\n»cuont: 1\n', 'cuont', '; did you mean "count"?'],
    ['name: a\nitems:\n  - id: x\n  - id: y\n    »limti: 1\n', 'items[1].limti', '; did you mean "limit"?'],
    ['name: a\nitems: [{ id: x }, { id: y, »Limit: 1 }]\n', 'items[1].Limit', '; did you mean "limit"?'],
    ['{"name": "a", »"counter": 1}', 'counter', '; did you mean "count"?'],
    ['{\n  "name": "a",\n  "items": [\n    { »"lmit": 1, "id": "x" }\n  ]\n}', 'items[0].lmit', 'limit"?'],
    ['name: a\n»something-else: 1\n', 'something-else', '; known keys: name, count, items, sizes'],
    ['name: a\r\n»cuont: 1\r\n', 'cuont', '; did you mean "count"?'],
    ['name: a\n»<<: { count: 1 }\n', '<<', ''],
    ['name: a\n»__proto__: { count: 1 }\n', '__proto__', '; known keys'],
    ['{"name": "a", »"__proto__": {"count": 1}}', '__proto__', '; known keys'],
    ['name: a\n»constructor: 1\n', 'constructor', ''],
  ])('has known keys only, and the nearest is named: %j', async (marked, field, suggestion) => {
    const { text, line, column } = findMark(marked)
    const { message, where, remedy } = await refuse(text)
    expect(message).toContain(
      `unknown key "${field.split('.').at(-1)}"${suggestion.startsWith(';') ? suggestion : ''}`,
    )
    expect(message).toContain(suggestion)
    expect(where).toEqual({ file: 'some.yml', line, column, field })
    expect(remedy).toBe('remove it or correct its name')
  })

  it('says what is missing and where it would be', async () => {
    expect(await refuse('count: 1\n')).toEqual({
      code: 'policy',
      message: 'it is missing',
      where: { file: 'some.yml', line: 1, column: 1, field: 'name' },
      remedy: 'add it',
    })
    const nested = await refuse('name: a\nitems:\n  - id: x\n  - limit: 1\n')
    expect(nested.where).toEqual({ file: 'some.yml', line: 4, column: 5, field: 'items[1].id' })
  })

  it('names every problem, the mistyped key before the missing one', async () => {
    const error = await takeRefusal(() => parse('nmae: a\nitems:\n  - id: 1\n    limit: no\n'))
    expect(formatError(error)).toBe(
      [
        'some.yml:1:1 (nmae): unknown key "nmae"; did you mean "name"?',
        '  also name (line 1): it is missing',
        '  also items[0].id (line 3): Invalid input: expected string, received number',
        '  also items[0].limit (line 4): Invalid input: expected number, received string',
        '  → remove it or correct its name',
      ].join('\n'),
    )
  })

  it('counts lines of the file when it is a part of one', async () => {
    expect((await refuse('name: a\ncount: x\n', 11)).where).toMatchObject({ line: 12, column: 8 })
    expect((await refuse('name: a\nname: b\n', 11)).where).toMatchObject({ line: 12, column: 1 })
  })

  it('follows an alias, and refuses what aliases blow up to', async () => {
    expect(parse('name: &n x\nitems: [{ id: *n }]\n').items).toEqual([{ id: 'x' }])
    const bomb = ['name: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 9; level += 1) {
      bomb.push(
        `k${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      )
    }
    const { message, where, remedy } = await refuse(bomb.join('\n'))
    expect(message).toMatch(/^the document can't be read: Excessive alias count/)
    expect(where).toEqual({ file: 'some.yml' })
    expect(remedy).toMatch(/anchors and aliases/)
  })

  it('refuses an alias of nothing, and one of itself', async () => {
    expect((await refuse('name: *nothing\n')).message).toMatch(/Unresolved alias/)
    expect((await refuse('name: a\nitems: &a [*a]\n')).where?.field).toBe('items[0]')
  })

  it('refuses nesting without end', async () => {
    expect((await refuse('['.repeat(50_000))).code).toBe('policy')
  })

  it('reads any JSON as JSON does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom('', '  ', '\t'), (value, indent) => {
        const text = JSON.stringify({ value }, null, indent)
        const read = parseSource({ file: 'x', text }, z.unknown(), 'policy')
        expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text)))
      }),
      { numRuns: 300 },
    )
  })

  it('ends with a value or a GateError whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (text) => {
        const error = await takeRefusal(() => parse(text))
        expect(error.where?.file).toBe('some.yml')
        expect(error.remedy).not.toBe('')
      }),
      { numRuns: 500 },
    )
  })
})

describe('suggestKey', () => {
  it('names the nearest key, or all when none is near', () => {
    expect(suggestKey('limt', ['id', 'limit'])).toBe('; did you mean "limit"?')
    expect(suggestKey('unrelated', ['id', 'limit'])).toBe('; known keys: id, limit')
    expect(suggestKey('x', [])).toBe('')
  })
})

describe('formatPath', () => {
  it('writes keys with dots and places in lists with brackets', () => {
    expect(formatPath(['categories', 2, 'limit'])).toBe('categories[2].limit')
    expect(formatPath([0, 'id'])).toBe('[0].id')
    expect(formatPath([])).toBe('')
  })
})
