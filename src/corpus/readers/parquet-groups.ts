import type { ColumnMetaData, FileMetaData, RowGroup } from 'hyparquet'
import { GateError } from '../../errors.ts'
import { type CorpusLimits, formatBytes } from '../limits.ts'
import type { Stretch } from './reader.ts'

/** One row group, as far as its rows are wanted. */
export interface GroupPlan {
  metadata: RowGroup
  /** The first row, from 0, and the first one after. */
  rowStart: number
  rowEnd: number
  /** Where its wanted columns lie: ascending and apart. */
  stretches: Stretch[]
}

/** Columns are read together when no more than this lies between them, and those before are not larger than that. */
const joined = { gap: 2 ** 13, length: 2 ** 21 }

/**
 * Where the wanted columns of each row group lie, in the order of the file.
 * @throws GateError for groups that can't be read one after the other, and for one that is too large to be held
 */
export function planGroups(request: {
  file: string
  metadata: FileMetaData
  columns: readonly string[]
  limits: CorpusLimits
}): GroupPlan[] {
  const { file, metadata, columns, limits } = request
  let row = 0
  let position = 0
  return metadata.row_groups.map((group) => {
    const rowStart = row
    row += Number(group.num_rows)
    const place = { file, line: rowStart + 1 }
    const stretches = joinStretches(listChunks(group, columns))
    for (const { start, end } of stretches) {
      if (!(start >= position && end > start && Number.isSafeInteger(end))) throw refuseOrder(place)
      position = end
    }
    const bytes = stretches.reduce((sum, { start, end }) => sum + end - start, 0)
    if (bytes > limits.rowGroup) throw refuseGroup(place, limits)
    return { metadata: group, rowStart, rowEnd: row, stretches }
  })
}

function listChunks(group: RowGroup, columns: readonly string[]): Stretch[] {
  return group.columns.flatMap(({ meta_data: chunk }) => {
    if (chunk === undefined || !columns.includes(chunk.path_in_schema[0] ?? '')) return []
    return [locateChunk(chunk)]
  })
}

/** Where a column of a row group lies in the file. */
export function locateChunk(chunk: ColumnMetaData): Stretch {
  const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset)
  return { start, end: start + Number(chunk.total_compressed_size) }
}

function joinStretches(chunks: Stretch[]): Stretch[] {
  const stretches: Stretch[] = []
  for (const { start, end } of chunks.toSorted((a, b) => a.start - b.start)) {
    const last = stretches.at(-1)
    if (last !== undefined && start <= last.end + joined.gap && end - last.start <= joined.length) {
      last.end = Math.max(last.end, end)
    } else stretches.push({ start, end })
  }
  return stretches
}

function refuseOrder(place: { file: string; line: number }): GateError {
  return new GateError({
    code: 'corpus',
    message: 'the row groups of the Parquet file do not lie one after the other, or its footer is damaged',
    where: place,
    remedy: 'write the file anew, or transfer it again',
  })
}

/** A row group, packed or unpacked, is larger than what is held of a file at a time. */
export function refuseGroup(place: { file: string; line: number }, limits: CorpusLimits): GateError {
  return new GateError({
    code: 'corpus',
    message: `the row group that begins at this row takes more than ${formatBytes(limits.rowGroup)}`,
    where: place,
    remedy: 'write the file with smaller row groups (`row_group_size=10_000` in pyarrow)',
  })
}
