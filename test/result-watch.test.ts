import { describe, expect, it } from '@jest/globals'
import type { State } from '../src/estimate/observations.ts'
import type { Arm } from '../src/ports.ts'
import { MeasuredUnits } from '../src/record/measured-units.ts'
import type { AuditLine } from '../src/record/schema.ts'
import { watchResults } from '../src/result-watch.ts'
import type { Sample, SampledTurn } from '../src/sample/draw.ts'
import { type CategoryStates, makeRecord, makeTurns } from './estimate/records.ts'
import { makeRecordedUnit } from './support/recorded-unit.ts'

const trail = { steps: [{ present: 1, absent: 1, missing: 0 }], secondOpinion: null, again: null }

/** Whether the first batch of a run ends it, by what people said of an earlier part. */
function isDecided(
  category: Omit<CategoryStates, 'id'>,
  split: Record<Arm, readonly number[]>,
  audits: Omit<AuditLine, 'category'>[],
): boolean {
  const gate = { stopAtFirstFail: true }
  const record = makeRecord({ categories: [{ id: 'only', ...category }], gate })
  const turns = record.turns.map(
    ({ turn, conversation, weight }) => ({ id: turn, conversation, weight }) as SampledTurn,
  )
  const watch = watchResults({
    plan: record.summary.plan,
    sample: { turns, counts: record.summary.sample } as Sample,
    tier: 'release',
    audits: audits.map((line) => ({ ...line, category: 'only' })),
  })
  const batch = turns.slice(0, 250)
  const asked = new Set(batch.map(({ id }) => id))
  const units = new MeasuredUnits(
    record.outcomes
      .filter(({ turn }) => asked.has(turn))
      .map(({ turn, arm, label }) =>
        makeRecordedUnit({
          turn,
          arm,
          labels: { only: label },
          trails: split[arm].some((place) => turn === `c${place}#1`) ? { only: trail } : {},
        }),
      ),
  )
  return watch.isDecidedBy(batch, units)
}

function say(arm: Arm, present: boolean, places: readonly number[]): Omit<AuditLine, 'category'>[] {
  return places.map((place) => ({ turn: `c${place}#1`, arm, present }))
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index)
}

const none: State[] = makeTurns([], 3000)

describe('a run that is continued after people have read', () => {
  const worse = { candidate: makeTurns([['event', 40]], 3000), baseline: none }
  const split = { candidate: [100], baseline: range(120, 60) }

  it('ends where the labels decide, and where nothing is said of them', () => {
    expect(isDecided(worse, split, [])).toBe(true)
  })

  it('goes on where the flags that decided it were refuted', () => {
    expect(isDecided(worse, split, say('candidate', false, range(0, 40)))).toBe(false)
    expect(isDecided(worse, split, say('candidate', true, range(0, 40)))).toBe(true)
  })

  it('goes on while the others are read in part, and where all of them together say otherwise', () => {
    const baseline = say('baseline', true, range(120, 60))
    expect(isDecided(worse, split, baseline)).toBe(false)
    expect(isDecided(worse, split, [...baseline, ...say('candidate', false, [100])])).toBe(false)
    const absent = say('baseline', false, range(120, 60))
    expect(isDecided(worse, split, [...absent, ...say('candidate', false, [100])])).toBe(true)
  })

  it('ends by what people found in both arms', () => {
    const alike = { candidate: none, baseline: none }
    const both = { candidate: range(0, 40), baseline: [200] }
    const found = say('candidate', true, both.candidate)
    expect(isDecided(alike, both, [])).toBe(false)
    expect(isDecided(alike, both, found)).toBe(false)
    expect(isDecided(alike, both, [...found, ...say('baseline', false, [200])])).toBe(true)
  })

  it('takes a turn that was lost since for lost, whatever was said of it before', () => {
    const lost = { candidate: makeTurns([['transport-missing', 40]], 3000), baseline: none }
    const limit = { ...lost, regression: false, limitPer100k: 2000 }
    const apart = { candidate: [], baseline: [] }
    const quiet = { ...limit, candidate: none }
    expect(isDecided(quiet, apart, [])).toBe(true)
    expect(isDecided(limit, apart, say('candidate', false, range(0, 40)))).toBe(false)
  })
})
