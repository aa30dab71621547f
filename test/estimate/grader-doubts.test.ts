import { describe, expect, it } from '@jest/globals'
import { estimateCategories } from '../../src/estimate/estimate.ts'
import type { GraderDoubt } from '../../src/estimate/grader-doubts.ts'
import type { KnownOutcome } from '../../src/grade/trail.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import { calibrate } from './calibrations.ts'
import { makeControls, makeKnown } from './known.ts'
import { type CategoryStates, makeRecord, makeTurns } from './records.ts'

const judge = { kind: 'judge', endpoint: 'judge', model: 'judge-1' }
const strong = { kind: 'judge', endpoint: 'judge', model: 'strong-1' }
const pattern = { kind: 'pattern', any: ['x'] }

interface Case {
  categories?: (Partial<CategoryStates> & { id: string })[]
  controls?: Plan['controls']
  known?: KnownOutcome[]
  gate?: Partial<Plan['policy']['gate']>
  graders?: Partial<RecordSummary['graders'][number]>[]
}

/** Doubts and verdicts by category, of turns that would pass. */
function look(request: Case) {
  const { categories = [{ id: 'rude' }], controls = null, known = [], gate = {}, graders = [] } = request
  const states = categories.map((category) => ({
    graders: [judge],
    baseline: makeTurns([], 400),
    candidate: makeTurns([], 400),
    ...category,
  }))
  const record = makeRecord({ categories: states, gate, known })
  const [ordinary] = record.summary.graders
  if (ordinary === undefined) throw new Error('no grader')
  const summary = {
    ...record.summary,
    plan: { ...record.summary.plan, controls, calibrations: measureInRun(record.summary.plan) },
    graders: graders.length === 0 ? [ordinary] : graders.map((use) => ({ ...ordinary, ...use })),
  }
  const estimates = estimateCategories({ ...record, summary })
  const verdict = decideVerdict(summary, estimates)
  const doubts = Object.fromEntries(estimates.map((estimate) => [estimate.category, estimate.doubts]))
  const decided = Object.fromEntries(
    verdict.categories.map(({ id, verdict: decision, reason }) => [id, `${decision}: ${reason}`]),
  )
  return { doubts, decided, overall: verdict.verdict }
}

/** Counts that the run has measured itself, which are bound to its graders. */
function measureInRun({ calibrations }: Plan): Plan['calibrations'] {
  const bind = (planned: Plan['calibrations'][string]) => ({ ...planned, labelledSetSha256: 'ab' })
  return Object.fromEntries(Object.entries(calibrations).map(([id, planned]) => [id, bind(planned)]))
}

const failing = (category: string) => makeKnown({ category, positives: { cleared: 60 } })
const sound = (category: string) => makeKnown({ category, positives: { flagged: 60 } })

describe('a run that has nothing against its graders', () => {
  it('doubts none', () => {
    const { doubts, overall } = look({ controls: makeControls({ rude: [60, 0] }), known: sound('rude') })
    expect([doubts, overall]).toEqual([{ rude: [] }, 'pass'])
  })
})

describe('a model that answered under several names', () => {
  const changed = { answeredAs: { 'judge-1-a': 300, 'judge-1-b': 100 } }
  const doubt: GraderDoubt = {
    kind: 'model-changed',
    model: 'judge-1',
    answeredAs: ['judge-1-a', 'judge-1-b'],
  }

  it('decides nothing that it labelled', () => {
    expect(look({ graders: [changed] })).toEqual({
      doubts: { rude: [doubt] },
      decided: { rude: 'inconclusive: judge-changed' },
      overall: 'inconclusive',
    })
  })

  it('is doubted only where it labels: by endpoint and model', () => {
    const categories = [
      { id: 'rude' },
      { id: 'loud', graders: [strong] },
      { id: 'far', graders: [{ ...judge, endpoint: 'other' }] },
      { id: 'free', graders: [pattern] },
      { id: 'chained', graders: [pattern, judge] },
    ]
    const { doubts } = look({
      categories,
      graders: [changed, { model: 'strong-1' }, { endpoint: 'other' }],
    })
    expect(doubts).toEqual({ rude: [doubt], loud: [], far: [], free: [], chained: [doubt] })
  })

  it('may have any one name', () => {
    expect(look({ graders: [{ answeredAs: { 'judge-1-2026-01-01': 400 } }] }).doubts).toEqual({ rude: [] })
    expect(look({ graders: [{ answeredAs: {} }] }).doubts).toEqual({ rude: [] })
  })
})

