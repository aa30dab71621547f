import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { DecodedArray, SchemaTree } from 'hyparquet'
import { assembleLists } from 'hyparquet/src/assemble.js'
import { ColumnRows } from '../../../src/corpus/readers/parquet-rows.ts'
import { collect, readFileRows } from '../corpora.ts'

/** The path of a column of optional texts in lists in lists: `value.list.element.list.element`. */
const schemaPath: SchemaTree[] = [
  ['root', 'REQUIRED'],
  ['value', 'OPTIONAL'],
  ['list', 'REPEATED'],
  ['element', 'OPTIONAL'],
  ['list', 'REPEATED'],
  ['element', 'OPTIONAL'],
].map(([name = '', repetition]) => ({
  element: { name, repetition_type: repetition as 'OPTIONAL' },
  children: [],
  count: 1,
  path: [name],
}))
const deepest = 5

interface Entry {
  repetition: number
  definition: number
}

/** Entries as a writer could make them: one goes on in a list only where there is one. */
const entries = fc
  .array(fc.record({ repetition: fc.nat(2), definition: fc.nat(deepest) }), { minLength: 1, maxLength: 60 })
  .map((all) => {
    let before = 0
    return all.map(({ repetition, definition }): Entry => {
      const open = before >= 4 ? 2 : before >= 2 ? 1 : 0
      const level = Math.min(repetition, open)
      before = Math.max(definition, level * 2)
      return { repetition: level, definition: before }
    })
  })

/** A page of these entries, whose values are numbered from `first`. */
function makePage(some: readonly Entry[], first: number) {
  const values = some.filter(({ definition }) => definition === deepest)
  return {
    repetitionLevels: some.map(({ repetition }) => repetition),
    definitionLevels: some.map(({ definition }) => definition),
    dataPage: values.map((_, index) => first + index),
    convert: (stored: DecodedArray): DecodedArray => Array.from(stored, (value) => `value ${value}`),
  }
}

describe('rows that are wanted', () => {
  it('are what they are among all rows, wherever pages end, and whatever part of them is assembled', () => {
    fc.assert(
      fc.property(
        entries,
        fc.array(fc.nat(60)),
        fc.array(fc.nat(60)),
        fc.nat(20),
        (all, cuts, wishes, middle) => {
          all[0] = { definition: all[0]?.definition ?? 0, repetition: 0 }
          const whole = makePage(all, 0)
          const expected = assembleLists(
            [],
            whole.definitionLevels,
            whole.repetitionLevels,
            whole.convert(whole.dataPage),
            schemaPath,
          )
          const wanted = [...new Set(wishes)].filter((row) => row < expected.length).sort((a, b) => a - b)
          const rows = new ColumnRows({ schemaPath }, wanted)
          let value = 0
          let start = 0
          for (const end of [...new Set([...cuts, all.length])].sort((a, b) => a - b)) {
            if (end > all.length || end === start) continue
            const page = makePage(all.slice(start, end), value)
            rows.add(page)
            value += page.dataPage.length
            start = end
          }
          expect(rows.seen).toBe(expected.length)
          const cut = Math.min(middle, wanted.length)
          const found = [
            ...(cut > 0 ? rows.assemble({ start: 0, end: cut }) : []),
            ...(cut < wanted.length ? rows.assemble({ start: cut, end: wanted.length }) : []),
          ]
          expect(found).toEqual(wanted.map((row) => expected[row]))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('of a column without levels are its values', () => {
    const [root, value] = schemaPath
    const flat = [root, { ...value, element: { name: 'value', repetition_type: 'REQUIRED' } }] as SchemaTree[]
    const rows = new ColumnRows({ schemaPath: flat }, [1, 4])
    const convert = (values: DecodedArray) => values
    rows.add({ definitionLevels: [], repetitionLevels: [], dataPage: new Int32Array([7, 8, 9]), convert })
    rows.add({ definitionLevels: undefined, repetitionLevels: [], dataPage: [10, 11], convert })
    expect([rows.seen, [...rows.assemble({ start: 0, end: 2 })]]).toEqual([5, [8, 11]])
  })
})

/**
 * `arrow-pages.parquet` was written by pyarrow 25.0: pages of the second version, whose headers do not count values as null that
 * are not there because an object around them is null.
 */
it('pages as Arrow writes them are read', async () => {
  const bytes = readFileSync(join(import.meta.dirname, 'arrow-pages.parquet'))
  const count = <T>(length: number, make: (index: number) => T) => Array.from({ length }, (_, at) => make(at))
  const makeCall = (i: number) => {
    if (i % 5 === 0) return null
    return i % 3 === 0 ? {} : { function: i % 4 === 0 ? { name: `f${i}` } : { name: `f${i}`, n: i } }
  }
  const makeMessage = (i: number) => {
    if (i % 7 === 0) return null
    const said = { content: `said ${i}` }
    return i % 2 === 0 ? said : { ...said, calls: count(i % 3, (at) => makeCall(i + at)) }
  }
  const expected = count(60, (i) =>
    i % 6 === 0 ? { id: `id-${i}` } : { id: `id-${i}`, messages: count(i % 4, (at) => makeMessage(i + at)) },
  )
  const rows = await collect(readFileRows(bytes, { file: 'arrow-pages.parquet' }))
  expect(rows.map(({ value }) => value)).toEqual(expected)
})
