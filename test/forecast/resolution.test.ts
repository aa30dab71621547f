import { describe, expect, it } from '@jest/globals'
import { countWorth, findUnresolved, type Unresolved } from '../../src/forecast/resolution.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { makeOne, type SettingOptions } from './settings.ts'

type Prediction = Plan['registration']['predictions'][number]

function find(request: {
  /** Per cent. */
  rate: number
  interval?: [number, number]
  direction?: Prediction['direction']
  /** Of the baseline, per cent. */
  baseline?: number | null
  turns?: number
  independence?: number
  rest?: Partial<Omit<SettingOptions, 'categories' | 'turns'>>
}): Unresolved[] {
  const { rate, interval = [0, 100], direction = 'same', baseline = null, independence = 1 } = request
  const { setting, category } = makeOne({}, { turns: request.turns ?? 400, ...request.rest })
  const prediction: Prediction = {
    category: 'only',
    ratePer100k: rate * 1000,
    intervalPer100k: [interval[0] * 1000, interval[1] * 1000],
    direction,
    limitPer100k: null,
  }
  return findUnresolved({
    setting,
    category,
    prediction,
    baseline: baseline === null ? null : baseline / 100,
    independence,
  })
}

/** P(from ≤ X ≤ to) for X ~ Binomial(trials, rate), summed term by term. */
function sumBinomial({
  trials,
  rate,
  from,
  to,
}: {
  trials: number
  rate: number
  from: number
  to: number
}): number {
  let share = Math.exp(trials * Math.log1p(-rate))
  let sum = 0
  for (let events = 0; events <= to; events += 1) {
    if (events >= from) sum += share
    share *= ((trials - events) / (events + 1)) * (rate / (1 - rate))
  }
  return sum
}

describe('an interval', () => {
  it('is resolved where a candidate as predicted lies within with a chance of .8', () => {
    // 1.5 % of 400 turns are 6; 0.75 % to 2.25 % are 3 to 9 of them, 0.8 % to 2.2 % are 4 to 8.
    const sizes = { trials: 400, rate: 0.015 }
    expect(sumBinomial({ ...sizes, from: 3, to: 9 })).toBeGreaterThan(0.8)
    expect(sumBinomial({ ...sizes, from: 4, to: 8 })).toBeLessThan(0.8)
    expect(find({ rate: 1.5, interval: [0.75, 2.25] })).toEqual([])
    const [problem] = find({ rate: 1.5, interval: [0.8, 2.2] })
    expect(problem).toMatchObject({ field: 'interval' })
    const chance = Math.round(100 * sumBinomial({ ...sizes, from: 4, to: 8 }))
    expect(problem?.message).toBe(
      `the sample can't resolve it: at the predicted 1.5 %, 400 turns lie within 0.8 % to 2.2 % with a chance of only ${chance} %`,
    )
    expect(problem?.remedy).toMatch(/^widen the interval to 0\.5 % to 2\.8 %, or draw about \d+ turns$/)
  })

  it('is resolved by as many turns as are said to do, and by the interval that is said to', () => {
    const [problem] = find({ rate: 1.5, interval: [1.2, 1.8] })
    const turns = Number(/draw about (\d+) turns/.exec(problem?.remedy ?? '')?.[1])
    expect(find({ rate: 1.5, interval: [1.2, 1.8], turns })).toEqual([])
    expect(find({ rate: 1.5, interval: [1.2, 1.8], turns: Math.floor(turns * 0.8) })).toHaveLength(1)
    expect(find({ rate: 1.5, interval: [0.5, 2.8] })).toEqual([])
  })

  it('that ends at its rate is resolved by no number of turns', () => {
    const [problem] = find({ rate: 1.5, interval: [0, 1.5] })
    expect(problem?.remedy).toMatch(/^widen the interval to \S+ % to \S+ %$/)
  })

  it('is not blamed where the rate lies outside, which is another mistake, or where nothing can happen', () => {
    expect(find({ rate: 3, interval: [0.5, 1] })).toEqual([])
    expect(find({ rate: 0, interval: [0, 0] })).toEqual([])
    expect(find({ rate: 100, interval: [100, 100] })).toEqual([])
  })

  it('counts turns by what they are worth', () => {
    const weights = Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? 1 : 4))
    const { setting } = makeOne({}, { turns: 400, weights })
    // (200 · 1 + 200 · 4)² / (200 · 1 + 200 · 16)
    expect(countWorth(setting)).toBe(294)
    const conversations = Array.from({ length: 400 }, (_, index) => `c${index % 100}`)
    expect(countWorth(makeOne({}, { turns: 400, conversations }).setting)).toBe(100)
    expect(find({ rate: 1.5, interval: [0.75, 2.25], rest: { conversations } })[0]?.message).toContain(
      '400 turns, worth 100 of equal weight, lie within',
    )
  })
})

