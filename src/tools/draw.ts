import { hash } from 'node:crypto'

/**
 * The first 52 bits of SHA-256(seed ‖ 0 ‖ name), as a number in [0, 1). Every letter of the name counts: it is the turn and
 * whatever is drawn for it.
 */
export function drawFor(seed: string, name: string): number {
  return Number.parseInt(hash('sha256', `${seed}\0${name}`, 'hex').slice(0, 13), 16) / 2 ** 52
}
