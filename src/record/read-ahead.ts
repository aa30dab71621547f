import type { Scratch } from '../ports.ts'

/** Bytes that are read at once, and how many such pieces are held: who comes after an arm that lags behind finds them. */
const aheadLimits = { piece: 2 ** 16, pieces: 4 }

/**
 * The same scratch, read in pieces of which the last few are held: for what is read in about the order in which it was
 * appended, and takes longer to ask for than to read.
 */
export function readAhead(scratch: Scratch, limits = aheadLimits): Scratch {
  const { piece: size, pieces } = limits
  const held: ({ start: number; bytes: Uint8Array } | undefined)[] = []
  let end = 0
  const readPiece = (start: number) => {
    const bytes = scratch.read(start, Math.min(size, end - start))
    held[(start / size) % pieces] = { start, bytes }
    return bytes
  }
  return {
    append(bytes) {
      const position = scratch.append(bytes)
      end = position + bytes.length
      return position
    },
    read(position, length) {
      const offset = position % size
      if (offset + length > size) return scratch.read(position, length)
      const start = position - offset
      const found = held[(start / size) % pieces]
      // The last piece was shorter, when there was less.
      const isThere = found?.start === start && found.bytes.length >= offset + length
      const bytes = isThere ? found.bytes : readPiece(start)
      return bytes.subarray(offset, offset + length)
    },
  }
}
