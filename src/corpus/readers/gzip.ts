import { createGunzip } from 'node:zlib'
import type { CorpusLimits } from '../limits.ts'
import type { LinePlace } from '../lines.ts'
import { pickPackedLines, readJsonLines } from './jsonl.ts'
import type { Reader } from './reader.ts'
import { engineOptions, unpack } from './unpack.ts'

/** JSON lines as gzip, of one member or several (RFC 1952). */
export const gzip: Reader = {
  format: 'jsonl.gz',
  suffix: '.gz',
  title: 'JSON lines, gzip',
  read: (request) =>
    readJsonLines(request, (bytes, place) => unpackGzip({ bytes, place, limits: request.limits })),
  pick: (request) =>
    pickPackedLines(request, (bytes, place) => unpackGzip({ bytes, place, limits: request.limits })),
}

/** Streams what gzip holds. */
export function unpackGzip(request: {
  bytes: AsyncIterable<Uint8Array>
  place: LinePlace
  limits: CorpusLimits
}): AsyncGenerator<Uint8Array> {
  return unpack({ ...request, name: 'gzip', engine: createGunzip(engineOptions) })
}
