import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { GateError } from '../errors.ts'

/** One line of a file and its number, from 1. */
export interface NumberedLine {
  number: number
  text: string
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
  yield* splitLines(request.file, request.file.endsWith('.gz') ? gunzip(request.file, source) : source)
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

async function* gunzip(file: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
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
      where: { file },
      remedy: 'transfer the file again',
      cause,
    })
  }
}

async function* splitLines(file: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<NumberedLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let number = 0
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch (cause) {
      throw new GateError({
        code: 'corpus',
        message: 'the text is not UTF-8',
        where: { file, line: number + rest.split('\n').length },
        remedy: 'write the file as UTF-8',
        cause,
      })
    }
  }
  for await (const chunk of bytes) {
    const lines = (rest + decode(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) {
      number += 1
      yield { number, text }
    }
  }
  rest += decode()
  if (rest !== '') yield { number: number + 1, text: rest }
}