describe('a direction', () => {
  it('is resolved where the difference is shown with a chance of .8', () => {
    expect(find({ rate: 0.2, direction: 'down', baseline: 5 })).toEqual([])
    expect(find({ rate: 6, direction: 'up', baseline: 0.5 })).toEqual([])
    const [fall] = find({ rate: 1.5, direction: 'down', baseline: 2 })
    expect(fall).toMatchObject({ field: 'direction' })
    expect(fall?.message).toMatch(
      /^the sample can't resolve it: 400 turns show a fall from the baseline's 2 % to 1\.5 % with a chance of only \d+ %$/,
    )
    const [rise] = find({ rate: 2, direction: 'up', baseline: 1.5 })
    expect(rise?.message).toMatch(/400 turns show a rise from the baseline's 1\.5 % to 2 %/)
  })

  it('has the same power either way, and by as many turns as are said to do', () => {
    const read = ([problem]: Unresolved[]) => ({
      chance: /only (.*)$/.exec(problem?.message ?? '')?.[1],
      turns: Number(/draw about (\d+) turns/.exec(problem?.remedy ?? '')?.[1]),
    })
    const down = read(find({ rate: 1, direction: 'down', baseline: 3 }))
    const up = read(find({ rate: 3, direction: 'up', baseline: 1 }))
    expect(down).toEqual(up)
    expect(down.turns).toBeGreaterThan(400)
    expect(find({ rate: 1, direction: 'down', baseline: 3, turns: down.turns })).toEqual([])
    expect(
      find({ rate: 1, direction: 'down', baseline: 3, turns: Math.floor(down.turns * 0.8) }),
    ).toHaveLength(1)
  })

  it('is easier to show where the arms err on the same turns', () => {
    const rates = { rate: 1, direction: 'down' as const, baseline: 3, turns: 700 }
    expect(find(rates)).toHaveLength(1)
    expect(find({ ...rates, independence: 0 })).toEqual([])
  })

  it('is none where the rate does not go that way', () => {
    const [problem] = find({ rate: 2, direction: 'down', baseline: 2 })
    expect(problem).toEqual({
      field: 'direction',
      message: "`down` is predicted, and the rate of 2 % is no fall from the baseline's 2 %",
      remedy: 'predict `same`, or predict a larger difference',
    })
    expect(find({ rate: 0, direction: 'up' })[0]?.message).toContain('no rise from the baseline')
  })

  it('is held against the best case where the baseline is not known', () => {
    expect(find({ rate: 0.5, direction: 'up' })[0]?.message).toContain(
      "a rise from the baseline's 0 %, the least that it could be, to 0.5 %",
    )
    expect(find({ rate: 5, direction: 'up' })).toEqual([])
    expect(find({ rate: 5, direction: 'down' })).toEqual([])
  })

  it('of the same claims nothing', () => {
    expect(find({ rate: 2, baseline: 90 })).toEqual([])
  })

  it('says no number of turns beyond what anyone could draw, and is quick about it', () => {
    const [problem] = find({ rate: 2.0001, direction: 'up', baseline: 2 })
    expect(problem?.remedy).toBe('predict `same`, or predict a larger difference')
    expect(find({ rate: 2.02, direction: 'up', baseline: 2 })[0]?.remedy).toMatch(/draw about \d{7,8} turns$/)
  })
})
