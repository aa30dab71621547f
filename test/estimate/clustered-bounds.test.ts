import '../support/seed.ts'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  boundClustered,
  boundGamma,
  boundKornGraubard,
  boundSummary,
  type ClusteredUnit,
  indexClusters,
  leftOut,
  summarizeClusters,
  summarizeIndexed,
} from '../../src/estimate/clustered-bounds.ts'
import { gammaQuantile } from '../../src/estimate/distributions.ts'
import { boundProportion } from '../../src/estimate/proportion-bounds.ts'
import { expectClose } from './close.ts'

function makeUnits(events: string, weights: string, clusters: readonly string[]): ClusteredUnit[] {
  return clusters.map((cluster, index) => ({
    event: events[index] === '1',
    weight: Number(weights[index]),
    cluster,
  }))
}

function makeSingletons(events: number, turns: number): ClusteredUnit[] {
  return Array.from({ length: turns }, (_, index) => ({
    event: index < events,
    weight: 1,
    cluster: `c${index}`,
  }))
}

/** Twelve turns in nine clusters, with a rate of .35. */
const common = makeUnits('100100000010', '211311211124', [...'aabbbcdefghi'])
/** The same, diluted by 36 turns without events in 18 clusters: a rate of 14/184. */
const rare = [
  ...common,
  ...makeUnits(
    '',
    '123'.repeat(12),
    Array.from({ length: 36 }, (_, index) => `x${Math.floor(index / 2)}`),
  ),
]

const arbitraryUnits = fc.array(
  fc.record({
    event: fc.constantFrom<ClusteredUnit['event']>(true, false, false, 0, 0, 0, 1),
    weight: fc.oneof(
      fc.double({ min: 0, max: 10, noNaN: true }),
      fc.constantFrom(0, 1, 1, 1, 1e-300, 1e-12, 1e12, 1e300),
    ),
    cluster: fc.nat(12).map(String),
  }),
  { maxLength: 40 },
)
const alphas = fc.constantFrom(1e-15, 1e-12, 0.00025, 0.01, 0.05, 0.3, 0.5)

describe('summarizeClusters', () => {
  it('counts turns and clusters and weighs the events', () => {
    const summary = summarizeClusters(rare)
    expect(summary.turns).toBe(48)
    expect(summary.clusters).toBe(27)
    expectClose(summary.rate, 14 / 184, 1e-14)
    // numpy 1.26, straight from the formula.
    expectClose(summary.variance ?? Number.NaN, 0.0018761200986246861, 1e-12)
  })

  it('needs two clusters for a variance', () => {
    expect(summarizeClusters([{ event: 1, weight: 2, cluster: 'a' }]).variance).toBeNull()
  })

  it('is empty for no turns and for turns without weight', () => {
    const empty = summarizeClusters([])
    expect(empty).toMatchObject({ turns: 0, clusters: 0, rate: 0, effectiveTurns: 0, effectiveClusters: 0 })
    expect(summarizeClusters([{ event: 1, weight: 0, cluster: 'a' }])).toEqual(empty)
  })

  it.each([
    { event: 1, weight: -1, cluster: 'a' },
    { event: 1, weight: Number.NaN, cluster: 'a' },
    { event: 1, weight: Number.POSITIVE_INFINITY, cluster: 'a' },
  ] as const)('refuses a weight of $weight', (unit) => {
    expect(() => summarizeClusters([unit])).toThrow(RangeError)
  })

  it('depends neither on the scale of the weights nor on turns without weight', () => {
    const scaled = rare.map((unit) => ({ ...unit, weight: unit.weight * 8 }))
    const padding: ClusteredUnit = { event: 1, weight: 0, cluster: 'z' }
    expect(summarizeClusters([...scaled, padding])).toEqual(summarizeClusters(rare))
  })

  it('is Kish’s effective sizes for equal weights', () => {
    const summary = summarizeClusters(makeSingletons(3, 50))
    expectClose(summary.effectiveTurns, 50, 1e-13)
    expectClose(summary.effectiveClusters, 50, 1e-13)
  })
})

