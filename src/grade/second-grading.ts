import { createHash } from 'node:crypto'
import type { Arm } from '../ports.ts'

/**
 * Whether a completion is of the fraction that is graded twice: by a hash of turn and arm, so that it is the same one
 * whatever the order, and no label can choose it.
 */
export function isGradedTwice(request: { turn: string; arm: Arm; share: number }): boolean {
  const { turn, arm, share } = request
  if (share <= 0) return false
  const digest = createHash('sha256').update(`second grading\n${arm}\n${turn}`).digest()
  return digest.readUInt32BE(0) / 2 ** 32 < share
}
