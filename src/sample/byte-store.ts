import type { Scratch } from '../ports.ts'

/** Where bytes are: a part of a block. */
export interface Stretch {
  block: number
  start: number
  length: number
}

/** What a store holds in memory, in bytes. */
export interface StoreLimits {
  block: number
  held: number
}

const storeLimits: StoreLimits = { block: 2 ** 19, held: 2 ** 22 }

/** Texts as bytes in few large pieces, of which all but some are on disk. */
export interface ByteStore {
  add(text: string): Stretch
  /** Valid until the next `read`, and never written to. */
  read(stretch: Stretch): Buffer
}

/** An empty store. `openScratch` is called when it holds in memory what it may; without it, it holds all there. */
export function createByteStore(
  openScratch: (() => Scratch) | undefined,
  limits: StoreLimits = storeLimits,
): ByteStore {
  /** Closed ones, and where those are that are not in memory. */
  const blocks: (Buffer | { position: number })[] = []
  let open = Buffer.allocUnsafe(0)
  let used = 0
  let held = 0
  let scratch: Scratch | null = null
  /** Closes the open block, and makes one of at least so many bytes. */
  const openNext = (bytes: number) => {
    const closed = open.subarray(0, used)
    const isHeld = openScratch === undefined || held + closed.length <= limits.held
    if (isHeld) {
      blocks.push(closed)
      held += closed.length
      open = Buffer.allocUnsafe(Math.max(limits.block, bytes))
    } else {
      scratch ??= openScratch()
      blocks.push({ position: scratch.append(closed) })
      // What is on disk need not be kept: the same memory takes the next.
      if (open.length < bytes) open = Buffer.allocUnsafe(bytes)
    }
    used = 0
  }
  return {
    add(text) {
      const length = Buffer.byteLength(text)
      if (used === 0 && length > open.length) open = Buffer.allocUnsafe(Math.max(limits.block, length))
      else if (used + length > open.length) openNext(length)
      // Into its place at once: a buffer for each text would be garbage outside of the heap, which is collected late.
      open.write(text, used)
      used += length
      return { block: blocks.length, start: used - length, length }
    },
    read({ block, start, length }) {
      const found = blocks[block] ?? open
      if (Buffer.isBuffer(found)) return found.subarray(start, start + length)
      if (scratch === null) throw new Error('a block is nowhere')
      const bytes = scratch.read(found.position + start, length)
      return Buffer.from(bytes.buffer, bytes.byteOffset, length)
    },
  }
}
