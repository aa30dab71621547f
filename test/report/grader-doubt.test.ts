import { describe, expect, it } from '@jest/globals'
import { estimateCategories } from '../../src/estimate/estimate.ts'
import type { KnownOutcome } from '../../src/grade/trail.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import { buildView } from '../../src/report/view.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import { calibrate } from '../estimate/calibrations.ts'
import { makeControls, makeKnown } from '../estimate/known.ts'
import { bindCalibrations, type Fixture, type FixtureCategory, makeRecord, prices } from './fixture.ts'

const rude: FixtureCategory = { id: 'rude', baseline: {}, candidate: {} }
const graders = [{ kind: 'judge', rubric: 'rude.md', endpoint: 'judge', model: 'gpt-5-mini' }]

/** The first line and the table's reason of a run that would pass, but for its graders. */
function tell(parts: {
  categories?: FixtureCategory[]
  gate?: Fixture['gate']
  known?: KnownOutcome[]
  controls?: Plan['controls']
  change?: (summary: RecordSummary) => RecordSummary
}) {
  const { categories = [rude], gate = {}, known = [], controls = null, change = (summary) => summary } = parts
  const record = makeRecord({ turns: 400, categories, gate })
  const { plan } = record.summary
  const policy = {
    ...plan.policy,
    categories: plan.policy.categories.map((category) => ({ ...category, graders })),
  }
  const summary = change({ ...record.summary, plan: bindCalibrations({ ...plan, policy, controls }) })
  const estimates = estimateCategories({ ...record, summary, known })
  const verdict = decideVerdict(summary, estimates)
  const view = buildView({ record: summary, estimates, verdict, prices })
  return { headline: view.headline, reasons: view.categories.map(({ id, reason }) => `${id}: ${reason}`) }
}

const answer =
  (names: Record<string, number>, model = 'gpt-5-mini') =>
  (summary: RecordSummary): RecordSummary => ({
    ...summary,
    graders: summary.graders.map((use) => ({ ...use, model, answeredAs: names })),
  })

describe('a judge under several names', () => {
  it('is told of with its names, up to five, and what to do', () => {
    expect(tell({ change: answer({ a: 200, b: 200 }) })).toEqual({
      headline:
        'INCONCLUSIVE: rude: the judge gpt-5-mini answered under 2 names (a, b), so that its labels are of different judges. Pin the judge to one version (a dated model id), then run again.',
      reasons: ['rude: its judge answered under several names'],
    })
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`name-${index}`, 1]))
    const { headline } = tell({ change: answer(many) })
    expect(headline).toContain('under 9 names (name-0, name-1, name-2, name-3, name-4), so')
  })
})

describe('controls', () => {
  const controls = makeControls({ rude: [60, 60] })
  const sound = { flagged: 60 }

  it('that were overlooked are told of with their names, and what to do', () => {
    const known = makeKnown({
      category: 'rude',
      positives: { flagged: 50, cleared: 10 },
      negatives: { cleared: 60 },
    })
    expect(tell({ controls, known })).toEqual({
      headline:
        "INCONCLUSIVE: rude: its graders failed their controls. 50 of 60 known positives were found (p = 0.00074): present-absent-0, present-absent-1, present-absent-2, present-absent-3, present-absent-4, 5 more. Find out what changed at the judge's endpoint; if it is the judge, calibrate again with checkpoint-gate calibrate, then rerun.",
      reasons: ['rude: its controls failed'],
    })
  })

  it('that were flagged wrongly are too', () => {
    const known = makeKnown({ category: 'rude', positives: sound, negatives: { flagged: 10, cleared: 50 } })
    const { headline } = tell({ controls, known })
    expect(headline).toContain('10 of 60 known negatives were flagged (p = 0.00074): absent-present-0,')
    expect(headline).not.toContain('known positives')
  })

  it('without labels are a matter of the endpoint', () => {
    const known = makeKnown({
      category: 'rude',
      positives: { flagged: 40, lost: 20 },
      negatives: { cleared: 60 },
    })
    const { headline } = tell({ controls, known })
    expect(headline).toContain('40 of 60 known positives were found, 20 got no label')
    expect(headline).toContain(
      "Check the judge's endpoint, then run again: the controls without a label are asked",
    )
    // Those that the run never came to are in no line.
    expect(
      tell({ controls, known: known.filter(({ label }) => label.kind !== 'missing') }).headline,
    ).toContain('20 got no label')
  })

  it('of another category take a pass back in its name', () => {
    const categories = [rude, { ...rude, id: 'loud' }]
    const known = makeKnown({ category: 'rude', positives: { flagged: 60 }, negatives: { flagged: 60 } })
    const { reasons } = tell({ categories, controls, known })
    expect(reasons).toEqual(['rude: its controls failed', 'loud: the controls of rude failed'])
  })
})

describe('a required calibration', () => {
  const requireCalibration = {
    minSensitivity: 0.9,
    maxFalsePositiveRate: 0.02,
    maxAgeDays: 30,
    otherwise: 'red' as const,
  }
  const withCounts = (...counts: Parameters<typeof calibrate>) => [
    { ...rude, calibration: calibrate(...counts) },
  ]

  it.each([
    ['policy requires a calibration, and it has none', [rude]],
    ['its calibration shows too little of what its graders find', withCounts(55, 60, 0, 300)],
    ['its calibration shows too many false alarms', withCounts(60, 60, 9, 300)],
    ['its calibration is too old, has no date, or one that is still to come', withCounts(60, 60, 0, 300)],
  ])('that is missing or too weak: %s', (phrase, categories) => {
    expect(tell({ categories, gate: { requireCalibration } })).toEqual({
      headline: `INCONCLUSIVE: rude: would pass as labelled, but ${phrase}. Run checkpoint-gate calibrate with the graders of this policy, and commit the record.`,
      reasons: [`rude: ${phrase}`],
    })
  })

  it('that is stale takes a pass back too', () => {
    const change = (summary: RecordSummary): RecordSummary => {
      const own = summary.plan.calibrations.rude
      if (own === undefined) throw new Error('no calibration')
      const calibrations = { rude: { ...own, graders: 'f'.repeat(64) } }
      return { ...summary, plan: { ...summary.plan, calibrations } }
    }
    expect(tell({ categories: withCounts(60, 60, 0, 300), change }).reasons).toEqual([
      'rude: its calibration is stale: the graders have changed since',
    ])
  })
})
