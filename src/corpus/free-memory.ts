/** Memory that is not larger may be a part of that which Node.js shares out among small buffers. */
const sharedOut = 2 ** 16

/**
 * Gives back the memory that some bytes lie in, and all else in it. Left to V8's collections, it is what makes for them, and
 * it is in pieces by then. Node.js 20 has no way to.
 */
export function freeMemory({ buffer }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer && 'transfer' in buffer)) return
  if (buffer.byteLength > sharedOut) buffer.transfer(0)
}
