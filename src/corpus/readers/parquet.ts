import { setImmediate } from 'node:timers/promises'
import type { SchemaTree } from 'hyparquet'
import { GateError } from '../../errors.ts'
import { freeMemory } from '../free-memory.ts'
import { createByteCursor } from './byte-cursor.ts'
import { chooseColumns } from './parquet-columns.ts'
import { readFooter } from './parquet-footer.ts'
import { type GroupPlan, planGroups, refuseGroup } from './parquet-groups.ts'
import { createDecompressors, TooLarge } from './parquet-pages.ts'
import { createParsers, readTableRow } from './parquet-values.ts'
import type { PickRequest, Reader, ReadRequest, Row, RowPlace, Stretch } from './reader.ts'

/**
 * Apache Parquet (https://parquet.apache.org/docs/file-format/), a row group at a time and only the wanted columns.
 *
 * The footer is read first; then the file goes by once, from its first byte to its last, so that what is decoded is
 * what was digested, and the footer that comes by at the end must be the one that was read.
 */
export const parquet: Reader = {
  format: 'parquet',
  suffix: '.parquet',
  title: 'Parquet',
  read: readParquet,
  pick: pickRows,
}

async function* readParquet(request: ReadRequest): AsyncGenerator<Iterable<Row>> {
  const table = await openTable(request)
  const cursor = createByteCursor(request.bytes, table.footer.length)
  try {
    for (const group of table.groups) {
      yield* readGroup(table, { group, read: (stretch) => cursor.read(stretch) })
    }
    if (Buffer.compare(await cursor.finish(), table.footer) !== 0) throw refuseChange(request.file)
  } finally {
    await cursor.close()
  }
}

/** Reads the row groups that have wanted rows. */
async function* pickRows(request: PickRequest): AsyncGenerator<Iterable<Row>> {
  const { file, places } = request
  const table = await openTable(request)
  const wanted = findGroups(table.groups, places)
  const missing = places[wanted.reduce((sum, { found }) => sum + found.length, 0)]
  if (missing !== undefined) throw refuseMissing({ file, line: missing.number })
  const cursor = createByteCursor(request.openStretches(wanted.flatMap(({ group }) => group.stretches)), 0)
  let position = 0
  const read = ({ start, end }: Stretch) => {
    const at = position
    position += end - start
    return cursor.read({ start: at, end: position })
  }
  try {
    for (const { group, found } of wanted) yield* readGroup(table, { group, read, places: found })
  } finally {
    await cursor.close()
  }
}

/** The groups that have some of these rows, which are ascending like the groups. */
function findGroups(
  groups: readonly GroupPlan[],
  places: readonly RowPlace[],
): { group: GroupPlan; found: RowPlace[] }[] {
  let next = 0
  return groups.flatMap((group) => {
    const first = next
    while ((places[next]?.number ?? Number.POSITIVE_INFINITY) <= group.rowEnd) next += 1
    return next === first ? [] : [{ group, found: places.slice(first, next) }]
  })
}

/** A table, as far as its rows are wanted. */
interface Table extends Pick<ReadRequest, 'file' | 'fields' | 'limits'> {
  schema: SchemaTree
  groups: GroupPlan[]
  footer: Uint8Array
}

async function openTable(
  request: Pick<ReadRequest, 'file' | 'fields' | 'limits' | 'readEnd'>,
): Promise<Table> {
  const { file, fields, limits } = request
  const { metadata: whole, bytes: footer } = await readFooter(request)
  const { metadata, schema, columns } = await chooseColumns({ file, metadata: whole, fields })
  const groups = planGroups({ file, metadata, columns, limits })
  return { file, fields, limits, schema, groups, footer }
}

/** Rows that were decoded together. */
function* readRows(
  { file, fields, limits }: Table,
  { values, numbers }: { values: Record<string, unknown>[]; numbers: readonly number[] },
): Generator<Row> {
  for (const [index, row] of numbers.entries()) {
    const value = values[index] ?? {}
    yield {
      number: row,
      value: readTableRow({ file, row, value, json: fields?.json ?? [], limits }),
      line: null,
    }
  }
}

