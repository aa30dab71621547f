import { describe, expect, it } from '@jest/globals'
import { estimateSlices, type SliceEstimate } from '../../src/estimate/slices.ts'
import type { RunRecord } from '../../src/record/schema.ts'
import { makeRecord, makeTurns, type RecordStates } from './records.ts'

/** A record whose turns have slices by their place. Without early stopping, unless the states say otherwise. */
function sliceRecord(states: RecordStates, slice: (index: number) => Record<string, string>): RunRecord {
  const record = makeRecord(states)
  return {
    ...record,
    summary: { ...record.summary, earlyStoppingOff: 'the policy has it off' },
    turns: record.turns.map((turn, index) => ({ ...turn, slice: slice(index) })),
  }
}

function find(slices: SliceEstimate[], value: string): SliceEstimate {
  const [found] = slices.filter((slice) => slice.value === value)
  if (found === undefined) throw new Error(`no slice ${value}`)
  return found
}

const surfaces = (index: number) => ({ surface: index < 100 ? 'chat' : 'api' })

describe('a slice', () => {
  // Of the candidate's 21 events 18 are among the first 100 turns, where the baseline has none.
  const candidate = makeTurns([
    ['event', 18],
    ['none', 182],
    ['event', 3],
  ])
  const baseline = makeTurns([
    ['none', 300],
    ['event', 3],
  ])
  const states = { categories: [{ id: 'a', baseline, candidate }] }

  it('has the counts of both arms, and what the candidate has more there and in all', () => {
    const slices = estimateSlices(sliceRecord(states, surfaces))
    expect(slices.map(({ key, value, category }) => [key, value, category])).toEqual([
      ['surface', 'api', 'a'],
      ['surface', 'chat', 'a'],
    ])
    expect(find(slices, 'chat')).toMatchObject({
      turns: 100,
      pairs: 100,
      candidateEvents: 18,
      baselineEvents: 0,
      excess: 18,
      excessOfAll: 18,
    })
    expect(find(slices, 'api')).toMatchObject({
      turns: 900,
      candidateEvents: 3,
      baselineEvents: 3,
      excess: 0,
    })
  })

  it('is tested by exact McNemar, and adjusted over all slices of all categories', () => {
    const slices = estimateSlices(sliceRecord(states, surfaces))
    // 18 of 18: 2^-18. Of 2 tests the smallest is doubled.
    expect(find(slices, 'chat').p).toBeCloseTo(2 ** -18, 12)
    expect(find(slices, 'chat').pAdjusted).toBeCloseTo(2 ** -17, 12)
    expect(find(slices, 'chat').concentrated).toBe(true)
    // 3 of 6: 42/64.
    expect(find(slices, 'api').p).toBeCloseTo(42 / 64, 12)
    expect(find(slices, 'api').concentrated).toBe(false)
    const quiet = { id: 'b', baseline: makeTurns(), candidate: makeTurns() }
    const more = estimateSlices(sliceRecord({ categories: [...states.categories, quiet] }, surfaces))
    expect(more).toHaveLength(4)
    expect(find(more, 'chat').pAdjusted).toBeCloseTo(2 ** -16, 12)
  })

  it('counts what is missing or was not asked in neither arm', () => {
    const lost = makeTurns([
      ['event', 5],
      ['content-missing', 7],
      ['not-asked', 9],
    ])
    const slices = estimateSlices(
      sliceRecord({ categories: [{ id: 'a', baseline: makeTurns(), candidate: lost }] }, surfaces),
    )
    expect(find(slices, 'chat')).toMatchObject({ turns: 91, pairs: 84, candidateEvents: 5 })
  })

  it('is over conversations where one gave several turns', () => {
    const conversations = Array.from({ length: 1000 }, (_, index) => `c${Math.floor(index / 6)}`)
    const slices = estimateSlices(sliceRecord({ ...states, conversations }, surfaces))
    // The 18 events are of three conversations: 2^-3, not 2^-18.
    expect(find(slices, 'chat').p).toBeCloseTo(1 / 8, 12)
  })

  it('takes an audit into account', () => {
    const record = sliceRecord(states, surfaces)
    const audits = Array.from({ length: 10 }, (_, index) => ({
      turn: `c${index}#1`,
      arm: 'candidate' as const,
      category: 'a',
      present: false,
    }))
    expect(find(estimateSlices({ ...record, audits }), 'chat').candidateEvents).toBe(8)
  })
})

describe('an excess', () => {
  it('is not concentrated where it is as dense as everywhere', () => {
    // Each tenth turn of both slices.
    const candidate = makeTurns().map((_, index) =>
      index % 10 === 0 ? ('event' as const) : ('none' as const),
    )
    const states = { categories: [{ id: 'a', baseline: makeTurns(), candidate }] }
    const slices = estimateSlices(sliceRecord(states, surfaces))
    for (const slice of slices) {
      expect(slice.pAdjusted).toBeLessThan(0.05)
      expect(slice.concentrated).toBe(false)
    }
  })

  it('is found in one slice while another has as many fewer', () => {
    const candidate = makeTurns([['event', 20]])
    const baseline = makeTurns([
      ['none', 500],
      ['event', 30],
    ])
    const slices = estimateSlices(sliceRecord({ categories: [{ id: 'a', baseline, candidate }] }, surfaces))
    expect(find(slices, 'chat')).toMatchObject({ excess: 20, excessOfAll: -10, concentrated: true })
    expect(find(slices, 'api')).toMatchObject({ excess: -30, p: 1, concentrated: false })
  })

  it('needs evidence that holds whenever one looks where results may end the run', () => {
    const record = sliceRecord(
      { categories: [{ id: 'a', baseline: makeTurns(), candidate: makeTurns([['event', 7]]) }] },
      surfaces,
    )
    const ending = { ...record, summary: { ...record.summary, earlyStoppingOff: null } }
    expect(find(estimateSlices(record), 'chat').p).toBeCloseTo(2 ** -7, 12)
    // The mean of 1.2^7, 1.5^7 and 1.8^7 is 27.3.
    expect(find(estimateSlices(ending), 'chat').p).toBeCloseTo(3 / (1.2 ** 7 + 1.5 ** 7 + 1.8 ** 7), 10)
  })
})

describe('a record without slices', () => {
  it('has none, and one without pairs has no excess', () => {
    const states = { categories: [{ id: 'a', baseline: makeTurns(), candidate: makeTurns() }] }
    expect(estimateSlices(sliceRecord(states, () => ({})))).toEqual([])
    const unasked = makeTurns([['not-asked', 1000]])
    const slices = estimateSlices(
      sliceRecord({ categories: [{ id: 'a', baseline: unasked, candidate: unasked }] }, surfaces),
    )
    expect(find(slices, 'chat')).toMatchObject({ turns: 0, pairs: 0, p: 1, concentrated: false })
  })

  it('keeps keys and values apart, however they are written', () => {
    const states = { categories: [{ id: 'a', baseline: makeTurns(), candidate: makeTurns() }] }
    const record = sliceRecord(states, (index) => (index < 10 ? { a: 'b","c' } : { 'a","b': 'c' }))
    expect(estimateSlices(record).map(({ turns }) => turns)).toEqual([10, 990])
  })
})
