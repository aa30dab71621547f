import { type FileHandle, open, stat } from 'node:fs/promises'
import { freeMemory } from '../corpus/free-memory.ts'
import type { Stretch } from '../corpus/readers/reader.ts'
import { GateError, type GateErrorCode } from '../errors.ts'

/** Bytes that are read at a time. */
const chunkBytes = 2 ** 18
/** Stretches with no more between them are read together: a read of its own costs about as much. */
const joinedGap = 2 ** 17
/** Reads under way at a time. */
const readsAhead = 4

/**
 * The bytes of a file, which must then still be the file that it was: all, the last ones, or those of ascending stretches. What
 * is given is good until the next is asked for: it lies in a few buffers, which are filled again and again.
 * @throws GateError for a file that can't be read, and for one that has changed
 */
export async function* readFileBytes(request: {
  file: string
  path: string
  last?: number | undefined
  stretches?: readonly Stretch[]
}): AsyncGenerator<Uint8Array> {
  const { file, path, last = Number.POSITIVE_INFINITY, stretches } = request
  try {
    const before = await stat(file, { bigint: true })
    if (stretches !== undefined) yield* readStretches(file, stretches)
    else {
      const start = Math.max(0, Number(before.size) - last)
      yield* readFrom(file, start)
    }
    const after = await stat(file, { bigint: true }).catch(() => null)
    if ((['dev', 'ino', 'size', 'mtimeNs'] as const).every((key) => before[key] === after?.[key])) return
  } catch (cause) {
    throw cause instanceof GateError ? cause : describeUnreadable({ code: 'corpus', path, cause })
  }
  throw new GateError({
    code: 'corpus',
    message: 'the file changed while it was read',
    where: { file: path },
    remedy: 'let whatever writes it finish, and start again',
  })
}

/** To the end of the file. While a chunk is looked at, the next is read. */
async function* readFrom(file: string, start: number): AsyncGenerator<Uint8Array> {
  const handle = await open(file)
  const buffers = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)] as const
  let position = start
  const read = (buffer: Buffer): Promise<Buffer> => {
    const span = { start: position, end: position + chunkBytes }
    position = span.end
    const work = readSpan(handle, span, buffer)
    // Who stops reading does not wait for it.
    work.catch(() => undefined)
    return work
  }
  let ahead = read(buffers[0])
  try {
    for (let count = 1; ; count += 1) {
      const bytes = await ahead
      ahead = read(buffers[count % 2 === 0 ? 0 : 1])
      if (bytes.length > 0) yield bytes
      if (bytes.length < chunkBytes) return
    }
  } finally {
    await Promise.allSettled([ahead])
    await handle.close()
  }
}

/** Stops where the file ends. */
async function* readStretches(file: string, stretches: readonly Stretch[]): AsyncGenerator<Uint8Array> {
  const handle = await open(file)
  const spans = joinStretches(stretches)
  const free: Buffer[] = []
  const ahead: Promise<Uint8Array>[] = []
  const read = async ({ span, parts }: { span: Stretch; parts: Stretch[] }): Promise<Uint8Array> => {
    const buffer = free.pop() ?? Buffer.allocUnsafe(chunkBytes)
    const bytes = await readSpan(handle, span, buffer)
    const cut = Buffer.concat(
      parts.map(({ start, end }) => bytes.subarray(start - span.start, end - span.start)),
    )
    free.push(buffer)
    return cut
  }
  const start = () => {
    const next = spans.next()
    if (next.done === true) return
    const work = read(next.value)
    // Who stops reading does not wait for it.
    work.catch(() => undefined)
    ahead.push(work)
  }
  try {
    for (let count = 0; count < readsAhead; count += 1) start()
    for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
      const bytes = await next
      start()
      yield bytes
      freeMemory(bytes)
    }
  } finally {
    await Promise.allSettled(ahead)
    await handle.close()
  }
}

/** Spans of at most a chunk, each with what is wanted of it. A stretch that is longer is cut. */
function* joinStretches(stretches: readonly Stretch[]): Generator<{ span: Stretch; parts: Stretch[] }> {
  let span: Stretch | null = null
  let parts: Stretch[] = []
  for (const stretch of stretches) {
    for (let { start } = stretch; start < stretch.end; start += chunkBytes) {
      const part = { start, end: Math.min(stretch.end, start + chunkBytes) }
      if (span !== null && part.start <= span.end + joinedGap && part.end - span.start <= chunkBytes) {
        span.end = part.end
        parts.push(part)
        continue
      }
      if (span !== null) yield { span, parts }
      span = { ...part }
      parts = [part]
    }
  }
  if (span !== null) yield { span, parts }
}

async function readSpan(handle: FileHandle, { start, end }: Stretch, buffer: Buffer): Promise<Buffer> {
  const length = end - start
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, start + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

/** A file that can't be read, and why. */
export function describeUnreadable(problem: {
  code: GateErrorCode
  path: string
  cause: unknown
}): GateError {
  const { code, path, cause } = problem
  return new GateError({
    code,
    message: `the file can't be read (${readErrorCode(cause)})`,
    where: { file: path },
    remedy: 'check that it is a file, and that this user may read it',
    cause,
  })
}

/** The code of an error of the system, such as `ENOENT`. */
export function readErrorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown cause'
}
