import { describe, expect, it } from '@jest/globals'
import { type AutomaticResult, discriminateByFeatures } from '../../src/realism/automatic.ts'
import { chooseVocabulary, readFeatures } from '../../src/realism/features.ts'
import { fitLogistic, project } from '../../src/realism/logistic.ts'
import type { RealismPair } from '../../src/realism/pair.ts'
import { createRandomFor } from '../../src/realism/seed.ts'
import { makePair, writeRollout } from './pairs.ts'

describe('the regression', () => {
  it('has the weights of a penalised fit that is known in closed form', () => {
    // One feature, ten pairs with difference 1: 10·(1 − σ(w)) = penalty·w. At w = 1: penalty = 10·(1 − σ(1)).
    const rows = Array.from({ length: 10 }, () => Float64Array.of(1))
    const penalty = 10 * (1 - 1 / (1 + Math.exp(-1)))
    expect(fitLogistic({ rows, signs: rows.map(() => 1), penalty })[0]).toBeCloseTo(1, 7)
    expect(fitLogistic({ rows, signs: rows.map(() => -1), penalty })[0]).toBeCloseTo(-1, 7)
  })

  it('ends where its gradient is nothing, with many features and signs', () => {
    const random = createRandomFor('fit', 'rows')
    const rows = Array.from({ length: 80 }, () => Float64Array.from({ length: 6 }, () => 4 * random() - 2))
    const signs = rows.map((row) => ((row[0] ?? 0) + 2 * random() - 1 > 0 ? 1 : -1))
    const weights = fitLogistic({ rows, signs, penalty: 2 })
    for (let feature = 0; feature < 6; feature += 1) {
      const gradient = rows.reduce(
        (sum, row, index) => {
          const sign = signs[index] ?? 1
          return sum + (sign * (row[feature] ?? 0)) / (1 + Math.exp(sign * project(weights, row)))
        },
        -2 * (weights[feature] ?? 0),
      )
      expect(Math.abs(gradient)).toBeLessThan(1e-6)
    }
    expect(weights[0]).toBeGreaterThan(0.5)
  })

  it('bears features that separate perfectly, are constant or are huge, and no rows', () => {
    const rows = Array.from({ length: 50 }, () => Float64Array.of(1, 1e6, 0))
    const weights = fitLogistic({ rows, signs: rows.map(() => 1), penalty: 1 })
    expect([...weights].every(Number.isFinite)).toBe(true)
    expect(project(weights, Float64Array.of(1, 1e6, 0))).toBeGreaterThan(0)
    expect(fitLogistic({ rows: [], signs: [], penalty: 1 })).toHaveLength(0)
    expect(() => fitLogistic({ rows, signs: [], penalty: 0 })).toThrow(RangeError)
  })
})

describe('features', () => {
  const messages = writeRollout('a', {
    steps: [
      {
        tool: 'find',
        arguments: '{"day": "2024-05-01"}',
        result: '{"flight_id": "HAT1", "seats": [1, null]}',
      },
      { tool: 'find', arguments: '{"day": "2024-05-01"}', result: '[]' },
      { tool: 'pay', result: 'Error: declined' },
    ],
    answer: 'I could not pay. Another card?',
  })
  const pair = { ...makePair('p'), real: messages, simulated: messages }
  const features = readFeatures(messages, chooseVocabulary([pair]))

  it('are of calls, errors, formats and sequences', () => {
    expect(features).toMatchObject({
      calls: Math.log1p(3),
      'different tools': Math.log1p(2),
      'calls that repeat another': Math.log1p(1),
      'results that are errors': Math.log1p(1),
      'results that are empty': Math.log1p(1),
      'dates in arguments': Math.log1p(2),
      'results in JSON': Math.log1p(2),
      'JSON keys': Math.log1p(2),
      'keys in snake case': Math.log1p(1),
      'nulls in JSON': Math.log1p(1),
      'depth of JSON': 2,
      'errors of pay': Math.log1p(1),
      'sequence (begin) → find': Math.log1p(1),
      'sequence find → pay': Math.log1p(1),
      'sequence pay → (end)': Math.log1p(1),
      'ends with words': 1,
      'calls without a result': 0,
    })
  })

  it('are finite for a rollout that ends in a call, for deep JSON and for a result of megabytes', () => {
    const deep = `${'['.repeat(200)}${']'.repeat(200)}`
    const steps = [deep, 'x'.repeat(5_000_000)].map((result) => ({ tool: 'find', result }))
    const open = writeRollout('b', { steps, answer: '' }).slice(0, 3)
    const found = readFeatures(open, { tools: ['find'], sequences: [] })
    expect(Object.values(found).every(Number.isFinite)).toBe(true)
    expect(found['calls without a result']).toBeCloseTo(Math.log(2), 12)
  })
})

