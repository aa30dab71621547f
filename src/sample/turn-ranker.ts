import { hash } from 'node:crypto'
import { readWord } from '../corpus/digest.ts'

/** Gives u of a turn by its id: the first 52 bits of SHA-256(seed ‖ 0 ‖ turn id), as a number in [0, 1). */
export type TurnRanker = (turnId: string) => number

/** Ranks turns under a seed. */
export function createTurnRanker(seed: string): TurnRanker {
  return (turnId) => {
    const digest = hash('sha256', `${seed}\0${turnId}`, 'binary')
    return toKey(readWord(digest, 0), readWord(digest, 4))
  }
}

/** The same from the digest, which lies at this byte. */
export function readKey(digests: Buffer, at: number): number {
  return toKey(digests.readUInt32BE(at), digests.readUInt32BE(at + 4))
}

function toKey(first: number, second: number): number {
  return (first * 2 ** 20 + (second >>> 12)) / 2 ** 52
}
