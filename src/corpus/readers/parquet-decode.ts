import type {
  Compressors,
  DataReader,
  DecodedArray,
  PageHeader,
  ParquetParsers,
  RowGroup,
  SchemaTree,
} from 'hyparquet'
import { parquetHeader, readPage } from 'hyparquet/src/column.js'
import { convert, convertWithDictionary, DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js'
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import { assembleAsync, asyncGroupToRows } from 'hyparquet/src/rowgroup.js'
import { getMaxDefinitionLevel, getTreePath } from 'hyparquet/src/schema.js'
import { locateChunk } from './parquet-groups.ts'
import { type ColumnDecoder, ColumnRows, type StoredPage } from './parquet-rows.ts'
import type { Stretch } from './reader.ts'

/** How one row group is decoded. */
export interface Decoding {
  /** Of the wanted columns. */
  schema: SchemaTree
  group: RowGroup
  read: (column: Stretch) => Uint8Array<ArrayBuffer>
  compressors: Compressors
  parsers: Partial<ParquetParsers>
}

/** A column, and what it has of the wanted rows. */
export interface DecodedColumn {
  pathInSchema: string[]
  rows: ColumnRows
}

/**
 * Reads the columns of a row group, and keeps what they have of these rows, which count from 0 in the group.
 * @throws Error for what is no Parquet
 */
export function decodeColumns(decoding: Decoding, rows: readonly number[]): DecodedColumn[] {
  const { schema, group, read, compressors } = decoding
  const parsers = { ...DEFAULT_PARSERS, ...decoding.parsers }
  return group.columns.flatMap(({ meta_data: chunk }) => {
    if (chunk === undefined) return []
    const pathInSchema = chunk.path_in_schema
    const schemaPath = getTreePath(schema, pathInSchema)
    const element = schemaPath.at(-1)?.element
    if (element === undefined) throw new Error(`the schema has no ${pathInSchema.join('.')}`)
    const decoder = { ...chunk, pathInSchema, element, schemaPath, compressors, parsers }
    const kept = new ColumnRows(decoder, rows)
    for (const page of readPages(read(locateChunk(chunk)), decoder)) kept.add(page)
    if (kept.seen !== Number(group.num_rows)) {
      throw new Error(`${pathInSchema.join('.')} has ${kept.seen} rows of ${group.num_rows}`)
    }
    return [{ pathInSchema, rows: kept }]
  })
}

/** Makes objects of some of the rows that columns were decoded for. */
export async function assembleRows(
  decoded: readonly DecodedColumn[],
  { schema, parsers }: Pick<Decoding, 'schema' | 'parsers'>,
  some: { start: number; end: number },
): Promise<Record<string, unknown>[]> {
  const asyncColumns = decoded.map(({ pathInSchema, rows }) => ({
    pathInSchema,
    data: Promise.resolve({ data: [rows.assemble(some)], skipped: 0 }),
  }))
  const size = some.end - some.start
  const group = { groupStart: 0, groupRows: size, selectStart: 0, selectEnd: size, asyncColumns }
  return asyncGroupToRows(assembleAsync(group, schema, parsers), 0, size, undefined, 'object')
}

/** The data pages of a column chunk, in their order. */
function* readPages(bytes: Uint8Array<ArrayBuffer>, decoder: ColumnDecoder): Generator<StoredPage> {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 }
  let dictionary: DecodedArray | undefined
  while (reader.offset < bytes.length) {
    const header = parquetHeader(reader)
    if (header.type === 'DICTIONARY_PAGE') {
      const { data } = readPage(reader, header, decoder, undefined, undefined, 0)
      dictionary = data && convert(data, decoder)
    } else yield readDataOf(reader, { header, decoder, dictionary })
  }
}

/** What the page holds that begins where the reader is, and which the reader then has passed. */
function readDataOf(
  reader: DataReader,
  request: { header: PageHeader; decoder: ColumnDecoder; dictionary: DecodedArray | undefined },
): StoredPage {
  const { header, decoder, dictionary } = request
  const { buffer, byteOffset } = reader.view
  const packed = new Uint8Array(buffer, byteOffset + reader.offset, header.compressed_page_size)
  reader.offset += header.compressed_page_size
  const { data_page_header: first, data_page_header_v2: second } = header
  const page =
    first === undefined
      ? readDataPageV2(packed, countNulls(packed, header, decoder), decoder)
      : readDataPage(
          decompressPage(packed, header.uncompressed_page_size, decoder.codec, decoder.compressors),
          first,
          decoder,
        )
  const encoding = first?.encoding ?? second?.encoding ?? 'PLAIN'
  return { ...page, convert: (values) => convertWithDictionary(values, dictionary, encoding, decoder) }
}

/**
 * The header of a page of the second version, with as many nulls as its definition levels have: Arrow (pyarrow 25.0) does not
 * count those where an object around the value is null, and the decoder goes by the header.
 */
function countNulls(packed: Uint8Array, header: PageHeader, { schemaPath }: ColumnDecoder): PageHeader {
  const { data_page_header_v2: second } = header
  const deepest = getMaxDefinitionLevel(schemaPath)
  if (second === undefined || deepest < 2) return header
  const start = packed.byteOffset + second.repetition_levels_byte_length
  const view = new DataView(packed.buffer, start, second.definition_levels_byte_length)
  const levels = new Array<number>(second.num_values)
  const width = 32 - Math.clz32(deepest)
  readRleBitPackedHybrid({ view, offset: 0 }, width, levels, second.definition_levels_byte_length)
  const nulls = levels.filter((level) => level < deepest).length
  return { ...header, data_page_header_v2: { ...second, num_nulls: nulls } }
}
