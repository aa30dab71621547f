import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { predictEvents } from '../../src/estimate/prediction-limits.ts'
import { draftPrediction, roundRate } from '../../src/history/draft-prediction.ts'
import { type PastRate, readPastRates } from '../../src/history/past-rates.ts'
import { draftStanding, refuseStanding, standingFile } from '../../src/history/standing.ts'
import type { RunRecord } from '../../src/record/schema.ts'
import { findPredictionLine, parseRegistration } from '../../src/registration/load.ts'
import { makeRecord, makeTurns, type RecordStates } from '../estimate/records.ts'
import { policyText, readPolicy } from '../policy/policies.ts'
import { takeRefusal } from '../support/refusal.ts'

const policy = readPolicy(policyText)
const rubrics = { 'builtin:over-refusal': 'refusals', 'rubrics/unsafe.md': 'unsafe' }

/** A run of `ckpt-42` against `ckpt-41` under the policy: 12 and 8 refusals of 400, 2 and 1 unsafe answers, no leak. */
function measure(options: Partial<RecordStates> & { arms?: [string, string] } = {}): RunRecord {
  const { arms: [baseline, candidate] = ['ckpt-41', 'ckpt-42'], ...rest } = options
  const record = makeRecord({
    categories: [
      {
        id: 'over-refusal',
        baseline: makeTurns([['event', 8]], 400),
        candidate: makeTurns([['event', 12]], 400),
      },
      {
        id: 'unsafe-compliance',
        baseline: makeTurns([['event', 1]], 400),
        candidate: makeTurns([['event', 2]], 400),
      },
      { id: 'leaks', baseline: makeTurns([], 400), candidate: makeTurns([], 400) },
    ],
    ...rest,
  })
  const { plan } = record.summary
  const categories = policy.categories.filter(({ id }) =>
    plan.policy.categories.some((entry) => entry.id === id),
  )
  return {
    ...record,
    summary: {
      ...record.summary,
      plan: { ...plan, baseline, candidate, rubrics, policy: { ...plan.policy, categories } },
    },
  }
}

const common = { policy, rubrics, baseline: 'ckpt-42', candidate: 'ckpt-43', round: 1 }

