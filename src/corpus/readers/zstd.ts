import zlib from 'node:zlib'
import { GateError } from '../../errors.ts'
import type { CorpusLimits } from '../limits.ts'
import type { LinePlace } from '../lines.ts'
import { pickPackedLines, readJsonLines } from './jsonl.ts'
import type { Reader } from './reader.ts'
import { type Engine, engineOptions, unpack } from './unpack.ts'
import { cutFrames } from './zstd-frames.ts'

type CreateEngine = (options: typeof engineOptions) => Engine

/** JSON lines as Zstandard, of one frame or several (RFC 8878). */
export const zstd: Reader = createZstdReader(zlib.createZstdDecompress)

/** A reader with Node's decompressor, which versions before 22.15 don't have. */
export function createZstdReader(createEngine: CreateEngine | undefined): Reader {
  const unpackZstd = (file: string, limits: CorpusLimits) => {
    return (bytes: AsyncIterable<Uint8Array>, place: LinePlace) => {
      if (createEngine === undefined) throw refuseOldNode(file)
      const engine = createEngine(engineOptions)
      return unpack({ name: 'zstd', bytes: cutFrames(bytes), place, limits, engine })
    }
  }
  return {
    format: 'jsonl.zst',
    suffix: '.zst',
    title: 'JSON lines, zstd',
    read: (request) => readJsonLines(request, unpackZstd(request.file, request.limits)),
    pick: (request) => pickPackedLines(request, unpackZstd(request.file, request.limits)),
  }
}

function refuseOldNode(file: string): GateError {
  return new GateError({
    code: 'corpus',
    message: 'this version of Node.js can not unpack zstd',
    where: { file },
    remedy:
      'use Node.js 22.15 or later, or store the file as gzip (`zstd -dc FILE | gzip`) and write the manifest anew',
  })
}
