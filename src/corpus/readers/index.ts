import { z } from 'zod'
import { gzip } from './gzip.ts'
import { jsonl } from './jsonl.ts'
import { parquet } from './parquet.ts'
import type { Reader } from './reader.ts'
import { zstd } from './zstd.ts'

/** Every format of corpus files. The manifest's schema, the command and the documentation derive from this list. */
export const readers: readonly Reader[] = [jsonl, gzip, zstd, parquet]

/** What a manifest may call a format. */
export const formatSchema = z.enum(readers.map(({ format }) => format))

/** The reader of a format; without one, that which the file's name tells, and plain JSON lines for any other name. */
export function findReader(file: { path: string; format?: string | undefined }): Reader {
  const { path, format } = file
  const found =
    format === undefined
      ? readers.find(({ suffix }) => path.endsWith(suffix))
      : readers.find((reader) => reader.format === format)
  return found ?? jsonl
}
