import { hash } from 'node:crypto'

/** Gives u of a turn by its id: the first 52 bits of SHA-256(seed ‖ 0 ‖ turn id), as a number in [0, 1). */
export type TurnRanker = (turnId: string) => number

/** Ranks turns under a seed. */
export function createTurnRanker(seed: string): TurnRanker {
  return (turnId) => {
    // A draw ranks every turn of a corpus. A text of one letter a byte is had in less time than hex or a buffer.
    const digest = hash('sha256', `${seed}\0${turnId}`, 'binary')
    const first = digest.charCodeAt(0) * 2 ** 24 + readThree(digest, 1)
    return (first * 2 ** 20 + Math.floor(readThree(digest, 4) / 16)) / 2 ** 52
  }
}

/** The same from the digest, which lies at this byte. */
export function readKey(digests: Buffer, at: number): number {
  return (digests.readUInt32BE(at) * 2 ** 20 + (digests.readUInt32BE(at + 4) >>> 12)) / 2 ** 52
}

function readThree(text: string, at: number): number {
  return text.charCodeAt(at) * 2 ** 16 + text.charCodeAt(at + 1) * 2 ** 8 + text.charCodeAt(at + 2)
}
