import { createHash } from 'node:crypto'

// Held here: a test's global object is slow to look anything up in.
const { imul } = Math

/** Numbers in [0, 1). */
export type Random = () => number

/**
 * Seeded uniform numbers, 32 bits each: xoshiro128** (Blackman & Vigna 2021, "Scrambled linear pseudorandom number
 * generators"). The state is a digest of the stream's name: two names have nothing to do with each other, so
 * that replicates are independent of each other and of who computes them.
 */
export function createRandom(name: string): Random {
  const digest = createHash('sha256').update(name).digest()
  let [a, b, c, d] = [0, 4, 8, 12].map((offset) => digest.readUInt32LE(offset)) as [
    number,
    number,
    number,
    number,
  ]
  return () => {
    const scrambled = imul(rotate(imul(b, 5), 7), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11)
    return (scrambled >>> 0) / 0x1_0000_0000
  }
}

/** How many of so many trials succeed. */
export function drawBinomial(random: Random, binomial: { trials: number; rate: number }): number {
  let successes = 0
  for (let trial = 0; trial < binomial.trials; trial += 1) if (random() < binomial.rate) successes += 1
  return successes
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}
