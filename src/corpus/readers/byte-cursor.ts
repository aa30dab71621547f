import type { Stretch } from './reader.ts'

/**
 * Goes through a stream of bytes once, and gives those of some stretches of it. What a stream has given need not be there any
 * more when it gives the next.
 */
export interface ByteCursor {
  /** The bytes of a stretch, which must not begin before the end of an earlier one; `null` where the stream ends first. */
  read(stretch: Stretch): Promise<Uint8Array<ArrayBuffer> | null>
  /** The same; it may be a part of what the stream gave, and is good until anything else is asked for. */
  view(stretch: Stretch): Promise<Uint8Array | null>
  /** What `view` would give, where that needs nothing to be read; `null` otherwise. */
  peek(stretch: Stretch): Uint8Array | null
  /** Reads all that is left, and gives the last bytes of the stream, as many as were asked for. */
  finish(): Promise<Uint8Array>
  close(): Promise<void>
}

/** A cursor at the first byte that remembers the last `tail` bytes. */
export function createByteCursor(bytes: AsyncIterable<Uint8Array>, tail: number): ByteCursor {
  const iterator = bytes[Symbol.asyncIterator]()
  const end = keepEnd(tail)
  let chunk: Uint8Array = new Uint8Array()
  /** Where the chunk begins in the stream. */
  let position = 0
  const advance = async () => {
    const { length } = chunk
    const next = await iterator.next()
    if (next.done === true) return false
    position += length
    chunk = next.value
    end.add(chunk)
    return true
  }
  const read = async (stretch: Stretch) => {
    while (position + chunk.length <= stretch.start) if (!(await advance())) return null
    const found = new Uint8Array(stretch.end - stretch.start)
    for (let at = stretch.start; at < stretch.end; ) {
      if (position + chunk.length <= at && !(await advance())) return null
      const part = chunk.subarray(at - position, stretch.end - position)
      found.set(part, at - stretch.start)
      at += part.length
    }
    return found
  }
  const peek = ({ start, end }: Stretch) =>
    start >= position && end <= position + chunk.length
      ? chunk.subarray(start - position, end - position)
      : null
  return {
    read,
    peek,
    async view(stretch) {
      while (position + chunk.length <= stretch.start) if (!(await advance())) return null
      return peek(stretch) ?? read(stretch)
    },
    async finish() {
      while (await advance()) {
        // Only its digest and its end are of interest.
      }
      return end.read()
    },
    async close() {
      await iterator.return?.()
    },
  }
}

/** Keeps copies of the last bytes, in memory that is not asked for anew. */
function keepEnd(length: number) {
  const held = new Uint8Array(length + Math.min(length, mostSpare))
  let filled = 0
  return {
    add(chunk: Uint8Array) {
      const fresh = chunk.subarray(Math.max(0, chunk.length - length))
      if (filled + fresh.length > held.length) {
        const kept = length - fresh.length
        held.copyWithin(0, filled - kept, filled)
        filled = kept
      }
      held.set(fresh, filled)
      filled += fresh.length
    },
    read: () => held.subarray(Math.max(0, filled - length), filled),
  }
}

/** Bytes that come in, at most, before the end is moved to the beginning of its memory. */
const mostSpare = 2 ** 23
