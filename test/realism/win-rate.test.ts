import { describe, expect, it } from '@jest/globals'
import { decideAutomatic, decideRealism, defaultLimits } from '../../src/realism/decide.ts'
import { estimateWinRate, type PairOutcome, type WinRate } from '../../src/realism/win-rate.ts'

const alpha = 0.05

/** Pairs that are won, tied, lost and missing, each of a conversation of its own. */
function makeOutcomes(counts: {
  won?: number
  tied?: number
  lost?: number
  missing?: number
}): PairOutcome[] {
  const { won = 0, tied = 0, lost = 0, missing = 0 } = counts
  const kinds: [number, PairOutcome['taken']][] = [
    [won, [true, true]],
    [tied, [true, false]],
    [lost, [false, false]],
    [missing, [null, null]],
  ]
  return kinds
    .flatMap(([count, taken]) => Array.from({ length: count }, () => taken))
    .map((taken, index) => ({ conversation: `c${index}`, taken }))
}

const estimate = (counts: Parameters<typeof makeOutcomes>[0]) =>
  estimateWinRate({ outcomes: makeOutcomes(counts), alpha })
const decide = (winRate: WinRate) => decideRealism({ winRate, limits: defaultLimits, detects: true })

/** log k! */
const logFactorials = Array.from({ length: 1001 }, () => 0)
for (let k = 1; k <= 1000; k += 1) logFactorials[k] = (logFactorials[k - 1] ?? 0) + Math.log(k)
const choose = (n: number, k: number) =>
  (logFactorials[n] ?? 0) - (logFactorials[k] ?? 0) - (logFactorials[n - k] ?? 0)

describe('the win rate of pairs, each of a conversation of its own', () => {
  // By bisection on the binomial sum, in Python.
  it.each([
    [99, 200, 0.43469987847697883, 0.5554120692275497],
    [7, 10, 0.39337578389458655, 0.9127355660858497],
    [0, 10, 0, 0.2588655508930523],
  ])('has the bounds of Clopper and Pearson: %d of %d', (won, pairs, lower, upper) => {
    const found = estimate({ won, lost: pairs - won })
    expect(found).toMatchObject({ pairs, won, rate: won / pairs, method: 'exact', effectivePairs: pairs })
    expect(found.lower).toBeCloseTo(lower, 11)
    expect(found.upper).toBeCloseTo(upper, 11)
  })

  it('has the two-sided binomial p value against one half', () => {
    let tail = 0
    for (let k = 0; k <= 30; k += 1) tail += Math.exp(choose(100, k) - 100 * Math.LN2)
    expect(estimate({ won: 30, lost: 70 }).p).toBeCloseTo(2 * tail, 12)
    expect(estimate({ won: 70, lost: 30 }).p).toBeCloseTo(2 * tail, 12)
    expect(estimate({ won: 50, lost: 50 }).p).toBe(1)
    expect(estimate({ tied: 40 }).p).toBe(1)
  })

  it('counts a pair that is won in one order as half of one observation', () => {
    const found = estimate({ won: 2, tied: 4, lost: 4 })
    expect(found).toMatchObject({ pairs: 10, rate: 0.4, tied: 4, effectivePairs: 10 })
    const plain = estimate({ won: 4, lost: 6 })
    expect([found.lower, found.upper]).toEqual([plain.lower, plain.upper])
  })

  it('covers the truth with halves, too: at least 95 % on either side over all distributions of a grid', () => {
    for (const pairs of [5, 10, 20]) {
      const bounds = new Map<number, WinRate>()
      const boundOf = (won: number, tied: number) => {
        const halves = 2 * won + tied
        const known = bounds.get(halves) ?? estimate({ won, tied, lost: pairs - won - tied })
        bounds.set(halves, known)
        return known
      }
      for (let wins = 0; wins <= 10; wins += 1) {
        for (let ties = 0; ties <= 10 - wins; ties += 1) {
          const chances = [wins / 10, ties / 10, (10 - wins - ties) / 10]
          const truth = (chances[0] ?? 0) + (chances[1] ?? 0) / 2
          const covered = { lower: 0, upper: 0 }
          for (let won = 0; won <= pairs; won += 1) {
            for (let tied = 0; tied <= pairs - won; tied += 1) {
              const counts = [won, tied, pairs - won - tied]
              const logs = counts.map((count, side) =>
                count === 0 ? 0 : count * Math.log(chances[side] ?? 0),
              )
              const chance = Math.exp(
                choose(pairs, won) + choose(pairs - won, tied) + logs.reduce((sum, own) => sum + own, 0),
              )
              const { lower, upper } = boundOf(won, tied)
              if (lower <= truth + 1e-9) covered.lower += chance
              if (upper >= truth - 1e-9) covered.upper += chance
            }
          }
          expect(Math.min(covered.lower, covered.upper)).toBeGreaterThan(0.95 - 1e-9)
        }
      }
    }
  })

  it('counts what is missing at its worst, and leaves it out of the rate', () => {
    const found = estimate({ won: 45, lost: 45, missing: 10 })
    expect(found).toMatchObject({ pairs: 100, missing: 10, rate: 0.5 })
    expect(found.lower).toBe(estimate({ won: 45, lost: 55 }).lower)
    expect(found.upper).toBe(estimate({ won: 55, lost: 45 }).upper)
    expect(estimate({ missing: 3 })).toMatchObject({ rate: null, lower: 0, upper: 1, p: 1 })
    expect(estimate({})).toMatchObject({ pairs: 0, rate: null, lower: 0, upper: 1 })
  })

  it('counts the order that has an answer where only the other one is missing', () => {
    const outcomes = makeOutcomes({ won: 5, lost: 4 }).concat({ conversation: 'half', taken: [true, null] })
    const found = estimateWinRate({ outcomes, alpha })
    expect(found).toMatchObject({ missing: 1, rate: 0.555555555556 })
    expect(found.lower).toBe(estimate({ won: 5, tied: 1, lost: 4 }).lower)
    expect(found.upper).toBe(estimate({ won: 6, lost: 4 }).upper)
  })
})

