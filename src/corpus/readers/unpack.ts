import type { Duplex } from 'node:stream'
import { GateError } from '../../errors.ts'
import { freeMemory } from '../free-memory.ts'
import { type CorpusLimits, formatBytes } from '../limits.ts'
import type { LinePlace } from '../lines.ts'

/** A decompressor of `node:zlib`; `bytesWritten` is how many bytes it has taken. */
export type Engine = Duplex & { readonly bytesWritten: number }

/**
 * How decompressors of `node:zlib` give bytes: small chunks cost more than they hold, and with some at hand the next are
 * unpacked, on another thread, while these are read. As objects they are given one by one; else as many as there are, copied
 * together.
 */
export const engineOptions = { chunkSize: 2 ** 21, readableObjectMode: true, readableHighWaterMark: 4 }

/**
 * Streams the unpacked bytes of an archive. A chunk is good until the next is asked for, and then empty.
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
  const { name, bytes, place, limits, engine } = request
  let unpacked = 0
  const fed = { bytes: 0, isWhole: false }
  const feeding = feed({ bytes, engine, fed })
  try {
    for await (const chunk of engine as AsyncIterable<Uint8Array>) {
      unpacked += chunk.length
      if (unpacked > limits.unpackedFree && unpacked > limits.unpackedRatio * fed.bytes) {
        throw refuseBomb(place, limits)
      }
      yield chunk
      freeRead(chunk)
    }
    // An engine ends early at bytes that are not its own; what it left was neither read nor digested.
    if (!fed.isWhole || engine.bytesWritten !== fed.bytes) throw refuseRest(name, place)
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
    engine.destroy()
    await feeding
  }
}

/** Gives an engine all bytes, as fast as it takes them. A chunk is asked for when the engine is done with the one before. */
async function feed(request: {
  bytes: AsyncIterable<Uint8Array>
  engine: Engine
  fed: { bytes: number; isWhole: boolean }
}): Promise<void> {
  const { bytes, engine, fed } = request
  let goOn = () => {}
  // What an engine says after its reader has left is nobody's; and of what it was given then it never says that it took it.
  engine.on('error', () => {})
  engine.on('close', () => goOn())
  try {
    for await (const chunk of bytes) {
      fed.bytes += chunk.length
      await new Promise<void>((taken) => {
        goOn = taken
        engine.write(chunk, () => taken())
      })
      if (engine.destroyed) return
    }
    fed.isWhole = true
    engine.end()
  } catch (cause) {
    engine.destroy(cause instanceof Error ? cause : new Error(String(cause)))
  }
}

/** Chunks may lie in the same memory, one after the other: it is given back with the last. */
function freeRead(chunk: Uint8Array): void {
  if (chunk.byteOffset + chunk.length === chunk.buffer.byteLength) freeMemory(chunk)
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
