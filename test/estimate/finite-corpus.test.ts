import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { boundFiniteCorpus } from '../../src/estimate/finite-corpus.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'

const alphas = fc.constantFrom(0.001, 0.01, 0.05, 0.3, 0.5)

/** n! / (k! (n − k)!), exact. */
function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n
  let result = 1n
  for (let step = 1; step <= k; step += 1) result = (result * BigInt(n - k + step)) / BigInt(step)
  return result
}

/** The chances of 0, 1, … `drawn` events among the drawn, in counted draws. */
function countDraws(urn: { present: number; drawn: number; corpus: number }): number[] {
  const { present, drawn, corpus } = urn
  const draws = Number(choose(corpus, drawn))
  return Array.from(
    { length: drawn + 1 },
    (_, events) => Number(choose(present, events) * choose(corpus - present, drawn - events)) / draws,
  )
}

/** The numbers of events with both tails above alpha, by trying each. */
function scanBounds(sample: { events: number; drawn: number; corpus: number; alpha: number }) {
  const { events, drawn, corpus, alpha } = sample
  const all = Array.from({ length: corpus + 1 }, (_, present) => present)
  const chances = all.map((present) => countDraws({ present, drawn, corpus }))
  const sum = (values: number[] | undefined) => (values ?? []).reduce((total, value) => total + value, 0)
  return {
    lower: all.find((present) => sum(chances[present]?.slice(events)) > alpha),
    upper: all.findLast((present) => sum(chances[present]?.slice(0, events + 1)) > alpha),
  }
}

const samples = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(1000))
  .map(([corpus, share, pick]) => {
    const drawn = Math.round(share * corpus)
    return { corpus, drawn, events: pick % (drawn + 1) }
  })

describe('boundFiniteCorpus', () => {
  // scipy 1.17: bisection over stats.hypergeom.cdf and sf.
  it.each([
    [3, 200, 1000, 0.05, 5, 35],
    [0, 5000, 20_000, 0.05, 0, 10],
    [0, 2000, 3000, 0.05, 0, 2],
    [40, 5000, 20_000, 0.025, 121, 209],
    [12, 1000, 1_000_000, 0.05, 6941, 19_366],
    [5, 5, 40, 0.05, 23, 40],
    [299, 300, 400, 0.01, 395, 399],
    [7, 100_000, 10_000_000, 0.05, 330, 1311],
    [3000, 1_000_000, 10_000_000, 0.05, 29_152, 30_868],
    [2_500_000, 5_000_000, 10_000_000, 0.05, 4_997_399, 5_002_601],
  ])('of %p in %p drawn from %p at %p is %p to %p', (events, drawn, corpus, alpha, lower, upper) => {
    expect(boundFiniteCorpus({ events, drawn, corpus, alpha })).toEqual({ lower, upper })
  })

  it('knows all after a census and nothing without a draw', () => {
    expect(boundFiniteCorpus({ events: 7, drawn: 300, corpus: 300, alpha: 0.05 })).toEqual({
      lower: 7,
      upper: 7,
    })
    expect(boundFiniteCorpus({ events: 0, drawn: 0, corpus: 50, alpha: 0.05 })).toEqual({
      lower: 0,
      upper: 50,
    })
    expect(boundFiniteCorpus({ events: 0, drawn: 0, corpus: 0, alpha: 0.05 })).toEqual({ lower: 0, upper: 0 })
  })

  it('is what counting every draw finds', () => {
    fc.assert(
      fc.property(samples, alphas, (sample, alpha) => {
        // Half of the draws may be exactly half: there the two sums may round to either side.
        fc.pre(alpha !== 0.5)
        expect(boundFiniteCorpus({ ...sample, alpha })).toEqual(scanBounds({ ...sample, alpha }))
      }),
    )
  })

  it('misses the truth on each side with a chance of at most alpha', () => {
    const urns = samples.map(({ corpus, drawn, events }) => ({ corpus, drawn, present: events }))
    fc.assert(
      fc.property(urns, alphas, ({ corpus, drawn, present }, alpha) => {
        const missed = { lower: 0, upper: 0 }
        for (const [events, chance] of countDraws({ present, drawn, corpus }).entries()) {
          if (chance === 0) continue
          const { lower, upper } = boundFiniteCorpus({ events, drawn, corpus, alpha })
          if (lower > present) missed.lower += chance
          if (upper < present) missed.upper += chance
        }
        expect(Math.max(missed.lower, missed.upper)).toBeLessThanOrEqual(alpha * (1 + 1e-12))
      }),
    )
  })

  it('is symmetric in events and the rest, and no wider than the bounds of an endless corpus', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(0.01, 0.05), ({ events, drawn, corpus }, alpha) => {
        const { lower, upper } = boundFiniteCorpus({ events, drawn, corpus, alpha })
        const mirrored = boundFiniteCorpus({ events: drawn - events, drawn, corpus, alpha })
        expect(mirrored).toEqual({ lower: corpus - upper, upper: corpus - lower })
        if (drawn === 0) return
        const endless = boundProportion({ events, trials: drawn, alpha })
        // To the next whole number of events: those in between aren't possible in a corpus.
        expect(lower).toBeGreaterThanOrEqual(Math.floor(endless.lower * corpus))
        expect(upper).toBeLessThanOrEqual(Math.ceil(endless.upper * corpus))
      }),
    )
  })

  it.each([
    { events: 3, drawn: 2, corpus: 10, alpha: 0.05 },
    { events: 1, drawn: 11, corpus: 10, alpha: 0.05 },
    { events: -1, drawn: 2, corpus: 10, alpha: 0.05 },
    { events: 0, drawn: 1.5, corpus: 10, alpha: 0.05 },
    { events: 0, drawn: 2, corpus: Number.NaN, alpha: 0.05 },
    { events: 0, drawn: 2, corpus: 10, alpha: 0 },
  ])('refuses $events of $drawn from $corpus at $alpha', (sample) => {
    expect(() => boundFiniteCorpus(sample)).toThrow(RangeError)
  })
})
