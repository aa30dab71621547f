import { binomialCdf, binomialUpperTail } from '../../src/estimate/distributions.ts'

/** Chances under it are left out: together they are nothing. */
const negligible = 1e-12

/** The chances of 0, 1, 2, … events, up to the count beyond which hardly any is left. */
export function listBinomial({ trials, rate }: { trials: number; rate: number }): number[] {
  const chances: number[] = []
  let below = 0
  for (let events = 0; events <= trials; events += 1) {
    const cumulated = binomialCdf({ events, trials, rate })
    chances.push(cumulated - below)
    below = cumulated
    if (binomialUpperTail({ events: events + 1, trials, rate }) < negligible) break
  }
  return chances
}

/** Seeded uniform numbers in [0, 1): a Weyl sequence through MurmurHash3's finaliser (as SplitMix, Steele et al. 2014). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
  }
}
