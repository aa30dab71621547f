import { describe, expect, it } from '@jest/globals'
import { parquetMetadata, parquetSchema } from 'hyparquet'
import { decodeColumns } from '../../../src/corpus/readers/parquet-decode.ts'
import { takeRefusal } from '../../support/refusal.ts'
import { chunk, collect, readFileRows } from '../corpora.ts'
import { makeTable, messageList, writeTable } from '../tables.ts'

const file = 'a.parquet'

describe('a file', () => {
  it.each([0, 3, 4, 11, 40])('of %d bytes is no table', async (length) => {
    const error = await takeRefusal(() => collect(readFileRows(makeTable().subarray(0, length), { file })))
    expect(error).toMatchObject({ code: 'corpus', where: { file }, remedy: 'transfer the file again' })
    expect(error.message).toBe('the Parquet file is damaged or cut off: it does not end with PAR1')
  })

  it('that is cut off before its footer is refused', async () => {
    const bytes = makeTable()
    for (const length of [bytes.length - 1, bytes.length - 8, bytes.length >> 1]) {
      const error = await takeRefusal(() => collect(readFileRows(bytes.subarray(0, length), { file })))
      expect(error.message).toMatch(/^the Parquet file is damaged or cut off: it does not end with PAR1/)
    }
  })

  it('that lacks bytes in its middle is refused at the row group', async () => {
    const bytes = Buffer.from(makeTable())
    const start = bytes.indexOf('id-10')
    const lacking = Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 500)])
    const error = await takeRefusal(() => collect(readFileRows(lacking, { file })))
    expect(error.message).toMatch(/^the row group that begins at this row is damaged or cut off \(/)
    expect(error.where?.line).toBe(11)
  })

  it('with a footer that makes no sense is refused', async () => {
    const bytes = Buffer.from(makeTable())
    const length = bytes.readUInt32LE(bytes.length - 8)
    const footer = bytes.length - 8 - length
    const spoil = (change: (copy: Buffer) => void) => {
      const copy = Buffer.from(bytes)
      change(copy)
      return takeRefusal(() => collect(readFileRows(copy, { file })))
    }
    const scrambled = await spoil((copy) => copy.fill(0xff, footer, footer + length))
    expect(scrambled.message).toBe('the Parquet file is damaged or cut off: its footer can not be read')
    const huge = await spoil((copy) => copy.writeUInt32LE(0xffffffff, copy.length - 8))
    expect(huge.message).toBe(
      'the Parquet file is damaged or cut off: its footer would be larger than 64 MiB',
    )
    const longer = await spoil((copy) => copy.writeUInt32LE(copy.length, copy.length - 8))
    expect(longer.message).toBe(
      'the Parquet file is damaged or cut off: its footer would be larger than the file',
    )
  })

  it('that changes between its footer and its rows is refused', async () => {
    const bytes = makeTable()
    const rows = readFileRows(bytes, { file, source: chunk(Buffer.concat([bytes, Buffer.from('more')])) })
    const error = await takeRefusal(() => collect(rows))
    expect(error).toMatchObject({ message: 'the file changed while it was read', where: { file } })
  })
})

describe('bad values', () => {
  it('that are not UTF-8 are refused with their row and field', async () => {
    const bytes = Buffer.from(
      writeTable(
        [
          { name: 'id', values: ['a', 'b', 'c', 'd'] },
          {
            name: 'conversation',
            values: ['q1', 'q2', 'MARK', 'q4'].map((content) => [{ role: 'user', content }]),
            schema: messageList('conversation'),
          },
        ],
        { rowGroupSize: 2 },
      ),
    )
    bytes.set([0xc3, 0x28], bytes.indexOf('MARK'))
    const seen: number[] = []
    const error = await takeRefusal(async () => {
      for await (const { number } of readFileRows(bytes, { file })) seen.push(number)
    })
    expect(seen).toEqual([1, 2])
    expect(error).toMatchObject({
      message: 'the text is not UTF-8',
      where: { file, line: 3, field: 'conversation[0].content' },
    })
  })

  it('that are no JSON where they begin like it are refused without their text', async () => {
    const bytes = writeTable([{ name: 'messages', values: ['[]', '[{"secret": '] }])
    const fields = { names: ['messages'], json: ['messages'] }
    const error = await takeRefusal(() => collect(readFileRows(bytes, { file, fields })))
    expect(error).toMatchObject({
      message: 'the text is not JSON',
      where: { file, line: 2, field: 'messages' },
    })
    expect(`${error.message} ${String(error.cause)}`).not.toContain('secret')
  })

  it('that are longer than a row may be are refused', async () => {
    const bytes = writeTable([{ name: 'text', values: ['short', 'x'.repeat(2000)] }])
    const error = await takeRefusal(() => collect(readFileRows(bytes, { file, limits: { row: 1000 } })))
    expect(error).toMatchObject({
      message: 'the row is longer than 1000 bytes',
      where: { file, line: 2, field: 'text' },
    })
  })
})

describe('a row group', () => {
  it('whose columns have not as many rows as it says is refused', () => {
    const bytes = makeTable()
    const metadata = parquetMetadata(bytes.buffer)
    const [group] = metadata.row_groups
    if (group === undefined) throw new Error('no row group')
    const decode = (rows: bigint) =>
      decodeColumns(
        {
          schema: parquetSchema(metadata),
          group: { ...group, num_rows: rows },
          read: ({ start, end }) => bytes.subarray(start, end),
          compressors: {},
          parsers: {},
        },
        [0],
      )
    expect(decode(5n)).toHaveLength(2)
    expect(() => decode(6n)).toThrow('id has 5 rows of 6')
    expect(() => decode(4n)).toThrow('id has 5 rows of 4')
  })

  it('that is too large to be held is refused before it is read', async () => {
    const bytes = makeTable()
    const limits = { rowGroup: 1000 }
    const error = await takeRefusal(() => collect(readFileRows(bytes, { file, limits })))
    expect(error.message).toBe('the row group that begins at this row takes more than 1000 bytes')
    expect(error.where).toEqual({ file, line: 1 })
    expect(error.remedy).toContain('smaller row groups')
    expect(
      await collect(readFileRows(bytes, { file, limits, fields: { names: ['id'], json: [] } })),
    ).toHaveLength(20)
  })

  it.each(['SNAPPY', 'GZIP', 'ZSTD'] as const)('that unpacks to too much is refused: %s', async (codec) => {
    const bytes = writeTable([{ name: 'text', values: ['x'.repeat(5_000_000)] }], { codec })
    const limits = { rowGroup: 1_000_000 }
    expect(bytes.length).toBeLessThan(500_000)
    const error = await takeRefusal(() => collect(readFileRows(bytes, { file, limits })))
    expect(error.message).toBe('the row group that begins at this row takes more than 1000000 bytes')
  })
})