describe('boundGamma, boundKornGraubard and boundClustered', () => {
  // scipy 1.17, straight from the formulas: stats.gamma.ppf, stats.beta.ppf and stats.t.ppf.
  it.each([
    {
      alpha: 0.05,
      gamma: [0.0200083940933766, 0.23558336955133657],
      kornGraubard: [0.0195032512203811, 0.19154508999559233],
      size: 36.262952027106635,
    },
    {
      alpha: 0.01,
      gamma: [0.010460271747017413, 0.3077941495973297],
      kornGraubard: [0.009651386552406422, 0.2449853195911297],
      size: 35.37486184543874,
    },
  ])('agree with an independent computation at $alpha', ({ alpha, gamma, kornGraubard, size }) => {
    const summary = summarizeClusters(rare)
    const fromGamma = boundGamma({ summary, alpha })
    const fromSize = boundKornGraubard({ summary, alpha })
    expectClose(fromGamma.lower, gamma[0] ?? Number.NaN, 1e-11)
    expectClose(fromGamma.upper, gamma[1] ?? Number.NaN, 1e-11)
    expectClose(fromSize.lower, kornGraubard[0] ?? Number.NaN, 1e-11)
    expectClose(fromSize.upper, kornGraubard[1] ?? Number.NaN, 1e-11)
    expectClose(fromSize.effectiveSize, size, 1e-11)
    expect(boundClustered({ units: rare, alpha })).toEqual({
      rate: summary.rate,
      lower: fromSize.lower,
      upper: fromGamma.upper,
      effectiveSize: fromSize.effectiveSize,
    })
  })

  it('take both bounds from the effective size at a common rate', () => {
    const bounds = boundClustered({ units: common, alpha: 0.05 })
    expectClose(bounds.rate, 0.35, 1e-14)
    // scipy 1.17, as above.
    expectClose(bounds.lower, 0.12297477074094146, 1e-11)
    expectClose(bounds.upper, 0.6430185093646319, 1e-11)
    expectClose(bounds.effectiveSize, 10.633558499492091, 1e-11)
  })

  it('reduce to Garwood’s exact bounds for equal weights and one turn per cluster', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 401, max: 700 }), alphas, (events, turns, alpha) => {
        const summary = summarizeClusters(makeSingletons(events, turns))
        const { lower, upper } = boundGamma({ summary, alpha })
        const garwoodLower = events === 0 ? 0 : gammaQuantile({ probability: alpha, shape: events }) / turns
        const garwoodUpper = gammaQuantile({ probability: 1 - alpha, shape: events + 1 }) / turns
        expectClose(lower, garwoodLower, 1e-9)
        expectClose(upper, Math.min(1, garwoodUpper), 1e-9)
        expect(boundSummary({ summary, alpha }).upper).toBe(upper)
      }),
      { numRuns: 50 },
    )
  })

  it('grow with the events at equal weights', () => {
    fc.assert(
      fc.property(fc.nat(20), alphas, (events, alpha) => {
        const fewer = boundClustered({ units: makeSingletons(events, 300), alpha })
        const more = boundClustered({ units: makeSingletons(events + 1, 300), alpha })
        expect(more.lower).toBeGreaterThan(fewer.lower)
        expect(more.upper).toBeGreaterThan(fewer.upper)
      }),
      { numRuns: 50 },
    )
  })

  it('bound without events by 3.0 over the effective clusters', () => {
    const units = rare.map((unit) => ({ ...unit, event: false }))
    const { rate, lower, upper } = boundClustered({ units, alpha: 0.05 })
    expect([rate, lower]).toEqual([0, 0])
    expectClose(upper, -Math.log(0.05) / summarizeClusters(units).effectiveClusters, 1e-12)
  })

  it('reach 1 with nothing but events', () => {
    const units = rare.map((unit) => ({ ...unit, event: true }))
    const { rate, lower, upper, effectiveSize } = boundClustered({ units, alpha: 0.05 })
    expect([rate, upper]).toEqual([1, 1])
    expectClose(effectiveSize, summarizeClusters(units).effectiveClusters, 1e-14)
    expectClose(lower, Math.exp(Math.log(0.05) / effectiveSize), 1e-10)
  })

  it('treat a single cluster as a single turn', () => {
    const units = makeUnits('10000', '11111', [...'aaaaa'])
    const bounds = boundClustered({ units, alpha: 0.05 })
    expect(bounds.effectiveSize).toBe(1)
    expect(bounds).toEqual({
      rate: 0.2,
      ...boundProportion({ events: 0.2, trials: 1, alpha: 0.05 }),
      effectiveSize: 1,
    })
  })

  it.each([
    [true, { rate: 1, lower: 0.05, upper: 1, effectiveSize: 1 }],
    [false, { rate: 0, lower: 0, upper: 0.95, effectiveSize: 1 }],
  ])('know next to nothing from one turn (event: %p)', (event, expected) => {
    const bounds = boundKornGraubard({
      summary: summarizeClusters([{ event, weight: 3, cluster: 'a' }]),
      alpha: 0.05,
    })
    expectClose(bounds.lower, expected.lower, 1e-12)
    expectClose(bounds.upper, expected.upper, 1e-12)
    expect(bounds.effectiveSize).toBe(expected.effectiveSize)
  })

  it('cap the upper bound at 1 for one turn without an event', () => {
    const units: ClusteredUnit[] = [{ event: 0, weight: 3, cluster: 'a' }]
    expect(boundClustered({ units, alpha: 0.05 })).toEqual({ rate: 0, lower: 0, upper: 1, effectiveSize: 1 })
  })

  it('know nothing from no turns', () => {
    const nothing = { rate: 0, lower: 0, upper: 1, effectiveSize: 0 }
    expect(boundClustered({ units: [], alpha: 0.05 })).toEqual(nothing)
    expect(boundClustered({ units: [{ event: 1, weight: 0, cluster: 'a' }], alpha: 0.05 })).toEqual(nothing)
  })

  it('do not take clusters that happen to agree for certainty', () => {
    // Every cluster has one event in three equal turns: the variance between clusters is 0, but for rounding.
    const units = [...'abcdefg'].flatMap((cluster, index) =>
      [1, 0, 0].map((event): ClusteredUnit => ({ event: event === 1, weight: (index + 1) / 7, cluster })),
    )
    const summary = summarizeClusters(units)
    expect(summary.variance).toBeGreaterThan(0)
    expect(boundClustered({ units, alpha: 0.05 }).effectiveSize).toBe(summary.effectiveClusters)
  })

  it('are worth no more turns than there are, also for weights that rounding makes look better than equal', () => {
    const units = [9.99999999999767, 9.999999999997693].map((weight, index) => ({
      event: 0 as const,
      weight,
      cluster: `${index}`,
    }))
    expect(boundClustered({ units, alpha: 1e-15 }).effectiveSize).toBe(2)
  })

  it('order the bounds around the rate, whatever the weights', () => {
    fc.assert(
      fc.property(arbitraryUnits, alphas, (units, alpha) => {
        const { rate, lower, upper, effectiveSize } = boundClustered({ units, alpha })
        expect([lower, rate, upper]).toEqual([lower, rate, upper].sort((left, right) => left - right))
        expect(lower).toBeGreaterThanOrEqual(0)
        expect(upper).toBeLessThanOrEqual(1)
        expect(effectiveSize).toBeGreaterThanOrEqual(0)
        expect(effectiveSize).toBeLessThanOrEqual(units.length)
      }),
      { numRuns: 500 },
    )
  })

  it('widen as alpha falls', () => {
    fc.assert(
      fc.property(arbitraryUnits, (units) => {
        const summary = summarizeClusters(units)
        const bounds = [0.5, 0.05, 0.01, 1e-6, 1e-12].map((alpha) => boundSummary({ summary, alpha }))
        for (const [index, wider] of bounds.slice(1).entries()) {
          expect(wider.lower).toBeLessThanOrEqual(bounds[index]?.lower ?? Number.NaN)
          expect(wider.upper).toBeGreaterThanOrEqual(bounds[index]?.upper ?? Number.NaN)
        }
      }),
    )
  })

  it.each([0, 0.6, Number.NaN])('refuse an alpha of %p', (alpha) => {
    const summary = summarizeClusters(rare)
    expect(() => boundGamma({ summary, alpha })).toThrow(RangeError)
    expect(() => boundKornGraubard({ summary, alpha })).toThrow(RangeError)
    expect(() => boundClustered({ units: rare, alpha })).toThrow(RangeError)
  })
})

