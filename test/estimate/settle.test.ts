import { describe, expect, it } from '@jest/globals'
import { assessCalibration, settleCalibrations, settlePlan } from '../../src/estimate/settle.ts'
import { digestGraders } from '../../src/grade/grader-digest.ts'
import type { Plan, PlannedCalibration } from '../../src/plan/plan.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import { calibrate } from './calibrations.ts'
import { makeKnown } from './known.ts'
import { makeRecord, makeTurns } from './records.ts'

const judge = { kind: 'judge', rubric: 'rude.md', endpoint: 'judge', model: 'judge-1', votes: 1 }
const states = { baseline: makeTurns([], 10), candidate: makeTurns([], 10), graders: [judge] }
const { summary: base } = makeRecord({ categories: [{ id: 'rude', ...states }] })
const rubrics = { 'rude.md': 'what rude is' }
const digest = digestGraders({ ...base.plan, rubrics }, 'rude')

/** A record of `calibrate`, made with the graders of the plan, 20 days before the run. */
const recorded: PlannedCalibration = {
  file: 'calibration.json',
  counts: calibrate(57, 60, 3, 300),
  graders: digest,
  answeredAs: { 'judge-1': ['judge-1-2026-09-01'] },
  madeAt: '2026-10-12T00:00:00Z',
  labelledSetSha256: null,
}
/** A labelled set that the run grades itself. */
const inRun: PlannedCalibration = {
  file: 'set.jsonl',
  counts: null,
  graders: null,
  answeredAs: {},
  madeAt: null,
  labelledSetSha256: 'ab',
}

interface Changes {
  calibration?: Partial<PlannedCalibration> | null
  graders?: object[]
  rubrics?: Record<string, string>
  required?: Partial<NonNullable<Plan['policy']['gate']['requireCalibration']>>
  names?: Record<string, number>
  other?: RecordSummary['graders']
}

function makeSummary(changes: Changes): RecordSummary {
  const {
    calibration = {},
    graders = [judge],
    required,
    names = { 'judge-1-2026-09-01': 20 },
    other = [],
  } = changes
  const requireCalibration =
    required === undefined
      ? null
      : {
          minSensitivity: null,
          maxFalsePositiveRate: null,
          maxAgeDays: null,
          otherwise: 'red' as const,
          ...required,
        }
  const { policy } = base.plan
  const [use] = base.graders
  if (use === undefined) throw new Error('no grader')
  return {
    ...base,
    plan: {
      ...base.plan,
      rubrics: changes.rubrics ?? rubrics,
      calibrations: calibration === null ? {} : { rude: { ...recorded, ...calibration } },
      policy: {
        ...policy,
        gate: { ...policy.gate, requireCalibration },
        categories: policy.categories.map((category) => ({
          ...category,
          graders: graders.map((grader) => ({ kind: 'judge', ...grader })),
        })),
      },
    },
    graders: [{ ...use, answeredAs: names }, ...other],
  }
}

/** What becomes of the calibration, and its counts in the settled plan. */
function settle(changes: Changes, known = makeKnown({ category: 'rude' })) {
  const summary = makeSummary(changes)
  const plan = settlePlan({ summary, known })
  const standing = assessCalibration({ summary, plan, category: 'rude' })
  return { standing, counts: plan.calibrations.rude?.counts ?? null }
}

describe('a recorded calibration', () => {
  it('holds for the graders that it was made with', () => {
    expect(settle({})).toEqual({ standing: { kind: 'holds' }, counts: recorded.counts })
  })

  it.each([
    ['the model', { graders: [{ ...judge, model: 'judge-2' }] }],
    ['the number of votes', { graders: [{ ...judge, votes: 3 }] }],
    ['a confirmation', { graders: [judge, { ...judge, model: 'strong-1' }] }],
    ['the rubric', { rubrics: { 'rude.md': 'what rude is now' } }],
  ])('is stale, and of no use, where %s has changed', (_name, changes) => {
    expect(settle(changes)).toEqual({ standing: { kind: 'stale', why: 'graders' }, counts: null })
  })

  it('is stale where its model answers under another name by now', () => {
    const stale = { standing: { kind: 'stale', why: 'model' }, counts: null }
    expect(settle({ names: { 'judge-1-2026-11-01': 20 } })).toEqual(stale)
    expect(settle({ names: { 'judge-1-2026-09-01': 10, 'judge-1-2026-11-01': 10 } })).toEqual(stale)
  })

  it('is not stale for what another model is called, or for a judge that never answered', () => {
    const [use] = base.graders
    const other = use === undefined ? [] : [{ ...use, model: 'judge-9', answeredAs: { x: 1 } }]
    expect(settle({ other }).standing).toEqual({ kind: 'holds' })
    expect(settle({ names: {} }).standing).toEqual({ kind: 'holds' })
  })

  it('that people counted is bound to no graders', () => {
    const calibration = { graders: null, answeredAs: {}, madeAt: null }
    const graders = [{ ...judge, model: 'judge-2' }]
    expect(settle({ calibration, graders, names: { any: 1 } })).toEqual({
      standing: { kind: 'holds' },
      counts: recorded.counts,
    })
  })

  it('is none where the plan has none', () => {
    expect(settle({ calibration: null })).toEqual({ standing: { kind: 'none' }, counts: null })
  })
})

