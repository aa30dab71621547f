import { type LinePlace, refuseLength } from '../lines.ts'
import { createSharedBuffers } from '../shared-buffers.ts'

/** Some whole lines of a text, in memory that another thread can see. */
export interface WholeLines {
  /** The number of the first of them, from 1. */
  first: number
  /** Where that begins in the unpacked text. */
  start: number
  /** Only the last line of a text may be without its end. */
  bytes: Uint8Array<SharedArrayBuffer>
  /** Says that nobody looks at them any more. */
  done(): void
}

const lineFeed = 0x0a

/**
 * Cuts a text after the last line that ends in each chunk. `place` is moved on with the lines.
 * @throws GateError for a line of more than `longest` bytes
 */
export async function* cutWholeLines(request: {
  bytes: AsyncIterable<Uint8Array>
  place: LinePlace
  longest: number
}): AsyncGenerator<WholeLines> {
  const { place, longest } = request
  const buffers = createSharedBuffers()
  let next = { first: place.line, start: 0 }
  /** Copies of what no line end follows yet. */
  let pieces: Uint8Array[] = []
  let held = 0
  const join = (last: Uint8Array): WholeLines => {
    const length = held + last.length
    const buffer = buffers.take(length)
    let at = 0
    for (const piece of [...pieces, last]) {
      buffer.set(piece, at)
      at += piece.length
    }
    const lines = { ...next, bytes: buffer.subarray(0, length), done: () => buffers.give(buffer) }
    next = { first: place.line, start: next.start + length }
    pieces = []
    held = 0
    return lines
  }
  for await (const chunk of request.bytes) {
    let end = 0
    for (let found = chunk.indexOf(lineFeed); found >= 0; found = chunk.indexOf(lineFeed, end)) {
      if ((end === 0 ? held : 0) + found - end > longest) throw refuseLength(place, longest)
      end = found + 1
      place.line += 1
    }
    if (end > 0) yield join(chunk.subarray(0, end))
    if (end === chunk.length) continue
    held += chunk.length - end
    if (held > longest) throw refuseLength(place, longest)
    pieces.push(Buffer.from(chunk.subarray(end)))
  }
  if (held > 0) yield join(new Uint8Array())
}
