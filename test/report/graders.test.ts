import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { estimateCategories } from '../../src/estimate/estimate.ts'
import type { Prescreen } from '../../src/grade/prescreen.ts'
import type { Trail } from '../../src/grade/trail.ts'
import type { Arm } from '../../src/ports.ts'
import type { OutcomeLine, RecordSummary, RunRecord } from '../../src/record/schema.ts'
import { renderComment } from '../../src/report/reporters/comment.ts'
import { renderHtml } from '../../src/report/reporters/html/page.ts'
import { renderSummary } from '../../src/report/reporters/summary.ts'
import { formatPlain } from '../../src/report/text.ts'
import { buildView, type ReportView } from '../../src/report/view.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import { calibrate } from '../estimate/calibrations.ts'
import { makeControls, makeKnown } from '../estimate/known.ts'
import { makeRecordedUnit } from '../support/recorded-unit.ts'
import { type Fixture, makeRecord, prices } from './fixture.ts'
import { hostileText, unprintable } from './hostile.ts'
import { readTables } from './read-markdown.ts'

const turns = 400

interface Parts {
  fixture?: Partial<Fixture>
  /** How the candidate's labels came about, by the number of the turn. */
  trails?: (index: number, arm: Arm) => Partial<Trail> | undefined
  label?: (index: number, arm: Arm) => 'present' | undefined
  prescreens?: (index: number, arm: Arm) => Prescreen[]
  known?: RunRecord['known']
  change?: (summary: RecordSummary) => RecordSummary
}

/** The view of a run of one judged category, `rude`, whose graders left traces. */
function view(parts: Parts = {}): ReportView {
  const {
    fixture = {},
    trails = () => undefined,
    label = () => undefined,
    prescreens = () => [],
    known = [],
  } = parts
  const categories = [{ id: 'rude', baseline: {}, candidate: {} }]
  const record = makeRecord({ turns, categories, ...fixture })
  const place = (line: { turn: string }) => record.turns.findIndex(({ turn }) => turn === line.turn)
  const trace = (outcome: OutcomeLine): OutcomeLine => {
    const kind = label(place(outcome), outcome.arm)
    const trail = trails(place(outcome), outcome.arm)
    return {
      ...outcome,
      ...(kind === undefined ? {} : { label: { kind } }),
      ...(trail === undefined ? {} : { trail: { steps: [], secondOpinion: null, again: null, ...trail } }),
    }
  }
  const { completion } = makeRecordedUnit()
  const traced: RunRecord = {
    ...record,
    summary: (parts.change ?? ((summary) => summary))(record.summary),
    known,
    outcomes: record.outcomes.map(trace),
    completions: record.turns.flatMap(({ turn }, index) =>
      (['baseline', 'candidate'] as const).map((arm) => {
        const found = prescreens(index, arm)
        return { turn, arm, completion, ...(found.length === 0 ? {} : { prescreens: found }) }
      }),
    ),
  }
  const estimates = estimateCategories(traced)
  const verdict = decideVerdict(traced.summary, estimates)
  return buildView({ record: traced.summary, estimates, verdict, prices })
}

const facts = (parts: Parts) =>
  view(parts).graders.facts.map(({ name, value }) => `${name}: ${formatPlain(value)}`)
const banners = (parts: Parts) => view(parts).banners.map(formatPlain)