describe('strata', () => {
  /** The strata of the clusters a to i; the clusters x0 … of `rare` go to v and z. */
  function stratify(units: readonly ClusteredUnit[], strataOfLetters: string): ClusteredUnit[] {
    return units.map((unit) => {
      const name = String(unit.cluster)
      const stratum = name.startsWith('x')
        ? Number(name.slice(1)) < 6
          ? 'v'
          : 'z'
        : strataOfLetters['abcdefghi'.indexOf(name)]
      return { ...unit, stratum }
    })
  }

  // numpy 2.4 and scipy 1.17, straight from the formula: each stratum's clusters about their own mean, and
  // Student's t with as many degrees of freedom as there are clusters less strata.
  it.each([
    { alpha: 0.05, kornGraubard: [0.02407161751150957, 0.17367856433214074], size: 46.345951816474965 },
    { alpha: 0.01, kornGraubard: [0.013347036009165602, 0.21976029025326071], size: 44.87723132717348 },
  ])('narrow the bounds of Korn & Graubard as an independent computation does at $alpha', (expected) => {
    const { alpha, kornGraubard, size } = expected
    const summary = summarizeClusters(stratify(rare, 'sssstttvv'))
    expectClose(summary.variance ?? Number.NaN, 0.0014538478485834976, 1e-12)
    expect(summary.degreesOfFreedom).toBe(23)
    const bounds = boundKornGraubard({ summary, alpha })
    expectClose(bounds.lower, kornGraubard[0] ?? Number.NaN, 1e-11)
    expectClose(bounds.upper, kornGraubard[1] ?? Number.NaN, 1e-11)
    expectClose(bounds.effectiveSize, size, 1e-11)
    expect(boundGamma({ summary, alpha })).toEqual(boundGamma({ summary: summarizeClusters(rare), alpha }))
  })

  it('bound a common rate as an independent computation does', () => {
    const bounds = boundClustered({ units: stratify(common, 'sssstttvv'), alpha: 0.05 })
    // numpy and scipy, as above.
    expectClose(bounds.lower, 0.0856165051873301, 1e-11)
    expectClose(bounds.upper, 0.7108965384214088, 1e-11)
    expectClose(bounds.effectiveSize, 7.096740085969212, 1e-11)
  })

  it('change nothing if there is but one', () => {
    fc.assert(
      fc.property(arbitraryUnits, (units) => {
        const one = units.map((unit) => ({ ...unit, stratum: 'only' }))
        expect(summarizeClusters(one)).toEqual(summarizeClusters(units))
      }),
    )
  })

  it('of a single cluster are one together', () => {
    const summary = summarizeClusters(stratify(common, 'sssstttoq'))
    expect(summary).toEqual(summarizeClusters(stratify(common, 'sssstttvv')))
    expect(summary.degreesOfFreedom).toBe(6)
  })

  it('of a single cluster, if there is but one, join the smallest other', () => {
    const joined = summarizeClusters(stratify(common, 'ssssttvvt'))
    // numpy 2.4, as above.
    expectClose(joined.variance ?? Number.NaN, 0.01871875, 1e-12)
    // t and v have two clusters each: the first by name.
    expect(summarizeClusters(stratify(common, 'ssssttvvo'))).toEqual(joined)
    expect(summarizeClusters(stratify(common, 'ssssttvvz'))).toEqual(joined)
    expect(summarizeClusters(stratify(common, 'sssssssso')).degreesOfFreedom).toBe(8)
  })

  const arbitraryStrata = fc.tuple(arbitraryUnits, fc.array(fc.nat(6), { minLength: 13, maxLength: 13 }))
  const place = (units: readonly ClusteredUnit[], strataOf: readonly number[]) =>
    units.map((unit) => ({ ...unit, stratum: strataOf[Number(unit.cluster)] ?? 0 }))

  it('leave a variance wherever there are two clusters, and bounds around the rate', () => {
    fc.assert(
      fc.property(arbitraryStrata, alphas, ([units, strataOf], alpha) => {
        const summary = summarizeClusters(place(units, strataOf))
        expect(summary.variance === null).toBe(summary.clusters < 2)
        expect(summary.variance ?? 0).toBeGreaterThanOrEqual(0)
        expect(summary.variance ?? 0).toBeLessThan(Number.POSITIVE_INFINITY)
        if (summary.clusters >= 2) expect(summary.degreesOfFreedom).toBeGreaterThanOrEqual(1)
        expect(summary.degreesOfFreedom).toBeLessThan(Math.max(1, summary.clusters))
        const { lower, upper } = boundSummary({ summary, alpha })
        expect([lower, summary.rate, upper]).toEqual([lower, summary.rate, upper].sort((a, b) => a - b))
      }),
      { numRuns: 300 },
    )
  })

  it('give the same variance whatever the order of the turns', () => {
    const units = stratify(rare, 'ssssttvvo')
    const { variance, degreesOfFreedom } = summarizeClusters(units)
    const reversed = summarizeClusters(units.toReversed())
    expectClose(reversed.variance ?? Number.NaN, variance ?? Number.NaN, 1e-13)
    expect(reversed.degreesOfFreedom).toBe(degreesOfFreedom)
  })

  it('hold whole clusters', () => {
    const units = stratify(common, 'sssstttvv').map((unit, index) =>
      index === 0 ? { ...unit, stratum: 't' } : unit,
    )
    expect(() => summarizeClusters(units)).toThrow(RangeError)
    expect(() =>
      indexClusters([
        { weight: 1, cluster: 1 },
        { weight: 1, cluster: 1, stratum: 2 },
      ]),
    ).toThrow(RangeError)
  })

  it('may be left unsaid of some turns, which are then a stratum', () => {
    const units = stratify(common, 'sssstttvv')
    const some = units.map((unit) => ({ ...unit, stratum: unit.stratum === 't' ? null : unit.stratum }))
    expect(summarizeClusters(some).variance).toBe(summarizeClusters(units).variance)
  })
})

