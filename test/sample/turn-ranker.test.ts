import '../support/seed.ts'
import { createHash } from 'node:crypto'
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createTurnRanker } from '../../src/sample/turn-ranker.ts'

function rankBySha256(seed: string, turn: string): number {
  const digest = createHash('sha256').update(`${seed}\0${turn}`).digest()
  return (digest.readUIntBE(0, 6) * 16 + (digest.readUInt8(6) >> 4)) / 2 ** 52
}

it('the u of a turn is the beginning of a SHA-256, whatever seed and id', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
    fc.integer({ min: 0, max: 1200 }).map((length) => 'x'.repeat(length)),
  )
  fc.assert(
    fc.property(text, fc.array(text, { minLength: 1, maxLength: 4 }), (seed, ids) => {
      const rank = createTurnRanker(seed)
      for (const id of ids) expect(rank(id)).toBe(rankBySha256(seed, id))
    }),
    { numRuns: 300 },
  )
})

it('is the same at every length around the ends of blocks', () => {
  for (const seedLength of [0, 1, 54, 55, 56, 62, 63, 64, 65, 127, 128]) {
    const seed = 's'.repeat(seedLength)
    const rank = createTurnRanker(seed)
    for (let length = 0; length < 140; length += 1) {
      const id = 'c'.repeat(length)
      expect(rank(id)).toBe(rankBySha256(seed, id))
    }
  }
})
