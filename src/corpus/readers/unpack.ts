import { type Duplex, Readable } from 'node:stream'
import { GateError } from '../../errors.ts'
import { tap } from '../digest.ts'
import { type CorpusLimits, formatBytes } from '../limits.ts'
import type { LinePlace } from '../lines.ts'

/** A decompressor of `node:zlib`; `bytesWritten` is how many bytes it has taken. */
export type Engine = Duplex & { readonly bytesWritten: number }

/**
 * How decompressors of `node:zlib` give bytes: small chunks cost more than they hold, and with some at hand the next are
 * unpacked, on another thread, while these are read.
 */
export const engineOptions = { chunkSize: 2 ** 19, readableHighWaterMark: 2 ** 20 }

/**
 * Streams the unpacked bytes of an archive.
 * @throws GateError for one that is damaged, cut off or followed by other bytes, and for one that unpacks to more than
 * the limits allow
 */
export async function* unpack(request: {
  name: string
  bytes: AsyncIterable<Uint8Array>
  place: LinePlace
  limits: CorpusLimits
  engine: Engine
}): AsyncGenerator<Uint8Array> {
  const { name, place, limits, engine } = request
  let packed = 0
  let unpacked = 0
  const source = Readable.from(
    tap(request.bytes, (chunk) => {
      packed += chunk.length
    }),
  )
  source.on('error', (error) => engine.destroy(error))
  // What an engine says after its reader has left is nobody's.
  engine.on('error', () => {})
  try {
    for await (const chunk of source.pipe(engine) as AsyncIterable<Uint8Array>) {
      unpacked += chunk.length
      if (unpacked > limits.unpackedFree && unpacked > limits.unpackedRatio * packed) {
        throw refuseBomb(place, limits)
      }
      yield chunk
    }
    // An engine ends early at bytes that are not its own; what it left was neither read nor digested.
    if (!source.readableEnded || engine.bytesWritten !== packed) throw refuseRest(name, place)
  } catch (cause) {
    if (cause instanceof GateError) throw cause
    throw new GateError({
      code: 'corpus',
      message: `the ${name} archive is damaged or cut off (${cause instanceof Error ? cause.message : String(cause)})`,
      where: { ...place },
      remedy: 'transfer the file again',
      cause,
    })
  } finally {
    source.destroy()
    engine.destroy()
  }
}

function refuseBomb(place: LinePlace, { unpackedFree, unpackedRatio }: CorpusLimits): GateError {
  return new GateError({
    code: 'corpus',
    message: `the archive unpacks to more than ${formatBytes(unpackedFree)} and to more than ${unpackedRatio} times its size`,
    where: { ...place },
    remedy: 'no corpus packs so well: look at what is in it, or store it unpacked',
  })
}

function refuseRest(name: string, place: LinePlace): GateError {
  return new GateError({
    code: 'corpus',
    message: `other bytes follow the end of the ${name} archive`,
    where: { ...place },
    remedy: 'transfer the file again, or write it anew without them',
  })
}
