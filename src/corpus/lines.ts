import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { TextDecoder } from 'node:util'
import { createGunzip } from 'node:zlib'
import { GateError } from '../errors.ts'

/** One line of a file and its number, from 1. */
export interface NumberedLine {
  number: number
  text: string
}

/** The line that is being read. */
interface LinePlace {
  file: string
  line: number
}

/**
 * Streams a file's lines, decompressed if its name ends in `.gz`, and checks the SHA-256 of its bytes when
 * the last one has been read.
 * @throws GateError for a truncated archive, for text that is not UTF-8, or for another digest
 */
export async function* readVerifiedLines(request: {
  file: string
  bytes: AsyncIterable<Uint8Array>
  /** `null`: whatever it is. */
  sha256: string | null
  onDigest?: (sha256: string) => void
}): AsyncGenerator<NumberedLine> {
  const hash = createHash('sha256')
  const source = tap(request.bytes, (chunk) => hash.update(chunk))
  const place = { file: request.file, line: 1 }
  yield* splitLines(request.file.endsWith('.gz') ? gunzip(source, place) : source, place)
  const actual = hash.digest('hex')
  request.onDigest?.(actual)
  if (request.sha256 === null || actual === request.sha256) return
  throw new GateError({
    code: 'corpus',
    message: `its SHA-256 is ${actual.slice(0, 16)}…, the manifest says ${request.sha256.slice(0, 16)}…`,
    where: { file: request.file },
    remedy:
      'restore the file that the manifest describes, or have the changed corpus reviewed by updating its manifest (`corpus manifest`)',
  })
}

async function* tap(
  bytes: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    see(chunk)
    yield chunk
  }
}

async function* gunzip(bytes: AsyncIterable<Uint8Array>, place: LinePlace): AsyncGenerator<Uint8Array> {
  const source = Readable.from(bytes)
  const unzipped = createGunzip()
  source.on('error', (error) => unzipped.destroy(error))
  try {
    yield* source.pipe(unzipped)
  } catch (cause) {
    if (cause instanceof GateError) throw cause
    throw new GateError({
      code: 'corpus',
      message: `the gzip archive is damaged or cut off (${cause instanceof Error ? cause.message : String(cause)})`,
      where: { ...place },
      remedy: 'transfer the file again',
      cause,
    })
  } finally {
    source.destroy()
  }
}

const lineFeed = 0x0a

/** Splits before it decodes, so that text that is not UTF-8 is found on its own line. */
async function* splitLines(bytes: AsyncIterable<Uint8Array>, place: LinePlace): AsyncGenerator<NumberedLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let pieces: Uint8Array[] = []
  for await (const chunk of bytes) {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      yield decodeLine({ decoder, pieces: [...pieces, chunk.subarray(start, end)], place })
      pieces = []
      start = end + 1
      place.line += 1
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start))
  }
  if (pieces.length > 0) yield decodeLine({ decoder, pieces, place })
}

function decodeLine(request: { decoder: TextDecoder; pieces: Uint8Array[]; place: LinePlace }): NumberedLine {
  const { decoder, pieces, place } = request
  try {
    return { number: place.line, text: decoder.decode(Buffer.concat(pieces)) }
  } catch (cause) {
    throw new GateError({
      code: 'corpus',
      message: 'the text is not UTF-8',
      where: { ...place },
      remedy: 'write the file as UTF-8',
      cause,
    })
  }
}
