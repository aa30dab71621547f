import zlib from 'node:zlib'
import { ByteWriter, parquetWrite, type SchemaElement } from 'hyparquet-writer'

/** A column of a table: texts, or what a nested schema describes. */
export interface Column {
  name: string
  values: unknown[]
  /** Its elements of the schema, the column's own first. Without it: optional text. */
  schema?: SchemaElement[]
}

type Codec = 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP' | 'BROTLI' | 'ZSTD'

const compressors = {
  GZIP: (bytes: Uint8Array) => zlib.gzipSync(bytes),
  BROTLI: (bytes: Uint8Array) => zlib.brotliCompressSync(bytes),
  ZSTD: (bytes: Uint8Array) => zlib.zstdCompressSync(bytes),
}

/** A Parquet file. */
export function writeTable(
  columns: Column[],
  options: { codec?: Codec; rowGroupSize?: number; pageSize?: number } = {},
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter()
  parquetWrite({
    writer,
    columnData: columns.map(({ name, values }) => ({ name, data: values })),
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.flatMap(({ name, schema }) => schema ?? [text(name)]),
    ],
    codec: 'UNCOMPRESSED',
    compressors,
    statistics: false,
    ...options,
  })
  return new Uint8Array(writer.getBuffer())
}

/** An optional text. */
export function text(name: string): SchemaElement {
  return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
}

/** An optional number. */
export function integer(name: string): SchemaElement {
  return { name, type: 'INT64', repetition_type: 'OPTIONAL' }
}

/** An optional time. */
export function time(name: string): SchemaElement {
  return { name, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'OPTIONAL' }
}

/** An optional object. `fields` are the elements of its fields, each with those of its own first. */
export function struct(name: string, fields: SchemaElement[][]): SchemaElement[] {
  return [{ name, repetition_type: 'OPTIONAL', num_children: fields.length }, ...fields.flat()]
}

/** An optional list, in the three levels that Parquet has for it. */
export function list(name: string, element: SchemaElement[]): SchemaElement[] {
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...element,
  ]
}

/** Messages of the chat API with tool calls. */
export function messageList(name: string, more: SchemaElement[][] = []): SchemaElement[] {
  const call = struct('element', [
    [text('id')],
    [text('type')],
    struct('function', [[text('name')], [text('arguments')]]),
  ])
  return list(
    name,
    struct('element', [
      [text('role')],
      [text('content')],
      [text('tool_call_id')],
      list('tool_calls', call),
      ...more,
    ]),
  )
}

/** A table of 20 rows in groups of 5. */
export function makeTable(options: Parameters<typeof writeTable>[1] = {}) {
  const ids = Array.from({ length: 20 }, (_, index) => `id-${index}`)
  return writeTable(
    [
      { name: 'id', values: ids },
      { name: 'text', values: ids.map((id) => `text of ${id}, `.repeat(50)) },
    ],
    { rowGroupSize: 5, ...options },
  )
}