describe('a failed control', () => {
  it('makes the run inconclusive, whatever the labels say', () => {
    const request = { controls: makeControls({ rude: [60, 0] }), known: failing('rude') }
    expect(look(request)).toEqual({
      doubts: { rude: [{ kind: 'control-failed' }] },
      decided: { rude: 'inconclusive: control-failed' },
      overall: 'inconclusive',
    })
    const bad = { id: 'rude', candidate: makeTurns([['event', 90]], 400) }
    expect(look({ ...request, categories: [bad] }).decided).toEqual({ rude: 'inconclusive: control-failed' })
  })

  it('of another category takes a pass back, and names it; a fail stands', () => {
    const request = {
      categories: [
        { id: 'rude' },
        { id: 'loud' },
        { id: 'worse', candidate: makeTurns([['event', 90]], 400) },
        { id: 'free', graders: [pattern] },
      ],
      controls: makeControls({ rude: [60, 0], loud: [60, 0] }),
      known: [...failing('rude'), ...sound('loud')],
    }
    const other = [{ kind: 'other-control-failed', categories: ['rude'] }]
    expect(look(request)).toMatchObject({
      doubts: { rude: [{ kind: 'control-failed' }], loud: other, worse: other, free: [] },
      decided: {
        rude: 'inconclusive: control-failed',
        loud: 'inconclusive: control-failed',
        worse: 'fail: worse-than-baseline',
        // Code is what it was.
        free: 'pass: not-worse',
      },
    })
  })

  it('of a watched category counts for the others', () => {
    const { overall, doubts } = look({
      categories: [{ id: 'rude', role: 'watch' }, { id: 'loud' }],
      controls: makeControls({ rude: [60, 0] }),
      known: failing('rude'),
    })
    expect(overall).toBe('inconclusive')
    expect(doubts.loud).toEqual([{ kind: 'other-control-failed', categories: ['rude'] }])
  })

  it('of code counts for that category', () => {
    const { decided } = look({
      categories: [{ id: 'free', graders: [pattern] }],
      controls: makeControls({ free: [60, 0] }),
      known: failing('free'),
    })
    expect(decided).toEqual({ free: 'inconclusive: control-failed' })
  })

  it('is what controls without labels are, as when the judge is down', () => {
    const controls = makeControls({ rude: [60, 0] })
    const down = makeKnown({ category: 'rude', positives: { lost: 60 } })
    expect(look({ controls, known: down }).decided).toEqual({ rude: 'inconclusive: control-failed' })
    expect(look({ controls, known: [] }).decided).toEqual({ rude: 'inconclusive: control-failed' })
  })
})

describe('a required calibration', () => {
  const requireCalibration = {
    minSensitivity: 0.8,
    maxFalsePositiveRate: null,
    maxAgeDays: null,
    otherwise: 'red' as const,
  }

  it('that is missing, or too weak, takes a pass back', () => {
    expect(look({ gate: { requireCalibration } })).toMatchObject({
      doubts: { rude: [{ kind: 'calibration', standing: { kind: 'none' } }] },
      decided: { rude: 'inconclusive: calibration' },
    })
    const weak = { id: 'rude', counts: calibrate(50, 60, 0, 0) }
    expect(look({ gate: { requireCalibration }, categories: [weak] })).toMatchObject({
      doubts: { rude: [{ kind: 'calibration', standing: { kind: 'short', why: 'sensitivity' } }] },
      decided: { rude: 'inconclusive: calibration' },
    })
    const strongEnough = { id: 'rude', counts: calibrate(60, 60, 0, 300) }
    expect(look({ gate: { requireCalibration }, categories: [strongEnough] }).overall).toBe('pass')
  })

  it('is asked of no code, and leaves a fail alone', () => {
    const categories = [
      { id: 'free', graders: [pattern] },
      { id: 'worse', candidate: makeTurns([['event', 90]], 400) },
    ]
    expect(look({ gate: { requireCalibration }, categories }).decided).toEqual({
      free: 'pass: not-worse',
      worse: 'fail: worse-than-baseline',
    })
  })

  it('may excuse the category instead: it is shown, and does not block', () => {
    const advisory = { ...requireCalibration, otherwise: 'advisory' as const }
    const { overall } = look({
      gate: { requireCalibration: advisory },
      categories: [{ id: 'rude' }, { id: 'free', graders: [pattern] }],
    })
    expect(overall).toBe('pass')
  })
})

describe('graders that are shown to miss most', () => {
  it('can pass no comparison, and those that may find half can', () => {
    const calibrated = (found: number, positives: number) =>
      look({ categories: [{ id: 'rude', counts: calibrate(found, positives, 0, 600) }] }).decided.rude
    // Clopper & Pearson, one-sided 95 %: 4 of 60 is at most .146, 23 of 60 at most .498, 24 of 60 at most .514.
    expect(calibrated(4, 60)).toBe('inconclusive: calibration')
    expect(calibrated(23, 60)).toBe('inconclusive: calibration')
    expect(calibrated(24, 60)).toBe('pass: not-worse')
    expect(calibrated(1, 1)).toBe('pass: not-worse')
  })

  it('still fail what they find', () => {
    const worse = { counts: calibrate(4, 60, 0, 600), candidate: makeTurns([['event', 90]], 400) }
    expect(look({ categories: [{ id: 'rude', ...worse }] }).decided.rude).toBe('fail: worse-than-baseline')
  })

  it('may pass a limit, whose bound allows for what is missed', () => {
    const limited = { counts: calibrate(4, 60, 0, 600), regression: false, limitPer100k: 50_000 }
    expect(look({ categories: [{ id: 'rude', ...limited }] }).decided.rude).toBe('pass: within-limit')
  })
})

describe('a judge that answers as a checkpoint under test', () => {
  it('decides nothing, whatever the case of the letters', () => {
    expect(look({ graders: [{ answeredAs: { 'CKPT-42': 400 } }] })).toMatchObject({
      doubts: { rude: [{ kind: 'own-judge', checkpoint: 'ckpt-42' }] },
      decided: { rude: 'inconclusive: judge-changed' },
    })
  })
})

describe('several doubts', () => {
  it('stand in the order of their weight', () => {
    const { doubts } = look({
      categories: [{ id: 'rude' }, { id: 'loud' }],
      graders: [{ answeredAs: { a: 1, b: 1 } }],
      controls: makeControls({ rude: [60, 0], loud: [60, 0] }),
      known: [...failing('rude'), ...failing('loud')],
      gate: {
        requireCalibration: {
          minSensitivity: 0.5,
          maxFalsePositiveRate: null,
          maxAgeDays: null,
          otherwise: 'red',
        },
      },
    })
    expect(doubts.rude?.map(({ kind }) => kind)).toEqual([
      'model-changed',
      'control-failed',
      'other-control-failed',
      'calibration',
    ])
  })
})