describe('an index of clusters', () => {
  it('summarises any part of its turns as that part would be alone', () => {
    fc.assert(
      fc.property(arbitraryUnits, fc.infiniteStream(fc.boolean()), (units, chances) => {
        const kept = units.map(() => chances.next().value === true)
        const events = Uint8Array.from(units, ({ event }, turn) => (kept[turn] ? Number(event) : leftOut))
        const summary = summarizeIndexed({ index: indexClusters(units), events })
        expect(summary).toEqual(summarizeClusters(units.filter((_, turn) => kept[turn])))
      }),
    )
  })

  it('takes numbers for names', () => {
    const numbered = rare.map((unit) => ({ ...unit, cluster: String(unit.cluster).charCodeAt(0) }))
    const named = rare.map((unit) => ({ ...unit, cluster: String(unit.cluster).charAt(0) }))
    expect(summarizeClusters(numbered)).toEqual(summarizeClusters(named))
  })

  it.each([[[0, 1]], [[0, 1, 3]], [[0, 1, 0, 0]]])('refuses events of %j for three turns', (events) => {
    const index = indexClusters(['a', 'a', 'b'].map((cluster) => ({ weight: 1, cluster })))
    expect(() => summarizeIndexed({ index, events: Uint8Array.from(events) })).toThrow(RangeError)
  })

  it('refuses an event that is neither 0 nor 1', () => {
    const units = [{ event: JSON.parse('2'), weight: 1, cluster: 'a' }]
    expect(() => summarizeClusters(units)).toThrow(RangeError)
  })
})
