import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  boundDifferenceExact,
  planPairsWithinMargin,
  testOverMargin,
  testWithinMargin,
} from '../../src/estimate/margin-test.ts'
import { boundDifferenceTango, scoreDifference, testWorse } from '../../src/estimate/paired.ts'

type Sample = Parameters<typeof testWithinMargin>[0]

/** The standard normal deviate of .05. */
const deviate = 1.6448536269514722

/** All terms of Binomial(trials, rate), from the mode outwards. */
function listTerms(trials: number, rate: number): number[] {
  const terms = Array.from({ length: trials + 1 }, () => 0)
  if (rate <= 0 || rate >= 1) {
    terms[rate <= 0 ? 0 : trials] = 1
    return terms
  }
  const mode = Math.min(trials, Math.floor((trials + 1) * rate))
  const odds = rate / (1 - rate)
  terms[mode] = 1
  for (let count = mode; count < trials; count += 1) {
    terms[count + 1] = ((terms[count] ?? 0) * (trials - count) * odds) / (count + 1)
  }
  for (let count = mode; count > 0; count -= 1) {
    terms[count - 1] = ((terms[count] ?? 0) * count) / ((trials - count + 1) * odds)
  }
  const total = terms.reduce((sum, term) => sum + term, 0)
  return terms.map((term) => term / total)
}

/**
 * The largest probability over a grid of discordant rates of the tables that `isInside` picks. Given the
 * baseline's events, the candidate's are binomial.
 */
function searchRates(question: {
  pairs: number
  margin: number
  points: number
  isInside: (candidateOnly: number, baselineOnly: number) => boolean
}): number {
  const { pairs, margin, points, isInside } = question
  const inside = Array.from({ length: pairs + 1 }, (_, baselineOnly) =>
    Array.from({ length: pairs - baselineOnly + 1 }, (_, count) => isInside(count, baselineOnly)),
  )
  let largest = 0
  for (let point = 0; point <= points; point += 1) {
    const share = Math.sin((point / points) * (Math.PI / 2))
    const rate = ((1 - margin) * share * share) / 2
    let probability = 0
    for (const [baselineOnly, weight] of listTerms(pairs, rate).entries()) {
      if (weight < 1e-14) continue
      const given = listTerms(pairs - baselineOnly, Math.min(1, (margin + rate) / (1 - rate)))
      const row = inside[baselineOnly] ?? []
      probability += weight * given.reduce((sum, term, count) => (row[count] ? sum + term : sum), 0)
    }
    largest = Math.max(largest, probability)
  }
  return largest
}

function searchSample(sample: Sample, points: number): { within: number; over: number } {
  const { pairs, margin } = sample
  const score = scoreDifference(sample, margin)
  const compare = (candidateOnly: number, baselineOnly: number) =>
    (scoreDifference({ candidateOnly, baselineOnly, pairs }, margin) - score) / (1 + Math.abs(score))
  return {
    within: searchRates({ pairs, margin, points, isInside: (b, c) => compare(b, c) <= 1e-9 }),
    over: searchRates({ pairs, margin, points, isInside: (b, c) => compare(b, c) >= -1e-9 }),
  }
}

function testBoth(sample: Sample): { within: number; over: number } {
  return { within: testWithinMargin(sample), over: testOverMargin(sample) }
}

/**
 * A grid can't reach above the supremum (the products differ in their last digits), and misses it by a gap.
 */
function expectSuprema({ sample, points, gap }: { sample: Sample; points: number; gap: number }): void {
  const actual = testBoth(sample)
  const grid = searchSample(sample, points)
  for (const difference of [actual.within - grid.within, actual.over - grid.over]) {
    expect(difference).toBeGreaterThan(-1e-13)
    expect(difference).toBeLessThan(gap)
  }
}

const counts = fc.record({ candidateOnly: fc.nat(40), baselineOnly: fc.nat(40), rest: fc.nat(3000) })
const samples = fc
  .record({ counts, margin: fc.constantFrom(0, 0.001, 0.005, 0.01, 0.03, 0.2, 0.7) })
  .map(({ counts: { candidateOnly, baselineOnly, rest }, margin }) => ({
    candidateOnly,
    baselineOnly,
    pairs: candidateOnly + baselineOnly + rest,
    margin,
  }))