describe('a labelled set that the run grades', () => {
  const known = makeKnown({
    category: 'rude',
    purpose: 'calibration',
    positives: { flagged: 50, cleared: 6, lost: 4 },
    negatives: { flagged: 2, cleared: 290, lost: 8 },
  })

  it('is counted, and what has no label against the graders', () => {
    expect(settle({ calibration: inRun }, known)).toEqual({
      standing: { kind: 'holds' },
      counts: calibrate(50, 60, 10, 300),
    })
  })

  it('takes neither controls nor items of other categories', () => {
    const others = [
      ...makeKnown({ category: 'rude', positives: { flagged: 9 } }),
      ...makeKnown({ category: 'loud', purpose: 'calibration', positives: { flagged: 9 } }),
    ]
    expect(settle({ calibration: inRun }, [...known, ...others]).counts).toEqual(calibrate(50, 60, 10, 300))
  })

  it('is filled in before the first look too, when no name is known yet', () => {
    const { plan } = makeSummary({ calibration: inRun })
    const settled = settleCalibrations({ plan, known, answeredAs: {} })
    expect(settled.calibrations.rude?.counts).toEqual(calibrate(50, 60, 10, 300))
    expect(plan.calibrations.rude?.counts).toBeNull()
  })
})

// One-sided 95 % Clopper–Pearson by scipy 1.17: beta.ppf(.05, 57, 4) = .8758 and beta.ppf(.95, 4, 297) = .0256.
describe('what policy requires of a calibration', () => {
  const short = (why: string) => ({ kind: 'short', why })

  it.each([
    [{ minSensitivity: 0.8758 }, { kind: 'holds' }],
    [{ minSensitivity: 0.8759 }, short('sensitivity')],
    [{ maxFalsePositiveRate: 0.026 }, { kind: 'holds' }],
    [{ maxFalsePositiveRate: 0.025 }, short('false-positives')],
    [{ maxAgeDays: 20 }, { kind: 'holds' }],
    [{ maxAgeDays: 19 }, short('age')],
    [{}, { kind: 'holds' }],
  ])('%j', (required, standing) => {
    expect(settle({ required })).toEqual({ standing, counts: recorded.counts })
  })

  it('is not met by nothing: no positives, no negatives, no date', () => {
    const none = { counts: calibrate(0, 0, 0, 0) }
    expect(settle({ required: { minSensitivity: 0.01 }, calibration: none }).standing).toEqual(
      short('sensitivity'),
    )
    expect(settle({ required: { maxFalsePositiveRate: 0.99 }, calibration: none }).standing).toEqual(
      short('false-positives'),
    )
    expect(settle({ required: { maxAgeDays: 1000 }, calibration: { madeAt: null } }).standing).toEqual(
      short('age'),
    )
  })

  it('is no matter of age for what the run has measured itself', () => {
    const known = makeKnown({ category: 'rude', purpose: 'calibration', positives: { flagged: 60 } })
    expect(settle({ required: { maxAgeDays: 1 }, calibration: inRun }, known).standing).toEqual({
      kind: 'holds',
    })
    expect(settle({ required: { minSensitivity: 0.96 }, calibration: inRun }, known).standing).toEqual(
      short('sensitivity'),
    )
  })

  it('comes after staleness, which nothing makes good', () => {
    const changes = { required: { maxAgeDays: 1 }, rubrics: { 'rude.md': 'other' } }
    expect(settle(changes).standing).toEqual({ kind: 'stale', why: 'graders' })
  })
})
