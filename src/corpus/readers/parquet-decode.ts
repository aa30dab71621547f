import type { Compressors, DecodedArray, FileMetaData, ParquetParsers, RowGroup } from 'hyparquet'

/** How one row group is decoded. */
interface Decoding {
  metadata: FileMetaData
  group: RowGroup
  columns: string[]
  file: { byteLength: number; slice(start: number, end?: number): ArrayBuffer }
  compressors: Compressors
  parsers: Partial<ParquetParsers>
}

/** A column with its values of some rows, those inside other fields in lists. */
interface DecodedColumn {
  pathInSchema: string[]
  values: DecodedArray
}

/**
 * Decodes the columns of a row group, and of each keeps only these rows, which count from 0 in the group. The decoder can do
 * it at once and make objects of all rows too; but it makes so many lists then that they outlive the collections of V8's
 * new space, and lie in its heap as garbage, hundreds of megabytes of it.
 */
export async function decodeColumns(decoding: Decoding, rows: readonly number[]): Promise<DecodedColumn[]> {
  const { flatten } = await import('hyparquet')
  const { parquetReadAsync } = await import('hyparquet/src/read.js')
  const { metadata, group, ...options } = decoding
  const decoded: DecodedColumn[] = []
  for (const chunk of group.columns) {
    const alone = { ...metadata, row_groups: [{ ...group, columns: [chunk] }] }
    const found = parquetReadAsync({ ...options, metadata: alone, geoparquet: false })
    for (const { pathInSchema, data } of found.flatMap(({ asyncColumns }) => asyncColumns)) {
      const { data: pages, skipped } = await data
      const values = flatten(pages)
      decoded.push({ pathInSchema, values: rows.map((row) => values[row - skipped]) })
    }
  }
  return decoded
}

/** Makes objects of some of the rows that columns have values of. */
export async function assembleRows(
  decoded: readonly DecodedColumn[],
  { metadata, columns, parsers }: Pick<Decoding, 'metadata' | 'columns' | 'parsers'>,
  { start, end }: { start: number; end: number },
): Promise<Record<string, unknown>[]> {
  const { parquetSchema } = await import('hyparquet')
  const { assembleAsync, asyncGroupToRows } = await import('hyparquet/src/rowgroup.js')
  const asyncColumns = decoded.map(({ pathInSchema, values }) => ({
    pathInSchema,
    data: Promise.resolve({ data: [values.slice(start, end)], skipped: 0 }),
  }))
  const size = end - start
  const group = { groupStart: 0, groupRows: size, selectStart: 0, selectEnd: size, asyncColumns }
  return asyncGroupToRows(assembleAsync(group, parquetSchema(metadata), parsers), 0, size, columns, 'object')
}