describe('the tests of a margin', () => {
  it.each([
    // scipy 1.17.1: stats.binom given the baseline's events, Tango's score bisected for each of them, the
    // discordant rate on a grid of .05 to .5 standard errors, then optimize.minimize_scalar (bounded) around
    // the twelve largest points.
    [2, 4, 100, 0.05, 0.01089362881322682, 1],
    [20, 5, 50, 0.2, 0.8894134922848844, 0.15609060471781533],
    [0, 0, 200, 0.02, 0.022397081536681015, 1],
    [5, 3, 200, 0.02, 0.28082817349034206, 0.7648518642272952],
    [1, 6, 200, 0.01, 0.009723016976785268, 1],
    [60, 40, 300, 0, 1, 0.023588310453649286],
    [4, 4, 500, 0.02, 0.004371811654655867, 0.9995403639215333],
    [12, 5, 500, 0.005, 0.8916809180641124, 0.14160872202810226],
    [20, 20, 1000, 0.02, 0.00199810803701329, 0.9993819102279158],
    [9, 2, 1000, 0.001, 0.9963631219704793, 0.03425924801705604],
    [20, 20, 2000, 0.005, 0.06661289069205924, 0.946425653657493],
    [40, 25, 2000, 0.001, 0.9487082784649985, 0.07270098756017151],
    [90, 100, 10_000, 0.002, 0.015775825454129287, 0.9892463801971202],
    // Where the supremum lies at q = 1 or close to it.
    [1, 2, 50, 0.1, 0.011598158575479982, 0.9966812073353956],
    [2, 6, 200, 0.05, 0.00025814587903440005, 1],
    [50, 50, 2000, 0.01, 0.025857741629866562, 0.9824281014136574],
    [1250, 1250, 50_000, 0.002, 0.022919503810925668, 0.9802281643871288],
  ])('of %p against %p in %p at %p', (candidateOnly, baselineOnly, pairs, margin, within, over) => {
    const actual = testBoth({ candidateOnly, baselineOnly, pairs, margin })
    expect(Math.abs(actual.within - within)).toBeLessThan(1e-10)
    expect(Math.abs(actual.over - over)).toBeLessThan(1e-10)
  })

  it('agree with a published unconditional McNemar test where there is no margin', () => {
    // contingencytables 3.0 (Fagerland, Lydersen & Laake), one discordant pair of 14, two-sided: .542071, of
    // which .0001 is for the Berger–Boos interval. Without a margin both sides are equally likely.
    const p = testWithinMargin({ candidateOnly: 0, baselineOnly: 1, pairs: 14, margin: 0 })
    expect((2 * p + 0.0001).toFixed(5)).toBe('0.54207')
  })

  it('agree with the enumeration of all tables for every small sample', () => {
    for (const pairs of [1, 2, 3, 6]) {
      for (let candidateOnly = 0; candidateOnly <= pairs; candidateOnly += 1) {
        for (let baselineOnly = 0; candidateOnly + baselineOnly <= pairs; baselineOnly += 1) {
          for (const margin of [0, 0.01, 0.1, 0.35, 0.9]) {
            const sample = { candidateOnly, baselineOnly, pairs, margin }
            expectSuprema({ sample, points: 150, gap: 1e-4 })
          }
        }
      }
    }
  })

  it('find the supremum that a grid 40 times as dense finds', () => {
    const dense = fc.record({
      candidateOnly: fc.nat(8),
      baselineOnly: fc.nat(8),
      pairs: fc.integer({ min: 16, max: 60 }),
      margin: fc.constantFrom(0, 0.004, 0.02, 0.1, 0.4),
    })
    fc.assert(
      fc.property(dense, (sample) => expectSuprema({ sample, points: 2000, gap: 1e-5 })),
      { numRuns: 4 },
    )
  })

  it('rest on a score that grows with the candidate’s events and falls with the baseline’s', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const { pairs, margin, candidateOnly, baselineOnly } = sample
        if (candidateOnly + baselineOnly === pairs) return
        const score = scoreDifference(sample, margin)
        const slack = 1e-12 * (1 + Math.abs(score))
        const more = scoreDifference({ ...sample, candidateOnly: candidateOnly + 1 }, margin)
        const fewer = scoreDifference({ ...sample, baselineOnly: baselineOnly + 1 }, margin)
        expect(more).toBeGreaterThanOrEqual(score - slack)
        expect(fewer).toBeLessThanOrEqual(score + slack)
      }),
      { numRuns: 2000 },
    )
    for (const margin of [0, 0.001, 0.02, 0.3, 0.99]) {
      const pairs = 30
      for (let count = 0; count < pairs; count += 1) {
        for (let other = 0; count + other < pairs; other += 1) {
          const score = (candidateOnly: number, baselineOnly: number) =>
            scoreDifference({ candidateOnly, baselineOnly, pairs }, margin)
          expect(score(count + 1, other)).toBeGreaterThan(score(count, other) - 1e-12)
          expect(score(other, count + 1)).toBeLessThan(score(other, count) + 1e-12)
        }
      }
    }
  })

  it('give a probability above 0, rise and fall with the counts, and share the observed table', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        const { within, over } = testBoth(sample)
        for (const p of [within, over]) {
          expect(p).toBeGreaterThan(0)
          expect(p).toBeLessThanOrEqual(1)
        }
        expect(within + over).toBeGreaterThanOrEqual(1)
        const worse = { ...sample, candidateOnly: sample.candidateOnly + 1, pairs: sample.pairs + 1 }
        const before = testBoth({ ...sample, pairs: sample.pairs + 1 })
        expect(testWithinMargin(worse)).toBeGreaterThanOrEqual(before.within - 1e-8)
        expect(testOverMargin(worse)).toBeLessThanOrEqual(before.over + 1e-8)
      }),
      { numRuns: 60 },
    )
  })

  it('keep the level over all discordant rates, which Tango’s own does not', () => {
    const pairs = 200
    const points = 120
    for (const margin of [0.01, 0.02, 0.05]) {
      // The most candidate-only pairs that pass, and that don't fail, for each count of baseline-only ones.
      const passing: number[] = []
      const sparing: number[] = []
      for (let baselineOnly = 0; baselineOnly <= pairs; baselineOnly += 1) {
        const isAt = (candidateOnly: number) => ({ candidateOnly, baselineOnly, pairs, margin })
        let most = Math.min(passing.at(-1) ?? -1, pairs - baselineOnly)
        while (most < pairs - baselineOnly && testWithinMargin(isAt(most + 1)) <= 0.05) most += 1
        passing.push(most)
        let spared = Math.min(sparing.at(-1) ?? -1, pairs - baselineOnly)
        while (spared < pairs - baselineOnly && testOverMargin(isAt(spared + 1)) >= 0.05) spared += 1
        sparing.push(spared)
      }
      const search = (isInside: (b: number, c: number) => boolean) =>
        searchRates({ pairs, margin, points, isInside })
      const score = (candidateOnly: number, baselineOnly: number) =>
        scoreDifference({ candidateOnly, baselineOnly, pairs }, margin)
      expect(search((b, c) => b <= (passing[c] ?? -1))).toBeLessThanOrEqual(0.05)
      expect(search((b, c) => b > (sparing[c] ?? -1))).toBeLessThanOrEqual(0.05)
      expect(search((b, c) => score(b, c) <= -deviate)).toBeGreaterThan(0.051)
      expect(search((b, c) => score(b, c) > deviate)).toBeGreaterThan(margin === 0.01 ? 0.07 : 0.057)
    }
  })

  it('are certain of nothing without pairs or with a margin that the sample can’t show', () => {
    expect(testBoth({ candidateOnly: 0, baselineOnly: 0, pairs: 0, margin: 0.1 })).toEqual({
      within: 1,
      over: 1,
    })
    expect(testBoth({ candidateOnly: 0, baselineOnly: 0, pairs: 100, margin: 0 })).toEqual({
      within: 1,
      over: 1,
    })
    // At a discordant rate of the margin itself nothing happens with probability (1 − margin)^pairs.
    const { within } = testBoth({ candidateOnly: 0, baselineOnly: 0, pairs: 100, margin: 1e-9 })
    expect(within).toBeGreaterThan(1 - 1e-6)
  })

  it('lie on either side of 3 over the pairs where nothing happened', () => {
    const silent = { candidateOnly: 0, baselineOnly: 0, pairs: 500 }
    expect(testWithinMargin({ ...silent, margin: 0.0059 })).toBeGreaterThan(0.05)
    expect(testWithinMargin({ ...silent, margin: 0.006 })).toBeLessThan(0.05)
  })

  it('hold up with tens of thousands of pairs and hundreds of differences', () => {
    const { within, over } = testBoth({ candidateOnly: 250, baselineOnly: 250, pairs: 50_000, margin: 0.001 })
    // Tango's score is −2.22, of which the normal tail is .0131.
    expect(within).toBeGreaterThan(0.0131)
    expect(within).toBeLessThan(0.014)
    expect(over).toBeGreaterThan(0.98)
    expect(testWithinMargin({ candidateOnly: 0, baselineOnly: 900, pairs: 50_000, margin: 0.3 })).toBe(1e-12)
  })

  it.each([
    { candidateOnly: 3, baselineOnly: 3, pairs: 5, margin: 0.1 },
    { candidateOnly: -1, baselineOnly: 3, pairs: 5, margin: 0.1 },
    { candidateOnly: 1, baselineOnly: 0.5, pairs: 5, margin: 0.1 },
    { candidateOnly: 1, baselineOnly: 3, pairs: Number.NaN, margin: 0.1 },
    { candidateOnly: 1, baselineOnly: 3, pairs: 5, margin: 1 },
    { candidateOnly: 1, baselineOnly: 3, pairs: 5, margin: -0.1 },
    { candidateOnly: 1, baselineOnly: 3, pairs: 5, margin: Number.NaN },
  ])('refuse $candidateOnly and $baselineOnly of $pairs at $margin', (sample) => {
    expect(() => testWithinMargin(sample)).toThrow(RangeError)
    expect(() => testOverMargin(sample)).toThrow(RangeError)
  })
})

