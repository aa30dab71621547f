import { describe, expect, it } from '@jest/globals'
import { corpusLimits } from '../../../src/corpus/limits.ts'
import { readRows } from '../../../src/corpus/read.ts'
import { wildchat } from '../../../src/corpus/shapes/wildchat.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { chunk, collect, createMemoryFiles, digest, readFileRows } from '../corpora.ts'
import { integer, makeTable, messageList, struct, text, time, writeTable } from '../tables.ts'

const file = 'a.parquet'

describe('a table', () => {
  it.each(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD'] as const)(
    'gives its rows, numbered from 1 through all groups: %s',
    async (codec) => {
      const rows = await collect(readFileRows(makeTable({ codec }), { file, size: 100 }))
      expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
      expect(rows[12]?.value).toEqual({ id: 'id-12', text: 'text of id-12, '.repeat(50) })
    },
  )

  it('may be empty', async () => {
    expect(await collect(readFileRows(writeTable([{ name: 'id', values: [] }]), { file }))).toEqual([])
  })

  it('gives values as JSON has them, and nothing for null', async () => {
    const bytes = writeTable([
      { name: 'id', values: ['a', null] },
      { name: 'count', values: [5n, 2n ** 60n], schema: [integer('count')] },
      { name: 'at', values: [new Date(1.7e12), null], schema: [time('at')] },
      {
        name: 'inner',
        values: [{ a: 'x', b: null }, null],
        schema: struct('inner', [[text('a')], [text('b')]]),
      },
    ])
    expect((await collect(readFileRows(bytes, { file }))).map(({ value }) => value)).toEqual([
      { id: 'a', count: 5, at: '2023-11-14T22:13:20.000Z', inner: { a: 'x' } },
      { count: '1152921504606846976' },
    ])
  })

  it('gives maps as objects', async () => {
    const bytes = writeTable([
      {
        name: 'metadata',
        values: [{ ort: 'Köln', straße: 'x' }, null],
        schema: [
          { name: 'metadata', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'MAP' },
          { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
          { ...text('key'), repetition_type: 'REQUIRED' },
          text('value'),
        ],
      },
      { name: 'id', values: ['a', 'b'] },
    ])
    expect((await collect(readFileRows(bytes, { file }))).map(({ value }) => value)).toEqual([
      { metadata: { ort: 'Köln', straße: 'x' }, id: 'a' },
      { id: 'b' },
    ])
  })

  it('are in their order in row groups of many, of several pages', async () => {
    const ids = Array.from({ length: 950 }, (_, index) => `id-${index}`)
    const bytes = writeTable(
      [
        { name: 'id', values: ids },
        {
          name: 'inner',
          values: ids.map((id, index) => (index % 3 === 0 ? null : { a: `a of ${id}`, b: null })),
          schema: struct('inner', [[text('a')], [text('b')]]),
        },
      ],
      { rowGroupSize: 450, pageSize: 500 },
    )
    const rows = await collect(readFileRows(bytes, { file }))
    expect(rows.map(({ number, value }) => [number, value])).toEqual(
      ids.map((id, index) => [index + 1, index % 3 === 0 ? { id } : { id, inner: { a: `a of ${id}` } }]),
    )
  })

  it('gives fields that are JSON texts as values, and other texts as they are', async () => {
    const bytes = writeTable([
      { name: 'a', values: ['[1]', 'plain', ' {"b":2}', null] },
      { name: 'b', values: ['[1]', '', '', ''] },
    ])
    const fields = { names: ['a', 'b'], json: ['a'] }
    expect((await collect(readFileRows(bytes, { file, fields }))).map(({ value }) => value)).toEqual([
      { a: [1], b: '[1]' },
      { a: 'plain', b: '' },
      { a: { b: 2 }, b: '' },
      { b: '' },
    ])
  })
})

describe('the columns', () => {
  const turns = [
    { role: 'user', content: 'q', header: 'from Berlin' },
    { role: 'assistant', content: 'a', header: null },
  ]
  const rows = Array.from({ length: 6 }, (_, index) => index)
  const bytes = writeTable(
    [
      { name: 'unwanted', values: rows.map((index) => `unwanted ${index}`) },
      {
        name: 'conversation',
        values: rows.map(() => turns),
        schema: messageList('conversation', [[text('header')]]),
      },
      { name: 'conversation_hash', values: rows.map((index) => `hash ${index}`) },
    ],
    { rowGroupSize: 2 },
  )

  it('that are not wanted are not given, those inside a column neither', async () => {
    const read = await collect(readFileRows(bytes, { file, fields: wildchat.fields }))
    expect(read[3]?.value).toEqual({
      conversation_hash: 'hash 3',
      conversation: turns.map(({ role, content }) => ({ role, content })),
    })
  })

  it('that are not wanted are not decoded', async () => {
    const spoilt = Buffer.from(bytes)
    const marks = ['unwanted 0', 'from Berlin'].map((mark) => spoilt.indexOf(mark))
    // Over the texts and the lengths before them: decoded, they would make no sense.
    for (const mark of marks) spoilt.fill(0xff, mark - 4, mark + 10)
    const given = await collect(readFileRows(spoilt, { file, fields: wildchat.fields }))
    expect(given).toEqual(await collect(readFileRows(bytes, { file, fields: wildchat.fields })))
    const error = await takeRefusal(() => collect(readFileRows(spoilt, { file })))
    expect(error.where).toMatchObject({ file, line: 1 })
  })

  it('must be there', async () => {
    const error = await takeRefusal(() =>
      collect(readFileRows(makeTable(), { file, fields: { names: ['messages', 'tools'], json: [] } })),
    )
    expect(error.message).toBe('the table has no column of those that are read (messages, tools)')
    expect(error.where).toEqual({ file })
  })
})

describe('a file', () => {
  it('goes by once, and no further than its rows are asked for', async () => {
    const bytes = makeTable()
    let given = 0
    let closed = false
    async function* source() {
      try {
        for await (const piece of chunk(bytes, 50)) {
          given += piece.length
          yield piece
        }
      } finally {
        closed = true
      }
    }
    for await (const { number } of readFileRows(bytes, { file, source: source() })) if (number === 5) break
    expect(given).toBeGreaterThan(0)
    expect(given).toBeLessThan(bytes.length / 3)
    expect(closed).toBe(true)
    given = 0
    await collect(readFileRows(bytes, { file, source: source() }))
    expect(given).toBe(bytes.length)
  })

  it('has the digest of all its bytes', async () => {
    const bytes = makeTable()
    const read = async (sha256: string) => {
      const batches = await collect(
        readRows({
          path: file,
          files: createMemoryFiles({ [file]: bytes }),
          sha256,
          fields: { names: ['id'], json: [] },
          limits: corpusLimits,
        }),
      )
      return batches.flatMap((batch) => [...batch])
    }
    expect(await read(digest(bytes))).toHaveLength(20)
    expect((await takeRefusal(() => read(digest('other')))).message).toMatch(/^its SHA-256 is /)
  })
})
