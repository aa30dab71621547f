import { describe, expect, it } from '@jest/globals'
import { estimateCategories } from '../../src/estimate/estimate.ts'
import { describeSetting } from '../../src/forecast/forecast-setting.ts'
import { readMeasuredRun } from '../../src/forecast/measured-run.ts'
import { combineFalseFails, computeSize, measureNoise } from '../../src/forecast/noise.ts'
import { type CategoryStates, makeRecord, makeTurns } from '../estimate/records.ts'

function measure(category: CategoryStates) {
  const record = makeRecord({ categories: [category] })
  const { plan } = record.summary
  const [planned] = plan.policy.categories
  const [estimate] = estimateCategories(record)
  if (planned === undefined || estimate === undefined) throw new Error('a category went missing')
  const setting = describeSetting({ plan, tier: 'release', turns: record.turns })
  return measureNoise({ setting, category: planned, estimate })
}

/** 3 turns have an event in the first replay alone, 5 in the second alone, 10 in both. */
const noisy: CategoryStates = {
  id: 'a',
  baseline: makeTurns([
    ['event', 13],
    ['none', 5],
  ]),
  candidate: makeTurns([
    ['none', 3],
    ['event', 15],
  ]),
}

describe('measureNoise', () => {
  it('counts the pairs that differ, with bounds', () => {
    expect(measure(noisy)).toMatchObject({
      category: 'a',
      pairs: 1000,
      firstOnly: 3,
      secondOnly: 5,
      // Clopper–Pearson at 8 of 1,000, one-sided .05 (scipy.stats.beta.ppf).
      discordant: {
        rate: 0.008,
        lower: expect.closeTo(0.003987, 5),
        upper: expect.closeTo(0.014387, 5),
      },
    })
  })

  it('knows the size of the exact test at as many pairs', () => {
    // Of 8 pairs all 8 must speak against it: (½)^8 = .0039 ≤ .01, and 9·(½)^8 = .035 is not.
    expect(measure(noisy).falseFail).toBeCloseTo(1 / 256, 12)
    expect(measure({ ...noisy, role: 'watch' }).falseFail).toBe(0)
    expect(measure({ ...noisy, regression: false, limitPer100k: 50_000 }).falseFail).toBe(0)
  })

  it('proposes a margin, and a larger one where replays differ more', () => {
    const clean = measure({ id: 'a', baseline: makeTurns(), candidate: makeTurns() })
    const margin = measure(noisy).marginPer100k ?? 0
    // Without any difference 3.0/n is the least that can be passed; half a pair is allowed for.
    expect(clean.marginPer100k).toBeGreaterThanOrEqual(300)
    expect(clean.marginPer100k).toBeLessThan(500)
    expect(margin).toBeGreaterThan(clean.marginPer100k ?? 0)
    expect(margin).toBeLessThan(1500)
  })

  it('proposes one of a weighted sample of which no pair differs, too', () => {
    const record = makeRecord({
      categories: [{ id: 'a', baseline: makeTurns(), candidate: makeTurns() }],
      weights: Array.from({ length: 1000 }, (_, index) => 1 + (index % 4)),
    })
    const { plan } = record.summary
    const [category] = plan.policy.categories
    const [estimate] = estimateCategories(record)
    if (category === undefined || estimate === undefined) throw new Error('a category went missing')
    const setting = describeSetting({ plan, tier: 'release', turns: record.turns })
    const { marginPer100k } = measureNoise({ setting, category, estimate })
    // One of the turns may differ: more than 3.0 over the 833 that they are worth.
    expect(marginPer100k).toBeGreaterThan(360)
    expect(marginPer100k).toBeLessThan(700)
  })

  it('has nothing to say of replays without a pair', () => {
    const lost = makeTurns([['transport-missing', 1000]])
    expect(measure({ id: 'a', baseline: lost, candidate: lost })).toMatchObject({
      pairs: 0,
      discordant: null,
      falseFail: 0,
      marginPer100k: null,
    })
  })
})

describe('computeSize', () => {
  it.each([
    [0, 0.01, 0],
    [6, 0.01, 0],
    [7, 0.01, 1 / 128],
    // P(B ≥ 9 | 10, ½) = 11/1,024 is over .01, 1/1,024 is not; P(B ≥ 10 | 11) = 12/2,048 is under it.
    [10, 0.01, 1 / 1024],
    [11, 0.01, 12 / 2048],
    [7, 0.05, 1 / 128],
    [8, 0.05, 9 / 256],
  ])('of %p pairs at %p is %p', (differing, alpha, size) => {
    expect(computeSize({ differing, alpha })).toBeCloseTo(size, 12)
  })

  it('never exceeds the level', () => {
    for (let differing = 0; differing < 400; differing += 7) {
      expect(computeSize({ differing, alpha: 0.01 })).toBeLessThanOrEqual(0.01)
    }
  })
})

describe('combineFalseFails', () => {
  it('is the chance of at least one', () => {
    expect(combineFalseFails([{ falseFail: 0.1 }, { falseFail: 0.2 }])).toBeCloseTo(0.28, 12)
    expect(combineFalseFails([])).toBe(0)
  })
})

describe('readMeasuredRun', () => {
  it("reads the baseline's rates and how often the arms differ", () => {
    const record = makeRecord({ categories: [noisy] })
    const measured = readMeasuredRun(record)
    expect(measured.baseline).toBe('ckpt-41')
    expect(measured.asked).toEqual(['a'])
    expect(measured.categories.get('a')).toMatchObject({ baselineRate: 0.013, discordant: 0.008 })
    // 8.5 of 1,001 pairs over the 2·.013·.987 of independent arms.
    expect(measured.categories.get('a')?.independence).toBeCloseTo(8.5 / 1001 / (2 * 0.013 * 0.987), 12)
  })

  it('takes requests and time only of a run that was measured in one go', () => {
    const record = makeRecord({ categories: [noisy] })
    const completions = record.turns.flatMap(({ turn }) =>
      (['baseline', 'candidate'] as const).map((arm) => ({
        turn,
        arm,
        completion: { kind: 'failed' as const, cause: 'timeout' as const },
      })),
    )
    const read = (requests: number) =>
      readMeasuredRun({
        ...record,
        completions,
        summary: {
          ...record.summary,
          cost: { usd: null, requests },
          timing: { startedAt: '', elapsedMs: 5000 },
        },
      })
    expect(read(2000)).toMatchObject({ turns: 1000, requests: 2000, elapsedMs: 5000 })
    expect(read(1999)).toMatchObject({ turns: 1000, requests: null, elapsedMs: null })
    expect(readMeasuredRun(record)).toMatchObject({ turns: 0, requests: null, elapsedMs: null })
  })

  it('leaves a category out of which the baseline has no graded turn', () => {
    const lost = makeTurns([['transport-missing', 1000]])
    const record = makeRecord({ categories: [{ id: 'a', baseline: lost, candidate: makeTurns() }] })
    expect(readMeasuredRun(record).categories.size).toBe(0)
  })
})
