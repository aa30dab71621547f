import zlib from 'node:zlib'
import type { Compressors } from 'hyparquet'

/** The pages of a row group unpack to more than was allowed. */
export class TooLarge extends Error {}

interface NativeOptions {
  maxOutputLength: number
  chunkSize: number
}

const smallestPiece = 2 ** 10
const largestPiece = 2 ** 22

type Decompress = (input: Uint8Array, length: number) => Uint8Array

/**
 * Decompressors for the pages of one row group: Node's own where it has them, and those of a library. None gives more
 * than the page's header says, and all together not more than `limit` bytes. What they give is put on a list.
 */
export async function createDecompressors(limit: number, given: Uint8Array[]): Promise<Compressors> {
  const { compressors, decompressZstd } = await import('hyparquet-compressors')
  let total = 0
  const bounded = (decompress: Decompress | undefined): Decompress => {
    return (input, length) => {
      total += length
      if (total > limit) throw new TooLarge()
      if (decompress === undefined) throw new Error('unknown codec')
      const page = decompress(input, length)
      given.push(page)
      return page
    }
  }
  const native =
    (decompress: (input: Uint8Array, options: NativeOptions) => Buffer): Decompress =>
    (input, length) =>
      decompress(input, {
        maxOutputLength: Math.max(1, length),
        // In one piece where it can be: many small ones would be held beside the whole.
        chunkSize: Math.min(Math.max(smallestPiece, length + 1), largestPiece),
      })
  return {
    SNAPPY: bounded(compressors.SNAPPY),
    LZ4: bounded(compressors.LZ4),
    LZ4_RAW: bounded(compressors.LZ4_RAW),
    GZIP: bounded(native(zlib.gunzipSync)),
    BROTLI: bounded(native(zlib.brotliDecompressSync)),
    ZSTD: bounded(
      zlib.zstdDecompressSync === undefined
        ? (input, length) => decompressZstd(input, new Uint8Array(length))
        : native(zlib.zstdDecompressSync),
    ),
  }
}