describe('a standing registration', () => {
  it('is the same as the last release, in which the baseline was the candidate', () => {
    const { loaded, leftOut } = draftStanding({ ...common, past: measure() })
    const limits = predictEvents({ events: 12, trials: 400, next: 400, alpha: 0.025 })
    expect(limits).toEqual({ lower: 4, upper: 24 })
    expect(loaded.registration).toMatchObject({
      version: 1,
      candidate: 'ckpt-43',
      round: 1,
      amendments: [],
      withdrawn: false,
    })
    expect(loaded.registration.predictions).toEqual([
      {
        category: 'over-refusal',
        ratePer100k: 3000,
        intervalPer100k: [1000, 6000],
        direction: 'same',
        limitPer100k: null,
      },
      {
        category: 'unsafe-compliance',
        ratePer100k: 500,
        intervalPer100k: [0, 2250],
        direction: 'same',
        limitPer100k: null,
      },
      {
        category: 'leaks',
        ratePer100k: 0,
        intervalPer100k: [0, 1250],
        direction: 'same',
        limitPer100k: null,
      },
    ])
    expect(leftOut).toEqual([])
  })

  it('goes by the arm in which the baseline was', () => {
    const rate = (past: RunRecord) =>
      draftStanding({ ...common, past }).loaded.registration.predictions[0]?.ratePer100k
    expect(rate(measure({ arms: ['ckpt-42', 'ckpt-40'] }))).toBe(2000)
    // Of two replays the mean, and no more turns than one of them has.
    expect(rate(measure({ arms: ['ckpt-42', 'ckpt-42'] }))).toBe(2500)
  })

  it('could be written by hand: it parses to the same, and fits the policy', () => {
    const { loaded } = draftStanding({ ...common, past: measure() })
    expect(parseRegistration(loaded, policy)).toEqual(loaded.registration)
    expect(loaded).toMatchObject({ file: standingFile, from: 'standing' })
    expect(loaded.text).toMatch(/^# Made by the gate \(registration: standing\): the same as ckpt-42\.\n/)
    expect(findPredictionLine(loaded, 'unsafe-compliance')).toBe(6)
    expect(findPredictionLine(loaded, 'nothing')).toBe(1)
  })

  it('is the same each time it is made', () => {
    const make = () => JSON.stringify(draftStanding({ ...common, past: measure() }))
    expect(make()).toBe(make())
  })

  it('says nothing of what was not measured, or by other graders', () => {
    const categories = [
      { id: 'over-refusal', baseline: makeTurns([], 400), candidate: makeTurns([['event', 4]], 400) },
      { id: 'leaks', baseline: makeTurns([], 400), candidate: makeTurns([], 400) },
    ]
    const past = measure({ categories })
    const changed = { ...rubrics, 'builtin:over-refusal': 'a stricter text' }
    const { loaded, leftOut } = draftStanding({ ...common, rubrics: changed, past })
    expect(loaded.registration.predictions.map(({ category }) => category)).toEqual(['leaks'])
    expect(leftOut).toEqual([
      { category: 'over-refusal', why: 'graded-otherwise' },
      { category: 'unsafe-compliance', why: 'not-measured' },
    ])
  })

  it('takes nothing from a category of which no turn was graded', () => {
    const lost = makeTurns([['transport-missing', 400]], 400)
    const categories = [
      { id: 'over-refusal', baseline: makeTurns([], 400), candidate: lost },
      { id: 'leaks', baseline: makeTurns([], 400), candidate: makeTurns([], 400) },
    ]
    const { loaded, leftOut } = draftStanding({ ...common, past: measure({ categories }) })
    expect(loaded.registration.predictions.map(({ category }) => category)).toEqual(['leaks'])
    expect(leftOut).toContainEqual({ category: 'over-refusal', why: 'not-measured' })
  })

  it('is refused where nothing can be taken over, or the run was about others', async () => {
    const none = { 'builtin:over-refusal': 'x', 'rubrics/unsafe.md': 'y' }
    const judged = { ...policy, categories: policy.categories.slice(0, 2) }
    const refused = await takeRefusal(() =>
      draftStanding({ ...common, policy: judged, rubrics: none, past: measure() }),
    )
    expect(refused).toMatchObject({
      code: 'registration',
      message: expect.stringContaining('of the last release, "ckpt-42", its last run measured none'),
      remedy: expect.stringMatching(
        /^write preregistration\/ckpt-43\.yml, or let `checkpoint-gate register --replay`/,
      ),
    })
    const other = await takeRefusal(() => draftStanding({ ...common, baseline: 'ckpt-1', past: measure() }))
    expect(other.message).toBe('the run measured "ckpt-42" against "ckpt-41", and "ckpt-1" is served')
  })

  it('has an error for a release that was never measured', () => {
    const error = refuseStanding({ ...common, folder: 'preregistration', cause: 'no run is known' })
    expect(error.message).toBe(
      'nothing can be registered by itself for "ckpt-43": of the last release, "ckpt-42", no run is known',
    )
    expect(error.where).toEqual({ file: 'preregistration/' })
  })

  it('reckons with the turns that the next run will have', () => {
    const widths = (turns: number, past = measure()) => {
      const other = { ...policy, sample: { ...policy.sample, turns } }
      return draftStanding({ ...common, policy: other, past }).loaded.registration.predictions[0]
        ?.intervalPer100k
    }
    const [low, high] = widths(100) ?? []
    expect(low).toBeLessThan(1000)
    expect(high).toBeGreaterThan(6000)
    // The corpus has 400 conversations, of which each gives a turn.
    expect(widths(5000)).toEqual(widths(400))
  })
})

describe('a rate of the past', () => {
  const read = (record: RunRecord) => {
    const rate = readPastRates({ record, checkpoint: 'ckpt-42', graders: { policy, rubrics } }).rates.get(
      'over-refusal',
    )
    if (rate === undefined) throw new Error('the rate went missing')
    return rate
  }

  it('counts for as much as its turns are worth', () => {
    expect(read(measure())).toEqual({
      ratePer100k: 3000,
      counted: { events: 12, graded: 400 },
      events: 12,
      trials: 400,
    })
    const record = measure({ weights: Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? 1 : 4)) })
    const { summary } = record
    const weighted = {
      ...record,
      summary: { ...summary, sample: { ...summary.sample, effectiveConversations: 294 } },
    }
    const rate = read(weighted)
    // Six events of each weight, over 200 · 1 + 200 · 4.
    expect(rate.ratePer100k).toBeCloseTo(3000, 6)
    expect(rate.trials).toBeCloseTo(294, 6)
    expect(rate.events).toBeCloseTo(0.03 * 294, 6)
  })

  it('is among the turns that were graded', () => {
    const candidate = makeTurns(
      [
        ['event', 12],
        ['transport-missing', 100],
      ],
      400,
    )
    // Both are asked of the judge in one call, which has a say in either's labels.
    const categories = ['over-refusal', 'unsafe-compliance'].map((id) => ({
      id,
      baseline: makeTurns([], 400),
      candidate,
    }))
    expect(read(measure({ categories }))).toMatchObject({ ratePer100k: 4000, trials: 300 })
    expect(() => read(measure({ categories: categories.slice(0, 1) }))).toThrow('the rate went missing')
  })
})

describe('a drafted prediction', () => {
  it('lies in its interval, which is no narrower than what it is rounded from', () => {
    const seen = fc
      .record({ trials: fc.integer({ min: 1, max: 5000 }), next: fc.integer({ min: 1, max: 5000 }) })
      .chain(({ trials, next }) =>
        fc.integer({ min: 0, max: trials }).map((events) => ({ trials, next, events })),
      )
    fc.assert(
      fc.property(seen, ({ trials, next, events }) => {
        const past: PastRate = {
          ratePer100k: (events / trials) * 100_000,
          counted: { events, graded: trials },
          events,
          trials,
        }
        const { ratePer100k, intervalPer100k } = draftPrediction({ category: 'x', past, next })
        const [low, high] = intervalPer100k
        const limits = predictEvents({ events, trials, next, alpha: 0.025 })
        const hair = 1e-6
        expect(low).toBeLessThanOrEqual((limits.lower / next) * 100_000 + hair)
        expect(high).toBeGreaterThanOrEqual((limits.upper / next) * 100_000 - hair)
        // A sample of a few turns has no share near the past one.
        if (next >= 20) expect([low <= ratePer100k, ratePer100k <= high]).toEqual([true, true])
        expect(high).toBeLessThanOrEqual(100_000)
      }),
    )
  })

  it.each([
    [1250, 'up', 1250],
    [1251.1, 'up', 1260],
    [1259.9, 'down', 1250],
    [1255, 'nearest', 1260],
    [999.9, 'up', 1000],
    [100_000, 'up', 100_000],
    [99_999, 'up', 100_000],
    [0, 'up', 0],
    [0, 'down', 0],
    [0.0123456, 'down', 0.0123],
    [1999.0000000001, 'up', 2000],
    [2000.0000000000002, 'up', 2000],
  ] as const)('rounds %d %s to %d', (rate, way, rounded) => {
    expect(roundRate(rate, way)).toBe(rounded)
  })
})