describe('boundDifferenceExact', () => {
  it.each([
    // scipy 1.17.1, p values as above, downwards from far above in steps of 2e-4 (1e-4 for 400 pairs): the
    // first that is not rejected, and the step above it.
    [2, 4, 100, 0.05, 0.0254, 0.0256],
    [0, 0, 150, 0.05, 0.0196, 0.0198],
    [3, 0, 100, 0.05, 0.0756, 0.0758],
    [0, 3, 100, 0.05, -0.0004, -0.0002],
    [10, 7, 400, 0.025, 0.0304, 0.0305],
  ])('of %p against %p in %p at %p', (candidateOnly, baselineOnly, pairs, alpha, kept, rejected) => {
    const { upper } = boundDifferenceExact({ candidateOnly, baselineOnly, pairs, alpha })
    expect(upper).toBeGreaterThan(kept)
    expect(upper).toBeLessThan(rejected)
    // With the arms in each other's place the upper bound is the lower one.
    const { lower } = boundDifferenceExact({
      candidateOnly: baselineOnly,
      baselineOnly: candidateOnly,
      pairs,
      alpha,
    })
    expect(lower).toBe(-upper)
  })

  it('knows nothing without pairs, and little of one', () => {
    const none = { candidateOnly: 0, baselineOnly: 0, alpha: 0.05 }
    expect(boundDifferenceExact({ ...none, pairs: 0 })).toEqual({ lower: -1, upper: 1 })
    const { lower, upper } = boundDifferenceExact({ ...none, pairs: 1 })
    // 1 − .05: what doesn't happen in one pair may be that likely.
    expect(upper).toBeCloseTo(0.95, 3)
    expect(lower).toBe(-upper)
    expect(boundDifferenceExact({ candidateOnly: 4, baselineOnly: 0, pairs: 4, alpha: 0.05 }).upper).toBe(1)
  })

  it('keeps the margin just inside, and leaves out none above it that the test clearly keeps', () => {
    const alphas = fc.constantFrom(0.01, 0.025, 0.05)
    const small = fc.record({ candidateOnly: fc.nat(30), baselineOnly: fc.nat(30), rest: fc.nat(900) })
    fc.assert(
      fc.property(small, alphas, ({ candidateOnly, baselineOnly, rest }, alpha) => {
        const pairs = 100 + candidateOnly + baselineOnly + rest
        const sample = { candidateOnly, baselineOnly, pairs }
        const { lower, upper } = boundDifferenceExact({ ...sample, alpha })
        const tango = boundDifferenceTango({ ...sample, alpha })
        expect(lower).toBeLessThanOrEqual(tango.difference)
        expect(upper).toBeGreaterThanOrEqual(tango.difference)
        if (upper < 0) return
        expect(testWithinMargin({ ...sample, margin: upper })).toBeLessThanOrEqual(alpha)
        const error = tango.upper - tango.difference
        const inside = upper - error / 1000
        if (inside >= 0) expect(testWithinMargin({ ...sample, margin: inside })).toBeGreaterThan(alpha)
        for (let step = 1; step <= 100; step += 1) {
          const margin = upper + (step * error) / 200
          // A step back of p that is narrower than the gaps of the search can escape, but not by much.
          if (margin < 1) expect(testWithinMargin({ ...sample, margin })).toBeLessThanOrEqual(1.05 * alpha)
        }
      }),
      { numRuns: 10 },
    )
  })

  it('needs more than three events and none before the lower bound is clear of 0', () => {
    const sample = { baselineOnly: 0, pairs: 1000, alpha: 0.05 }
    const tango = boundDifferenceTango({ ...sample, candidateOnly: 3 })
    const exact = boundDifferenceExact({ ...sample, candidateOnly: 3 })
    expect(exact.lower).toBeLessThan(tango.lower)
    expect(testWorse({ candidateOnly: 3, baselineOnly: 0 })).toBe(0.125)
  })

  it('refuses what its tests refuse, and an alpha out of range', () => {
    const sample = { candidateOnly: 1, baselineOnly: 1, pairs: 10, alpha: 0.05 }
    expect(() => boundDifferenceExact({ ...sample, pairs: 1 })).toThrow(RangeError)
    expect(() => boundDifferenceExact({ ...sample, alpha: 0 })).toThrow(RangeError)
    expect(() => boundDifferenceExact({ ...sample, alpha: 0.6 })).toThrow(RangeError)
  })
})