describe('the win rate of pairs that share conversations', () => {
  const cluster = (each: readonly PairOutcome['taken'][][]) =>
    each.flatMap((own, index) => own.map((taken) => ({ conversation: `c${index}`, taken })))
  const [won, lost]: PairOutcome['taken'][] = [
    [true, true],
    [false, false],
  ]

  it('is worth its conversations where their pairs are alike', () => {
    const each = Array.from({ length: 60 }, (_, index) => Array(5).fill(index % 2 === 0 ? won : lost))
    const found = estimateWinRate({ outcomes: cluster(each), alpha })
    expect(found).toMatchObject({ pairs: 300, conversations: 60, method: 'clustered', rate: 0.5, p: 1 })
    expect(found.effectivePairs).toBeGreaterThan(55)
    expect(found.effectivePairs).toBeLessThan(61)
    const single = estimate({ won: 30, lost: 30 })
    expect(Math.abs(found.upper - single.upper)).toBeLessThan(0.01)
  })

  it('is never worth more than its pairs, though orders that contradict each other spread it little', () => {
    const each = Array.from({ length: 50 }, () => [
      [true, false],
      [false, true],
    ]) as PairOutcome['taken'][][]
    const found = estimateWinRate({ outcomes: cluster(each), alpha })
    expect(found).toMatchObject({ rate: 0.5, tied: 100 })
    expect(found.effectivePairs).toBeLessThanOrEqual(100)
    const mixed = each.map((own, index) => (index % 10 === 0 ? [won, lost, won, lost] : own)) as typeof each
    expect(estimateWinRate({ outcomes: cluster(mixed), alpha }).effectivePairs).toBeLessThanOrEqual(110)
  })

  it('has a p value over conversations', () => {
    const each = Array.from({ length: 5 }, () => Array(40).fill(lost))
    // All five the same way: 2 · ½⁵, however many pairs each has.
    expect(estimateWinRate({ outcomes: cluster(each), alpha }).p).toBeCloseTo(2 / 32, 12)
  })
})

describe('the verdict', () => {
  it.each([
    [{ won: 500, lost: 500 }, 'indistinguishable', 'within-limits'],
    // 49.5 % of 200: nothing against it, and nothing for it.
    [{ won: 99, lost: 101 }, 'inconclusive', 'too-few'],
    [{ won: 60, lost: 140 }, 'distinguishable', 'taken-for-simulated'],
    [{ won: 140, lost: 60 }, 'distinguishable', 'taken-for-real'],
    // Other than ½ for sure, and by less than matters.
    [{ won: 9700, lost: 10_300 }, 'indistinguishable', 'within-limits'],
    [{ won: 477, lost: 523 }, 'indistinguishable', 'within-limits'],
    [{ won: 476, lost: 524 }, 'inconclusive', 'too-few'],
    [{ won: 490, lost: 490, missing: 20 }, 'indistinguishable', 'within-limits'],
    [{ won: 480, lost: 480, missing: 40 }, 'indistinguishable', 'within-limits'],
    [{ won: 470, lost: 470, missing: 60 }, 'inconclusive', 'too-few'],
    [{ missing: 10 }, 'inconclusive', 'no-answers'],
  ])('on %j is %s: %s', (counts, verdict, reason) => {
    expect(decide(estimate(counts))).toEqual({ verdict, reason })
  })

  it('finds 1,000 pairs that nobody can tell apart indistinguishable with a chance of .86', () => {
    let chance = 0
    for (let won = 465; won <= 535; won += 1) {
      const { verdict } = decide(estimate({ won, lost: 1000 - won }))
      if (verdict === 'indistinguishable') chance += Math.exp(choose(1000, won) - 1000 * Math.LN2)
    }
    expect(chance).toBeCloseTo(0.8628, 4)
  })

  it.each([
    [false, 'blind'],
    [null, 'no-control'],
  ])(
    'is inconclusive whatever the win rate where degraded rollouts are not detected: %s',
    (detects, reason) => {
      for (const counts of [{ won: 500, lost: 500 }, { lost: 200 }]) {
        const winRate = estimate(counts)
        expect(decideRealism({ winRate, limits: defaultLimits, detects })).toEqual({
          verdict: 'inconclusive',
          reason,
        })
        expect(
          decideAutomatic({ winRate, limits: defaultLimits, detects, permutationP: 0.01, alpha }).reason,
        ).toBe(reason)
      }
    },
  )

  it('goes by other limits where they are given', () => {
    const winRate = estimate({ won: 99, lost: 101 })
    const limits = { lower: 0.4, upper: 0.6 }
    expect(decideRealism({ winRate, limits, detects: true }).verdict).toBe('indistinguishable')
  })

  it('on features goes by the permutation test where its bounds are not within the limits', () => {
    const winRate = estimate({ won: 60, lost: 140 })
    const parts = { winRate, limits: defaultLimits, detects: true, alpha }
    expect(decideAutomatic({ ...parts, permutationP: 0.05 }).verdict).toBe('distinguishable')
    expect(decideAutomatic({ ...parts, permutationP: 0.051 }).verdict).toBe('inconclusive')
    expect(
      decideAutomatic({ ...parts, winRate: estimate({ won: 500, lost: 500 }), permutationP: 0.04 }),
    ).toEqual({
      verdict: 'indistinguishable',
      reason: 'within-limits',
    })
  })
})
