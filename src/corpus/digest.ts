import { createHash } from 'node:crypto'
import { GateError } from '../errors.ts'
import type { CorpusThread } from './corpus-thread.ts'

/** Letters of a SHA-256 as base64url. */
export const digestLength = 43

/**
 * 32 bits, from this byte on, of a digest that `node:crypto` gave as `binary`: a text of one letter a byte, which is had in a
 * third of the time of a buffer.
 */
export function readWord(digest: string, at: number): number {
  const code = (place: number) => digest.charCodeAt(at + place)
  return ((code(0) << 24) | (code(1) << 16) | (code(2) << 8) | code(3)) >>> 0
}

/**
 * Reads a file by `read`, which reads its bytes to their end, and then checks their SHA-256.
 * @throws GateError for another digest
 */
export async function* verifyDigest<T>(
  request: {
    file: string
    bytes: AsyncIterable<Uint8Array>
    /** `null`: whatever it is. */
    sha256: string | null
    onDigest?: ((sha256: string) => void) | undefined
    /** What to do about another digest. */
    remedy?: string
    /** What digests them; without it, this thread. */
    thread?: CorpusThread | undefined
    /** Whether `read` has the thread digest them. */
    isSeen?: boolean
  },
  read: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const hash = request.thread ?? hashHere()
  const see = (chunk: Uint8Array) => {
    hash.update(chunk)
    return hash.ready()
  }
  yield* read(request.isSeen === true ? request.bytes : tap(request.bytes, see))
  const actual = await hash.finish()
  request.onDigest?.(actual)
  if (request.sha256 === null || actual === request.sha256) return
  throw new GateError({
    code: 'corpus',
    message: `its SHA-256 is ${actual.slice(0, 16)}…, the manifest says ${request.sha256.slice(0, 16)}…`,
    where: { file: request.file },
    remedy:
      request.remedy ??
      'restore the file that the manifest describes, or have the changed corpus reviewed by updating its manifest (`corpus manifest`)',
  })
}

function hashHere(): Pick<CorpusThread, 'update' | 'ready' | 'finish'> {
  const hash = createHash('sha256')
  return {
    update: (bytes) => hash.update(bytes),
    ready: async () => {},
    finish: async () => hash.digest('hex'),
  }
}

/** Shows each chunk to `see` as it passes. */
export async function* tap(
  bytes: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void | Promise<void>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    await see(chunk)
    yield chunk
  }
}