describe('planPairsWithinMargin', () => {
  const question = { power: 0.8, alpha: 0.05, maxPairs: 1_000_000 }

  it.each([
    // scipy 1.17.1: ((norm.isf(alpha)·√v + norm.ppf(power)·√q)/margin)² rounded up, v = 2p̃ + m(1 − m) with
    // p̃ from optimize.brentq on the likelihood's derivative.
    [0.005, 0.0198, 0.8, 5083],
    [0.01, 0.02, 0.8, 1397],
    [0.03, 0.05, 0.8, 400],
    [0.02, 0.05, 0.95, 1437],
  ])('plans a margin of %p at %p discordant for a power of %p', (margin, discordant, power, expected) => {
    expect(planPairsWithinMargin({ ...question, margin, discordant, power })).toBe(expected)
  })

  it('reaches the power with the exact test', () => {
    const margin = 0.03
    const discordant = 0.05
    const pairs = planPairsWithinMargin({ ...question, margin, discordant }) ?? Number.NaN
    let power = 0
    let most = -1
    for (const [baselineOnly, weight] of listTerms(pairs, discordant / 2).entries()) {
      if (weight < 1e-9) break
      const isPassing = (candidateOnly: number) =>
        testWithinMargin({ candidateOnly, baselineOnly, pairs, margin }) <= 0.05
      while (isPassing(most + 1)) most += 1
      const given = listTerms(pairs - baselineOnly, discordant / 2 / (1 - discordant / 2))
      power += weight * given.slice(0, most + 1).reduce((sum, term) => sum + term, 0)
    }
    expect(power).toBeGreaterThan(0.8)
    expect(power).toBeLessThan(0.82)
  })

  it('asks for as many pairs as pass when nothing happens, and passes with them', () => {
    expect(planPairsWithinMargin({ ...question, margin: 0.01, discordant: 0 })).toBe(299)
    const silent = { candidateOnly: 0, baselineOnly: 0, margin: 0.01 }
    expect(testWithinMargin({ ...silent, pairs: 299 })).toBeLessThanOrEqual(0.05)
    expect(testWithinMargin({ ...silent, pairs: 298 })).toBeGreaterThan(0.05)
  })

  it('asks for more as the margin shrinks and as more differs', () => {
    const inputs = fc.record({
      margin: fc.double({ min: 0.001, max: 0.4, noNaN: true }),
      discordant: fc.double({ min: 0, max: 0.5, noNaN: true }),
      power: fc.double({ min: 0.05, max: 0.99, noNaN: true }),
    })
    fc.assert(
      fc.property(inputs, (input) => {
        const plan = (changed: Partial<typeof input>) =>
          planPairsWithinMargin({ ...question, ...input, maxPairs: 1e12, ...changed }) ?? 0
        const pairs = plan({})
        expect(pairs).toBeGreaterThan(0)
        expect(plan({ margin: input.margin / 2 })).toBeGreaterThanOrEqual(pairs)
        expect(plan({ power: input.power + 0.009 })).toBeGreaterThanOrEqual(pairs)
        expect(plan({ discordant: input.discordant + 0.1 })).toBeGreaterThanOrEqual(pairs)
      }),
    )
  })

  it('has no plan above the most pairs, nor for no margin', () => {
    const plan = { ...question, margin: 0.005, discordant: 0.0198 }
    expect(planPairsWithinMargin({ ...plan, maxPairs: 5083 })).toBe(5083)
    expect(planPairsWithinMargin({ ...plan, maxPairs: 5082 })).toBeNull()
    expect(planPairsWithinMargin({ ...plan, margin: 0 })).toBeNull()
  })

  it.each([
    { margin: 1 },
    { discordant: 1.1 },
    { discordant: Number.NaN },
    { power: 1 },
    { alpha: 0 },
    { maxPairs: 0.5 },
  ])('refuses %p', (changed) => {
    const plan = { ...question, margin: 0.01, discordant: 0.02, ...changed }
    expect(() => planPairsWithinMargin(plan)).toThrow(RangeError)
  })
})
