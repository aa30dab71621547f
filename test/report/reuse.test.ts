import { describe, expect, it } from '@jest/globals'
import { ReusedTally } from '../../src/record/reused.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import { renderComment } from '../../src/report/reporters/comment.ts'
import { renderHtml } from '../../src/report/reporters/html/page.ts'
import { renderSummary } from '../../src/report/reporters/summary.ts'
import { renderTable } from '../../src/report/reporters/terminal.ts'
import { formatPlain } from '../../src/report/text.ts'
import { makeView } from './fixture.ts'

type Reused = NonNullable<RecordSummary['arms']['baseline']['reused']>

const fine = { id: 'a', grader: 'pattern' as const, baseline: { events: 3 }, candidate: { events: 3 } }
/** The fixture's run begins on 24 November. */
const reused: Reused = {
  ...{ days: 7, units: 350, oldest: '2026-11-21T08:00:00.000Z', newest: '2026-11-21T09:00:00.000Z' },
  runs: [{ id: '101', attempt: 1, units: 350 }],
  check: { turns: 50, what: 'the labels of a', p: 0.4 },
  notes: [],
}

function viewOf(parts: Partial<Reused>) {
  return makeView({
    turns: 400,
    categories: [fine],
    change: (summary) => {
      const { baseline } = summary.arms
      const signals = { ...baseline.signals, completions: 400 }
      const own = { ...baseline, signals, reused: { ...reused, ...parts } }
      return { ...summary, arms: { ...summary.arms, baseline: own } }
    },
  })
}

const note = (parts: Partial<Reused>) => viewOf(parts).notices.map(formatPlain)

describe('a baseline that was reused', () => {
  it('is said with how much of it, from where, how old, and what the comparison came to', () => {
    expect(note({})).toEqual([
      'Baseline: 350 of 400 answers reused from run 101 (3 days old). Before that 50 turns were asked anew and fit; they differ most in the labels of a, p = 0.4.',
    ])
  })

  it.each<[string, Partial<Reused>]>([
    ['(less than a day old)', { oldest: '2026-11-24T10:00:00Z', newest: '2026-11-24T11:00:00Z' }],
    ['(1 day old)', { oldest: '2026-11-23T10:00:00Z', newest: '2026-11-23T11:00:00Z' }],
    ['(0 to 6 days old)', { oldest: '2026-11-18T10:00:00Z', newest: '2026-11-24T11:00:00Z' }],
    ['from an earlier run (', { runs: [{ id: null, attempt: 1, units: 350 }] }],
    [
      'from run 1, run 2.2, run 3, 1 more (',
      {
        runs: [
          { id: '1', attempt: 1, units: 100 },
          { id: '2', attempt: 2, units: 100 },
          { id: '3', attempt: 1, units: 100 },
          { id: '4', attempt: 1, units: 50 },
        ],
      },
    ],
  ])('has "%s"', (words, parts) => {
    expect(note(parts).join()).toContain(words)
  })

  it('is said in every report', () => {
    const view = viewOf({ notes: ['run 99: a fork kept it'] })
    for (const page of [renderComment(view), renderSummary(view), renderHtml(view), renderTable(view)]) {
      const text = page.replaceAll(/\s+/g, ' ')
      expect(text).toContain('350 of 400 answers reused from run 101 (3 days old)')
      expect(text).toContain('not reused: ')
      expect(text).toContain('a fork kept it')
    }
  })

  it('says why others were not, alone where nothing was', () => {
    const nothing = { units: 0, oldest: null, newest: null, runs: [], check: null }
    expect(note({ ...nothing, notes: ['run 99: a fork kept it', 'it differs'] })).toEqual([
      'What an earlier run kept of the baseline was not reused: run 99: a fork kept it; it differs.',
    ])
    expect(note(nothing)).toEqual([])
  })
})

describe('summing up what is reused', () => {
  const at = (day: number, run?: { id: string | null; attempt: number }) => ({
    measured: {
      at: `2026-11-0${day}T08:00:00.000Z`,
      request: 'a'.repeat(64),
      ...(run === undefined ? {} : { run }),
    },
  })
  const one = { id: '1', attempt: 1 }
  const two = { id: '2', attempt: 1 }
  const sumUp = (
    units: readonly Parameters<ReusedTally['add']>[0][],
    facts: Parameters<ReusedTally['describe']>[0],
  ) => {
    const tally = new ReusedTally()
    for (const unit of units) tally.add(unit)
    return tally.describe(facts)
  }

  it('counts by run, the one with the most first, and leaves out what this run asked', () => {
    const units = [at(3, one), at(2, two), at(4, two), at(9), {}]
    expect(sumUp(units, { days: 7, check: null, notes: ['x'] })).toEqual({
      ...{ days: 7, units: 3, oldest: at(2).measured.at, newest: at(4).measured.at },
      runs: [
        { ...two, units: 2 },
        { ...one, units: 1 },
      ],
      ...{ check: null, notes: ['x'] },
    })
  })

  it('says nothing where policy lets nothing be reused, and says what a continued run has all the same', () => {
    expect(sumUp([at(9), {}], undefined)).toBeUndefined()
    expect(sumUp([at(3, one)], undefined)).toMatchObject({ days: null, units: 1 })
  })
})
