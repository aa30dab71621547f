import type { FileMetaData } from 'hyparquet'
import { GateError } from '../../errors.ts'
import type { CorpusLimits } from '../limits.ts'
import { type ByteCursor, createByteCursor } from './byte-cursor.ts'
import { chooseColumns } from './parquet-columns.ts'
import { readFooter } from './parquet-footer.ts'
import { type GroupPlan, planGroups, refuseGroup, type Stretch } from './parquet-groups.ts'
import { createDecompressors, TooLarge } from './parquet-pages.ts'
import { createParsers, readTableRow } from './parquet-values.ts'
import type { Reader, ReadRequest, Row } from './reader.ts'

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
}

async function* readParquet(request: ReadRequest): AsyncGenerator<Row> {
  const { file, fields, limits } = request
  const { metadata: whole, bytes: footer } = await readFooter(request)
  const { metadata, columns } = await chooseColumns({ file, metadata: whole, fields })
  const groups = planGroups({ file, metadata, columns, limits })
  const cursor = createByteCursor(request.bytes, footer.length)
  try {
    for (const group of groups) {
      const rows = await readGroup({ file, metadata, columns, group, cursor, limits })
      for (const [index, value] of rows.entries()) {
        const row = group.rowStart + index + 1
        yield { number: row, value: readTableRow({ file, row, value, json: fields?.json ?? [], limits }) }
      }
    }
    if (Buffer.compare(await cursor.finish(), footer) !== 0) throw refuseChange(file)
  } finally {
    await cursor.close()
  }
}

interface Part {
  stretch: Stretch
  bytes: Uint8Array<ArrayBuffer>
}

/** The bytes of a stretch, of which gaps between columns were not kept. */
function cutStretch(parts: readonly Part[], { start, end }: Stretch): ArrayBuffer {
  const whole = parts.find(({ stretch }) => stretch.start === start && stretch.end === end)
  if (whole !== undefined) return whole.bytes.buffer
  const last = Math.min(end, parts.at(-1)?.stretch.end ?? start)
  const cut = new Uint8Array(Math.max(0, last - start))
  for (const { stretch, bytes } of parts) {
    const from = Math.max(start, stretch.start)
    const part = bytes.subarray(from - stretch.start, Math.max(0, last - stretch.start))
    if (from < last && stretch.end > start) cut.set(part, from - start)
  }
  return cut.buffer
}

async function readGroup(request: {
  file: string
  metadata: FileMetaData
  columns: string[]
  group: GroupPlan
  cursor: ByteCursor
  limits: CorpusLimits
}): Promise<Record<string, unknown>[]> {
  const { file, metadata, columns, group, cursor, limits } = request
  if (group.rowEnd === group.rowStart) return []
  const place = { file, line: group.rowStart + 1 }
  const parts: Part[] = []
  for (const stretch of group.stretches) {
    const bytes = await cursor.read(stretch)
    if (bytes === null) throw refuseDamage(place, new Error('the file ends before its columns do'))
    parts.push({ stretch, bytes })
  }
  const slice = (start: number, end = Number.POSITIVE_INFINITY) => cutStretch(parts, { start, end })
  const { parquetReadObjects } = await import('hyparquet')
  try {
    return await parquetReadObjects({
      file: { byteLength: group.stretches.at(-1)?.end ?? 0, slice },
      metadata,
      columns,
      rowStart: group.rowStart,
      rowEnd: group.rowEnd,
      compressors: await createDecompressors(limits.rowGroup),
      parsers: createParsers(),
      geoparquet: false,
    })
  } catch (cause) {
    throw cause instanceof TooLarge ? refuseGroup(place, limits) : refuseDamage(place, cause)
  }
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

function refuseChange(file: string): GateError {
  return new GateError({
    code: 'corpus',
    message: 'the file changed while it was read',
    where: { file },
    remedy: 'let whatever writes it finish, and start again',
  })
}
