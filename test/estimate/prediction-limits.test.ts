import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { predictEvents } from '../../src/estimate/prediction-limits.ts'
import { createSeededRandom } from '../../src/forecast/seeded-random.ts'

/** The probabilities of 0, 1, … events, by the ratios of neighbours. */
function weighBinomial(trials: number, rate: number): number[] {
  const shares = [Math.exp(trials * Math.log1p(-rate))]
  for (let events = 0; events < trials; events += 1) {
    shares.push((((shares[events] ?? 0) * (trials - events)) / (events + 1)) * (rate / (1 - rate)))
  }
  return shares
}

type Limits = ReturnType<typeof predictEvents>

/** By the events of the past. */
function listLimits(sizes: { trials: number; next: number; alpha: number }): Limits[] {
  return Array.from({ length: sizes.trials + 1 }, (_, events) => predictEvents({ events, ...sizes }))
}

/** How often either limit is missed at a rate: summed over every past and every next sample, no simulation. */
function countMisses(request: { limits: readonly Limits[]; trials: number; next: number; rate: number }) {
  const { limits, trials, next, rate } = request
  const [past, future] = [weighBinomial(trials, rate), weighBinomial(next, rate)]
  const missed = { below: 0, above: 0 }
  past.forEach((share, events) => {
    const { lower, upper } = limits[events] ?? { lower: Number.NaN, upper: Number.NaN }
    const sum = (from: number, to: number) => future.slice(from, to).reduce((total, part) => total + part, 0)
    missed.below += share * sum(0, lower)
    missed.above += share * sum(upper + 1, next + 1)
  })
  return missed
}

describe('the limits of what a next sample shows', () => {
  // scipy.stats.betabinom 1.17.1: the first count with more than alpha up to it, and the first with no more than alpha above.
  it.each([
    [0, 400, 400, 0.025, 0, 5],
    [6, 400, 400, 0.025, 1, 15],
    [79, 100, 100, 0.025, 66, 89],
    [1, 5000, 2000, 0.025, 0, 4],
    [40, 5000, 20_000, 0.05, 116, 213],
    [100, 100, 50, 0.025, 47, 50],
    [5.49, 384, 384, 0.025, 1, 15],
    [4000, 5000, 5000, 0.025, 3920, 4078],
  ])(
    'are the quantiles of beta-binomials: %d of %d, then %d',
    (events, trials, next, alpha, lower, upper) => {
      expect(predictEvents({ events, trials, next, alpha })).toEqual({ lower, upper })
    },
  )

  it.each([
    { trials: 50, next: 50, alpha: 0.025 },
    { trials: 100, next: 40, alpha: 0.025 },
    { trials: 40, next: 100, alpha: 0.05 },
  ])('are missed with a chance of alpha at most, whatever the rate: %j', (sizes) => {
    const limits = listLimits(sizes)
    let worst = 0
    for (let rate = 0.005; rate < 1; rate += 0.01) {
      const { below, above } = countMisses({ ...sizes, limits, rate })
      worst = Math.max(worst, below, above)
    }
    expect(worst).toBeLessThanOrEqual(sizes.alpha)
    // Not so wide that they say nothing: counts are whole, which costs a part of alpha.
    expect(worst).toBeGreaterThan(sizes.alpha / 2)
  })

  it.each([0.001, 0.01, 0.2])('cover in simulated releases at a rate of %d', (rate) => {
    const random = createSeededRandom(7)
    const sizes = { trials: 400, next: 300 }
    const draw = (trials: number) => {
      let events = 0
      for (let trial = 0; trial < trials; trial += 1) events += random() < rate ? 1 : 0
      return events
    }
    const limits = listLimits({ ...sizes, alpha: 0.025 })
    const runs = 2500
    const missed = { below: 0, above: 0 }
    for (let run = 0; run < runs; run += 1) {
      const { lower, upper } = limits[draw(sizes.trials)] ?? { lower: Number.NaN, upper: Number.NaN }
      const next = draw(sizes.next)
      if (next < lower) missed.below += 1
      if (next > upper) missed.above += 1
    }
    // Three standard errors of a share of 2.5 % among 2,500.
    const most = 0.025 + 3 * Math.sqrt((0.025 * 0.975) / runs)
    expect(missed.below / runs).toBeLessThan(most)
    expect(missed.above / runs).toBeLessThan(most)
  })

  it('hold what was seen, and widen with alpha and with fewer trials', () => {
    const sample = fc
      .record({ trials: fc.integer({ min: 1, max: 600 }), next: fc.integer({ min: 1, max: 600 }) })
      .chain(({ trials, next }) =>
        fc.integer({ min: 0, max: trials }).map((events) => ({ trials, next, events })),
      )
    fc.assert(
      fc.property(sample, (seen) => {
        const { lower, upper } = predictEvents({ ...seen, alpha: 0.025 })
        const expected = (seen.events / seen.trials) * seen.next
        expect(lower).toBeLessThanOrEqual(Math.ceil(expected))
        expect(upper).toBeGreaterThanOrEqual(Math.floor(expected))
        expect(lower).toBeGreaterThanOrEqual(0)
        expect(upper).toBeLessThanOrEqual(seen.next)
        const narrow = predictEvents({ ...seen, alpha: 0.1 })
        expect(narrow.lower).toBeGreaterThanOrEqual(lower)
        expect(narrow.upper).toBeLessThanOrEqual(upper)
      }),
    )
  })

  it('know nothing without trials, and nothing is above or below nothing', () => {
    expect(predictEvents({ events: 0, trials: 0, next: 9, alpha: 0.025 })).toEqual({ lower: 0, upper: 9 })
    expect(predictEvents({ events: 3, trials: 9, next: 0, alpha: 0.025 })).toEqual({ lower: 0, upper: 0 })
    expect(predictEvents({ events: 9, trials: 9, next: 9, alpha: 0.025 }).upper).toBe(9)
  })

  it('do not overflow or vanish in large samples', () => {
    const { lower, upper } = predictEvents({ events: 5000, trials: 1e6, next: 2e6, alpha: 0.025 })
    // 10,000 and twice the standard error √(n·p(1 + n/m)) of about 173.
    expect(lower).toBeGreaterThan(9640)
    expect(upper).toBeLessThan(10_360)
  })

  it.each([
    { events: -1, trials: 9, next: 9, alpha: 0.025 },
    { events: 10, trials: 9, next: 9, alpha: 0.025 },
    { events: 1, trials: 9, next: 1.5, alpha: 0.025 },
    { events: 1, trials: 9, next: -1, alpha: 0.025 },
    { events: 1, trials: 9, next: 9, alpha: 0 },
    { events: Number.NaN, trials: 9, next: 9, alpha: 0.025 },
  ])('are refused for what is no sample: %j', (question) => {
    expect(() => predictEvents(question)).toThrow(RangeError)
  })
})