interface Part {
  stretch: Stretch
  bytes: Uint8Array<ArrayBuffer>
}

/** The bytes of a column, which lie in one stretch. */
function cutColumn(parts: readonly Part[], { start, end }: Stretch): Uint8Array<ArrayBuffer> {
  const part = parts.find(({ stretch }) => stretch.start <= start && stretch.end >= end)
  if (part === undefined) throw new Error(`nothing was read from ${start} to ${end}`)
  return part.bytes.subarray(start - part.stretch.start, end - part.stretch.start)
}

/** The rows of a group; with `places`, only those. */
async function* readGroup(
  table: Table,
  request: {
    group: GroupPlan
    read: (stretch: Stretch) => Promise<Uint8Array<ArrayBuffer> | null>
    places?: readonly RowPlace[]
  },
): AsyncGenerator<Iterable<Row>> {
  const { group, read, places } = request
  const parts: Part[] = []
  for (const stretch of group.stretches) {
    const bytes = await read(stretch)
    const place = { file: table.file, line: group.rowStart + 1 }
    if (bytes === null) throw refuseDamage(place, new Error('the file ends before its columns do'))
    parts.push({ stretch, bytes })
  }
  const { rowStart, rowEnd } = group
  if (rowEnd === rowStart) return
  const numbers =
    places?.map(({ number }) => number) ??
    Array.from({ length: rowEnd - rowStart }, (_, index) => rowStart + index + 1)
  /** What values are parts of. */
  const held: Uint8Array[] = parts.map(({ bytes }) => bytes)
  const assemble = await decodeGroup(table, { group, parts, numbers, held })
  for (let start = 0; start < numbers.length; start += rowsAtOnce) {
    const end = Math.min(start + rowsAtOnce, numbers.length)
    yield readRows(table, { values: await assemble({ start, end }), numbers: numbers.slice(start, end) })
    // Nothing is waited for in a whole row group: timers and signals have their turn here.
    await setImmediate()
  }
  for (const bytes of held) freeMemory(bytes)
}

/** As objects rows take several times what they do in their columns. */
const rowsAtOnce = 50

/** Decodes rows of a group, and then makes objects of some of them at a time. */
async function decodeGroup(
  { file, schema, limits }: Table,
  request: { group: GroupPlan; parts: readonly Part[]; numbers: readonly number[]; held: Uint8Array[] },
): Promise<(some: { start: number; end: number }) => Promise<Record<string, unknown>[]>> {
  const { group, parts, numbers, held } = request
  const attempt = async <Result>(work: () => Result): Promise<Awaited<Result>> => {
    try {
      return await work()
    } catch (cause) {
      const place = { file, line: group.rowStart + 1 }
      throw cause instanceof TooLarge ? refuseGroup(place, limits) : refuseDamage(place, cause)
    }
  }
  const decoding = {
    schema,
    group: group.metadata,
    read: (column: Stretch) => cutColumn(parts, column),
    compressors: await createDecompressors(limits.rowGroup, held),
    parsers: createParsers(),
  }
  const rows = numbers.map((number) => number - group.rowStart - 1)
  const { assembleRows, decodeColumns } = await import('./parquet-decode.ts')
  const decoded = await attempt(() => decodeColumns(decoding, rows))
  return (some) => attempt(() => assembleRows(decoded, decoding, some))
}

function refuseDamage(place: { file: string; line: number }, cause: unknown): GateError {
  return new GateError({
    code: 'corpus',
    message: `the row group that begins at this row is damaged or cut off (${cause instanceof Error ? cause.message : String(cause)})`,
    where: place,
    remedy: 'transfer the file again',
    cause,
  })
}

function refuseMissing(place: { file: string; line: number }): GateError {
  return new GateError({
    code: 'corpus',
    message: 'the file has no such row: it is not the file that was read before',
    where: place,
    remedy:
      'restore the file that the manifest describes, or write the manifest anew, with its index if it has one',
  })
}

function refuseChange(file: string): GateError {
  return new GateError({
    code: 'corpus',
    message: 'the file changed while it was read',
    where: { file },
    remedy: 'let whatever writes it finish, and start again',
  })
}
