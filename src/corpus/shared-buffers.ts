/** Bytes that two threads see, used again and again: fresh memory costs as much as to copy into it. */
export interface SharedBuffers {
  /** At least so many bytes, whatever they are. */
  take(length: number): Uint8Array<SharedArrayBuffer>
  /** Says that nobody uses them any more. */
  give(buffer: Uint8Array<SharedArrayBuffer>): void
}

/** Bytes of a buffer at least: more than a chunk of a file, with the line that began in the one before. */
const smallest = 2 ** 19

export function createSharedBuffers(): SharedBuffers {
  const free: Uint8Array<SharedArrayBuffer>[] = []
  return {
    take(length) {
      const found = free.pop()
      if (found !== undefined && found.length >= length) return found
      return new Uint8Array(new SharedArrayBuffer(Math.max(smallest, length)))
    },
    give: (buffer) => void free.push(buffer),
  }
}