/** Pairs whose sides are written by two functions of a random number. */
function makeNoisy(count: number, simulate: (noise: number) => string, seed = 'noise'): RealismPair[] {
  const random = createRandomFor(seed, 'pairs')
  const write = (text: (noise: number) => string, noise: number) => ({
    steps: [{ tool: 'find', result: text(noise) }],
    answer: `Done${'.'.repeat(1 + Math.floor(5 * random()))}`,
  })
  return Array.from({ length: count }, (_, index) =>
    makePair(`n${index}`, {
      real: write(describeReal, random()),
      simulated: write(simulate, random()),
    }),
  )
}

const describeReal = (noise: number) =>
  JSON.stringify({ rows: Math.floor(1000 * noise), note: 'x'.repeat(20 * noise) })
const compare = (pairs: readonly RealismPair[], permutations = 99): AutomaticResult =>
  discriminateByFeatures({ pairs, alpha: 0.05, seed: 'test', permutations })

describe('a comparison by features', () => {
  it('tells other formats apart and names the feature', () => {
    const found = compare(makeNoisy(60, (noise) => `${Math.floor(1000 * noise)} rows found`))
    expect(found.winRate.rate).toBeLessThan(0.1)
    expect(found.permutationP).toBe(0.01)
    expect(found.telling.map(({ name }) => name).join()).toMatch(/JSON/)
    const json = found.telling.find(({ name }) => name === 'results in JSON')
    expect(json).toMatchObject({ simulated: 0 })
    expect(json?.coefficient).toBeGreaterThan(0)
  })

  it('does not tell the same apart beyond its error rate', () => {
    const found = Array.from({ length: 20 }, (_, seed) =>
      compare(makeNoisy(40, describeReal, `pairs ${seed}`), 39),
    )
    expect(found.filter(({ permutationP }) => permutationP <= 0.05).length).toBeLessThanOrEqual(2)
    expect(found.filter(({ winRate }) => winRate.upper < 0.5).length).toBeLessThanOrEqual(2)
    expect(found.filter(({ winRate }) => winRate.lower > 0.5).length).toBeLessThanOrEqual(2)
  })

  it('is the same each time, and whatever the order of the pairs', () => {
    const pairs = makeNoisy(20, (noise) => `${noise}`)
    expect(compare(pairs, 19)).toEqual(compare(pairs, 19))
    const again = compare(pairs.toReversed(), 19)
    expect(again.winRate).toEqual(compare(pairs, 19).winRate)
  })

  it('holds out conversations as wholes: copies of one pair don’t give it away', () => {
    const [one] = makeNoisy(1, () => 'nothing')
    if (one === undefined) throw new Error('no pair')
    const copies = Array.from({ length: 20 }, (_, index) => ({ ...one, id: `copy${index}` }))
    const found = compare(copies, 19)
    expect(found).toMatchObject({ folds: 1, permutationP: 1 })
    expect(found.winRate).toMatchObject({ tied: 20, rate: 0.5 })
  })

  it('ties what differs in no feature', () => {
    const same = makeNoisy(10, describeReal).map((pair) => ({ ...pair, simulated: pair.real }))
    expect(compare(same, 19)).toMatchObject({
      features: 0,
      telling: [],
      winRate: { tied: 10 },
      permutationP: 1,
    })
  })
})
