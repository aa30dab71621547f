/** What a corpus file may make the reader hold or do, before its digest has shown what it is. */
export interface CorpusLimits {
  /** Bytes of one line, unpacked; of a row of a table, characters of its texts. */
  row: number
  /** How many times its packed size a file may unpack to, beyond `unpackedFree`. */
  unpackedRatio: number
  /** Bytes that any file may unpack to, however small it is. */
  unpackedFree: number
  /** Bytes of one row group's columns, packed and unpacked: what a reader of Parquet holds at a time. */
  rowGroup: number
  /** Bytes of a Parquet file's footer. */
  footer: number
}

const mebibyte = 2 ** 20

/**
 * Far beyond what conversations need: a context of a million tokens is about 4 MB, text packs to a fifth, and a long
 * system prompt that every conversation repeats seldom beyond a hundredth.
 */
export const corpusLimits: CorpusLimits = {
  row: 32 * mebibyte,
  unpackedRatio: 250,
  unpackedFree: 256 * mebibyte,
  rowGroup: 512 * mebibyte,
  footer: 64 * mebibyte,
}

/** `32 MiB`, for messages. */
export function formatBytes(bytes: number): string {
  return bytes >= mebibyte ? `${Math.round(bytes / mebibyte)} MiB` : `${bytes} bytes`
}
