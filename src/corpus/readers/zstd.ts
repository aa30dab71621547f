import zlib from 'node:zlib'
import { GateError } from '../../errors.ts'
import { readJsonLines } from './jsonl.ts'
import type { Reader } from './reader.ts'
import { type Engine, unpack } from './unpack.ts'
import { cutFrames } from './zstd-frames.ts'

/** JSON lines as Zstandard, of one frame or several (RFC 8878). */
export const zstd: Reader = createZstdReader(zlib.createZstdDecompress)

/** A reader with Node's decompressor, which versions before 22.15 don't have. */
export function createZstdReader(createEngine: (() => Engine) | undefined): Reader {
  return {
    format: 'jsonl.zst',
    suffix: '.zst',
    title: 'JSON lines, zstd',
    read: (request) =>
      readJsonLines(request, (bytes, place) => {
        if (createEngine === undefined) throw refuseOldNode(request.file)
        return unpack({
          name: 'zstd',
          bytes: cutFrames(bytes),
          place,
          limits: request.limits,
          engine: createEngine(),
        })
      }),
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
