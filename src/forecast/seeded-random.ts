/**
 * Seeded uniform numbers in [0, 1): a Weyl sequence through MurmurHash3's finaliser (as SplitMix, Steele et al. 2014).
 * For simulations alone: a draw of turns is by hash.
 */
export function createSeededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x100000000
  }
}