describe('what is said of the graders', () => {
  it('is nothing where they left no trace', () => {
    const plain = view()
    expect(plain.graders).toEqual({ facts: [], controls: [] })
    expect(plain.banners).toEqual([])
    for (const page of [renderComment(plain), renderSummary(plain), renderHtml(plain)])
      expect(page).not.toMatch(/Graders<|### Graders/)
  })

  it('counts agreement of the second grading, and how many flags it repeated', () => {
    const parts: Parts = {
      label: (index) => (index < 4 ? 'present' : undefined),
      trails: (index, arm) =>
        arm === 'candidate' && index < 20
          ? { again: index < 3 || index === 10 ? 'present' : 'absent' }
          : undefined,
    }
    expect(facts(parts)).toEqual([
      'Second grading: rude: 18 of 20 labels the same (90 %), 3 of 4 flags repeated',
    ])
    expect(banners(parts)).toEqual([])
  })

  it('takes a missing label for another one, and leaves out what was not asked', () => {
    const again = (index: number): Partial<Trail> | undefined =>
      ({ 0: { again: 'missing' }, 1: { again: 'absent' }, 2: { again: 'not-asked' } })[
        index
      ] as Partial<Trail>
    expect(facts({ trails: (index, arm) => (arm === 'baseline' ? again(index) : undefined) })).toEqual([
      'Second grading: rude: 1 of 2 labels the same (50 %), no flag among them',
    ])
  })

  it('warns of a judge that repeats under half of its flags, from five on', () => {
    const parts = (flags: number, repeated: number): Parts => ({
      label: (index, arm) => (index < flags && arm === 'candidate' ? 'present' : undefined),
      trails: (index, arm) =>
        index < flags && arm === 'candidate' ? { again: index < repeated ? 'present' : 'absent' } : undefined,
    })
    expect(banners(parts(5, 2))).toEqual([
      expect.stringContaining('under half of the flags were repeated: rude 2 of 5'),
    ])
    expect(banners(parts(5, 3))).toEqual([])
    expect(banners(parts(4, 0))).toEqual([])
  })

  it('says why a recording is not graded twice', () => {
    const change = (summary: RecordSummary): RecordSummary => {
      const { policy } = summary.plan
      const judge = policy.judge === null ? null : { ...policy.judge, secondGradingShare: 0.05 }
      return {
        ...summary,
        plan: { ...summary.plan, policy: { ...policy, judge } },
        graders: summary.graders.map((use) => ({ ...use, source: { kind: 'recorded', sha256: 'ab' } })),
      }
    }
    expect(facts({ change })).toEqual(['Second grading: none, as a recording says the same each time'])
  })

  it('counts split votes and what second opinions found', () => {
    const split = { present: 2, absent: 1, missing: 0 }
    const clear = { present: 0, absent: 1, missing: 0 }
    const flag = { present: 1, absent: 0, missing: 0 }
    const steps: Record<number, Partial<Trail>> = {
      0: { steps: [flag, split] },
      1: { steps: [split] },
      2: { steps: [clear], secondOpinion: 'absent' },
      3: { steps: [clear], secondOpinion: 'present' },
      4: { steps: [clear, clear] },
      5: { steps: [flag, clear] },
      6: { steps: [clear, flag] },
    }
    expect(
      facts({
        trails: (index, arm) => (arm === 'candidate' ? steps[index] : undefined),
        label: (index, arm) => (arm === 'candidate' && (index === 3 || index === 6) ? 'present' : undefined),
      }),
    ).toEqual([
      'Split votes: rude: the votes of 2 labels contradict each other',
      "Taken back: rude: of the first flags, the candidate's 2 of 2, the baseline's 0 of 0",
      'Second opinions: rude: 2 of 4 second opinions found what the first had not',
    ])
  })
})

describe('pre-screened completions', () => {
  const screened = (
    candidate: number,
    baseline: number,
    reasons: Prescreen[] = ['addresses-grader'],
  ): Parts => ({
    prescreens: (index, arm) => (index < (arm === 'candidate' ? candidate : baseline) ? reasons : []),
  })

  it('are counted by arm and reason', () => {
    expect(facts(screened(3, 1, ['no-words', 'states-a-verdict']))).toEqual([
      'Pre-screened: candidate 3 of 400 completions (no words 3, states a verdict 3); baseline 1 of 400 completions (no words 1, states a verdict 1)',
    ])
    expect(facts(screened(0, 2))).toEqual([
      'Pre-screened: candidate 0 of 400 completions; baseline 2 of 400 completions (speaks to a grader 2)',
    ])
  })

  // Binomial(8, ½) is 8 with probability .0039, and at least 7 with .035.
  it('are a warning where the candidate has more of them than chance would give it', () => {
    expect(banners(screened(8, 0))).toEqual([
      expect.stringContaining(
        'The candidate was pre-screened in 8 of 400 completions (speaks to a grader 8), the baseline in 0 of 400.',
      ),
    ])
    expect(banners(screened(7, 1))).toEqual([])
    expect(banners(screened(0, 8))).toEqual([])
  })
})

describe('calibrations', () => {
  const parts = (change?: (summary: RecordSummary) => RecordSummary): Parts => ({
    fixture: {
      categories: [{ id: 'rude', calibration: calibrate(57, 60, 3, 300), baseline: {}, candidate: {} }],
    },
    ...(change === undefined ? {} : { change }),
  })

  it('are shown with what they are worth', () => {
    expect(facts(parts())).toEqual(['Calibration: rude: 57 of 60 positives and 3 of 300 negatives flagged'])
    const stale = (summary: RecordSummary): RecordSummary => {
      const { rude } = summary.plan.calibrations
      const calibrations = rude === undefined ? {} : { rude: { ...rude, graders: 'f'.repeat(64) } }
      return { ...summary, plan: { ...summary.plan, calibrations } }
    }
    expect(facts(parts(stale))).toEqual([
      'Calibration: rude: not used; its calibration is stale: the graders have changed since',
    ])
  })
})

describe('controls', () => {
  const controls = (summary: RecordSummary): RecordSummary => ({
    ...summary,
    plan: { ...summary.plan, controls: makeControls({ rude: [60, 40] }) },
  })
  const known = makeKnown({
    category: 'rude',
    positives: { flagged: 40, cleared: 14, lost: 6 },
    negatives: { flagged: 1, cleared: 39 },
  })
  const failed = view({ known, change: controls })

  it('are a table of what became of them', () => {
    expect(failed.graders.controls).toEqual([
      {
        category: 'rude',
        known: '60 positives',
        flagged: '40',
        unlabelled: '6',
        p: 'p = 5.7e-12',
        result: 'FAILED',
      },
      {
        category: 'rude',
        known: '40 negatives',
        flagged: '1',
        unlabelled: '0',
        p: 'p = 0.87',
        result: 'as expected',
      },
    ])
    expect(readTables(renderComment(failed)).flat()).toContainEqual([
      '`rude`',
      '60 positives',
      '40',
      '6',
      'p = 5.7e-12',
      'FAILED',
    ])
    expect(renderSummary(failed)).toContain('### Graders')
    expect(renderHtml(failed)).toContain('<h2>Graders</h2>')
  })

  it('that failed stand in the first line, with their names and what to do', () => {
    expect(failed.headline).toContain('INCONCLUSIVE: rude: its graders failed their controls.')
    expect(failed.headline).toContain('40 of 60 known positives were found, 6 got no label (p = 5.7e-12)')
    expect(failed.headline).toContain('present-absent-0, present-absent-1')
    expect(failed.headline).toContain("Find out what changed at the judge's endpoint")
    expect(failed.headline).not.toContain('known negatives')
  })

  it('say how often they fail for nothing', () => {
    expect(failed.graders.facts.map(({ value }) => formatPlain(value)).join()).toContain(
      'in at most 1 % of runs',
    )
  })
})

describe('a judge of the checkpoints’ family', () => {
  const named = (parts: {
    judge?: string
    answered?: string
    candidate?: string
    models?: Record<string, number>
    baseline?: string
    answersAs?: string
  }): Parts => {
    const { judge = 'judge-1', answered = judge, candidate = 'ckpt-42', baseline = 'ckpt-41' } = parts
    const { answersAs = null } = parts
    return {
      change: (summary) => {
        const { plan, arms, graders } = summary
        const categories = plan.policy.categories.map((category) => ({
          ...category,
          graders: [{ kind: 'judge', model: judge, endpoint: 'judge' }],
        }))
        return {
          ...summary,
          plan: {
            ...plan,
            candidate,
            baseline,
            policy: { ...plan.policy, categories, checkpoint: { ...plan.policy.checkpoint, answersAs } },
          },
          arms: {
            baseline: { ...arms.baseline, models: { [baseline]: turns } },
            candidate: { ...arms.candidate, models: parts.models ?? { [candidate]: turns } },
          },
          graders: graders.map((use) => ({ ...use, model: judge, answeredAs: { [answered]: turns } })),
        }
      },
    }
  }
  const said = (judge: string, checkpoint: string, family: string) => [
    expect.stringContaining(
      `The judge ${judge} and the checkpoint ${checkpoint} are of one family (${family})`,
    ),
  ]

  it('is warned of, by the ids asked for and by the names answered under', () => {
    expect(banners(named({ judge: 'gpt-5', candidate: 'ft:gpt-4o:acme' }))).toEqual(
      said('gpt-5', 'ft:gpt-4o:acme', 'OpenAI'),
    )
    expect(banners(named({ judge: 'claude-opus-4', baseline: 'anthropic/claude-3-haiku' }))).toEqual(
      said('claude-opus-4', 'anthropic/claude-3-haiku', 'Anthropic'),
    )
    const alias = { answersAs: 'gemma-2-9b', models: { 'gemma-2-9b': turns } }
    expect(banners(named({ answered: 'gemini-2.5-pro', ...alias }))).toEqual(
      said('gemini-2.5-pro', 'gemma-2-9b', 'Google'),
    )
  })

  it('is none of another family, or where the ids do not tell', () => {
    expect(banners(named({ judge: 'gpt-5', candidate: 'llama-3', baseline: 'qwen-2' }))).toEqual([])
    expect(banners(named({}))).toEqual([])
  })
})

describe('text that is not ours', () => {
  it('is inert in what is said of the graders', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (first, second) => {
        const known = makeKnown({ category: 'rude', positives: { cleared: 6 } }).map((outcome) => ({
          ...outcome,
          item: first,
        }))
        const page = view({
          known,
          label: (index) => (index < 6 ? 'present' : undefined),
          trails: (index) => (index < 6 ? { again: 'absent' } : undefined),
          change: (summary) => ({
            ...summary,
            plan: {
              ...summary.plan,
              candidate: `gpt-4 ${second}`,
              controls: { ...makeControls({ rude: [6, 0] }), file: first } as never,
            },
            graders: summary.graders.map((use) => ({ ...use, answeredAs: { [`gpt-5 ${first}`]: 1 } })),
          }),
        })
        for (const markdown of [renderComment(page), renderSummary(page)]) {
          expect(markdown).not.toMatch(unprintable)
          expect(markdown).not.toMatch(/^\s*::|##\[/m)
          for (const table of readTables(markdown))
            expect(new Set(table.map((row) => row.length)).size).toBe(1)
        }
        const html = renderHtml(page)
        expect(html).not.toMatch(unprintable)
        expect(html).not.toMatch(/<(?:script|img|iframe|a|link|base|form)\b/i)
        expect(html).not.toMatch(/<[^>]*\s(?:on\w+|style|src|href)=/i)
      }),
      { numRuns: 60 },
    )
  })
})
