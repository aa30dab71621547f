import { describe, expect, it } from '@jest/globals'
import type { RecordHistory } from '../../src/record/history.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import { sayDiagnosis } from '../../src/report/history.ts'
import { renderComment } from '../../src/report/reporters/comment.ts'
import { renderHtml } from '../../src/report/reporters/html/page.ts'
import { renderSummary } from '../../src/report/reporters/summary.ts'
import { renderTable } from '../../src/report/reporters/terminal.ts'
import { formatPlain } from '../../src/report/text.ts'
import type { ReportView } from '../../src/report/view.ts'
import { type Fixture, makeView } from './fixture.ts'
import { accepted, makeAttempt, makeHistory, unended } from './past.ts'
import { readTables } from './read-markdown.ts'

const fine = { id: 'a', grader: 'pattern' as const, baseline: { events: 3 }, candidate: { events: 3 } }
const worse = { ...fine, candidate: { events: 60 } }

function viewOf(history: RecordHistory, fixture: Partial<Fixture> = {}): ReportView {
  return makeView({ turns: 400, categories: [fine], history, ...fixture })
}

const say = (view: ReportView) => view.history.map(formatPlain)
const note = (view: ReportView) => view.notices.map(formatPlain)
const sayOf = (history: RecordHistory, fixture?: Partial<Fixture>) => say(viewOf(history, fixture))

const otherPlan = makeAttempt({
  run: { id: '103', attempt: 1 },
  changed: ['the registration', 'the limits in force'],
})

describe('attempts', () => {
  it('are said of none where there was none, and where nothing keeps them', () => {
    for (const history of [makeHistory(), { kind: 'none' as const }]) {
      const view = viewOf(history)
      expect([say(view), note(view), view.attempts]).toEqual([[], [], []])
      for (const page of [renderComment(view), renderSummary(view), renderHtml(view)])
        expect(page).not.toContain('Attempts')
    }
  })

  it('are counted, each with its run and what it came to', () => {
    expect(sayOf(makeHistory({ attempts: [makeAttempt(), unended] }))).toEqual([
      'Attempt 3 on this candidate. Earlier: run 101 INCONCLUSIVE; run 102.2 did not end.',
    ])
  })

  it.each<[string, Parameters<typeof makeAttempt>[0]]>([
    ['run 101 INCONCLUSIVE', {}],
    ['run 101 PASS, not complete', { verdict: 'pass', complete: false }],
    ['run 101 PASS (smoke)', { verdict: 'pass', tier: 'smoke' }],
    ['run 101 left no verdict', { verdict: null, complete: false }],
    ['run 101 did not end', { verdict: null, complete: false, ended: false }],
    [
      "run 101 left no verdict, and what it began with can't be read any more",
      { verdict: null, planDigest: null, tier: null },
    ],
    [
      'run 101 INCONCLUSIVE under another plan: the registration and the limits in force',
      { changed: ['the registration', 'the limits in force'] },
    ],
    [
      'run 101 INCONCLUSIVE under another plan: the policy, the rubric r.md, the calibration of a and 2 more',
      { changed: ['the policy', 'the rubric r.md', 'the calibration of a', 'the corpus manifest', 'x'] },
    ],
  ])('are put as "%s"', (words, changes) => {
    expect(sayOf(makeHistory({ attempts: [makeAttempt(changes)] }))).toContain(
      `Attempt 2 on this candidate. Earlier: ${words}.`,
    )
  })

  it('are those that failed and the last ones, where they are many', () => {
    const attempts = Array.from({ length: 12 }, (_, index) =>
      makeAttempt({ run: { id: String(index), attempt: 1 }, verdict: index === 2 ? 'fail' : 'pass' }),
    )
    const view = viewOf(makeHistory({ attempts }))
    expect(say(view)).toEqual([
      'Attempt 13 on this candidate. Earlier: run 2 FAIL; run 8 PASS; run 9 PASS; run 10 PASS; run 11 PASS; 7 more.',
    ])
    expect(view.attempts).toHaveLength(13)
    expect(renderTable(view)).toContain('\n3 earlier attempts not shown\nrun 3, ')
  })

  it('can be later than a record that is published again', () => {
    const attempts = [makeAttempt(), otherPlan]
    const republishedBy = { id: '120', attempt: 1, changed: [] }
    const view = viewOf(makeHistory({ number: 2, attempts, republishedBy }))
    expect(say(view)).toEqual([
      'Attempt 2 of 3 on this candidate. Earlier: run 101 INCONCLUSIVE. Later: run 103 INCONCLUSIVE under another plan: the registration and the limits in force.',
    ])
    expect(view.attempts.map(({ run }) => formatPlain(run))).toEqual([
      'run 101',
      'run 17, this one',
      'run 103',
    ])
  })

  it('say why their verdict does not stand, each by its run', () => {
    const attempts = [
      makeAttempt({ doubts: ['one', 'two', 'three'] }),
      unended,
      makeAttempt({ run: { id: '104', attempt: 1 }, doubts: ['four'] }),
    ]
    expect(sayOf(makeHistory({ attempts })).slice(1)).toEqual([
      "What can't stand for another run: run 101: one, two; run 104: four.",
    ])
  })

  it('have a table everywhere, without a rate', () => {
    const attempts = [otherPlan, unended]
    const view = viewOf(makeHistory({ attempts }))
    const rows = [
      [
        'run 103',
        '`2026-11-20 09:12 UTC`',
        'release',
        'INCONCLUSIVE',
        '`1a2b3c4d5e6f`',
        'the registration and the limits in force',
      ],
      ['run 102.2', '`2026-11-21 17:40 UTC`', 'release', 'did not end', '`1a2b3c4d5e6f`', '–'],
      [
        'run 17, this one',
        '`2026-11-24 15:43 UTC`',
        'release',
        'PASS',
        `\`${view.planDigest.slice(0, 12)}\``,
        '–',
      ],
    ]
    for (const page of [renderComment(view), renderSummary(view)]) {
      const table = readTables(page).find(([header]) => header?.[0] === 'Run')
      expect(table?.slice(2)).toEqual(rows)
    }
    expect(renderComment(view)).toContain('<details><summary>Attempts</summary>')
    expect(renderHtml(view)).toContain(
      '<tr><th scope="row">run 102.2</th><td class="text"><code>2026-11-21 17:40 UTC</code></td>',
    )
    expect(renderTable(view)).toContain(
      '\nrun 102.2, 2026-11-21 17:40 UTC, release, did not end, plan 1a2b3c4d5e6f\n',
    )
  })

  it('are named by what is no number as text that is not ours', () => {
    const history = makeHistory({ attempts: [makeAttempt({ run: { id: '@org/team', attempt: 1 } })] })
    expect(renderComment(viewOf(history))).toContain('Earlier: run `@org/team` INCONCLUSIVE.')
  })

  it('are said by the plan’s facts', () => {
    const value = (view: ReportView) =>
      formatPlain(view.plan.find(({ name }) => name === 'Attempt')?.value ?? [])
    expect(value(viewOf(makeHistory({ attempts: [unended] })))).toBe(
      '2 on this candidate (run 17), gate version 0.1.0',
    )
    expect(value(viewOf({ kind: 'none' }))).toBe('1, gate version 0.1.0')
  })
})

describe('the registration', () => {
  const since = '2026-11-20T09:12:44Z'
  const amendments = [
    { number: 1, date: '2026-11-20', reason: 'typo' },
    { number: 2, date: '2026-11-21', reason: 'wrong interval' },
  ]
  const amend = (summary: RecordSummary): RecordSummary => ({
    ...summary,
    plan: { ...summary.plan, registration: { ...summary.plan.registration, amendments } },
  })

  it('was there before: that is a notice', () => {
    const view = viewOf(makeHistory({ attempts: [makeAttempt()], registration: { kind: 'kept', since } }))
    expect(note(view)).toEqual([
      'Registered before the first run of 2026-11-20 09:12 UTC, and unchanged since.',
    ])
  })

  it('was amended: every amendment is shown, once, before all that can be folded', () => {
    const registration = { kind: 'amended' as const, since, amendments: 2 }
    const view = viewOf(makeHistory({ attempts: [makeAttempt()], registration }), { change: amend })
    expect(say(view).slice(1)).toEqual([
      'The registration was amended after the first run of 2026-11-20 09:12 UTC, on the base.',
      'Amendment 1 of 2026-11-20: typo',
      'Amendment 2 of 2026-11-21: wrong interval',
    ])
    expect(view.banners).toEqual([])
    const [head = ''] = renderComment(view).split('<details>')
    expect(head).toContain('> - Amendment 2 of `2026-11-21`: `wrong interval`')
  })

  it('was amended after what is published again was measured', () => {
    const registration = { kind: 'amended' as const, since, amendments: 2 }
    const view = viewOf(makeHistory({ attempts: [], registration }))
    expect(say(view)).toEqual([
      'The registration was amended after the first run of 2026-11-20 09:12 UTC, on the base. It has 2 amendments now; this was measured with 0.',
    ])
  })

  it('does not count: that stands before the attempts', () => {
    const registration = { kind: 'broken' as const, since, cause: 'edited' as const, why: 'it was edited' }
    expect(sayOf(makeHistory({ attempts: [makeAttempt()], registration }))[0]).toBe(
      'The registration of today does not count: it was edited. Nothing was measured with it.',
    )
  })
})

describe('a run that goes on from another', () => {
  it('says from which', () => {
    const view = viewOf(makeHistory({ attempts: [unended], continued: unended.run }))
    expect(note(view)[0]).toBe('Continued from run 102.2: what it had asked was not asked again.')
  })

  it('says whose verdict it publishes again, under the same headline', () => {
    const republishedBy = { id: '120', attempt: 3, changed: [] }
    const view = viewOf(makeHistory({ attempts: [makeAttempt()], republishedBy }))
    expect(note(view)[0]).toBe(
      'Standing verdict of run 17 (attempt 2): run 120.3 asked nothing, and published it again.',
    )
    expect(view.headline).toBe(viewOf({ kind: 'none' }).headline)
    expect(renderHtml(view)).toContain('Standing verdict of run 17 (attempt 2)')
  })
})

describe('a FAIL', () => {
  const diagnosis =
    'This FAIL stays red for ckpt-42 under any plan, until a diagnosis on the base answers for run 17 (diagnoses/ckpt-42.yml). A mended checkpoint is a new candidate, with an id of its own.'
  const failed = { categories: [worse] }
  const changed = ['the policy', 'the rubric rubrics/unsafe.md']

  it('stands until somebody answers for it, and says how', () => {
    expect(sayOf(makeHistory(), failed)).toEqual([diagnosis])
    expect(sayOf(makeHistory())).toEqual([])
    expect(sayOf({ kind: 'none' }, failed)).toEqual([])
  })

  it('is not cleared by a new plan, of which it says what differs', () => {
    const republishedBy = { id: '120', attempt: 1, changed }
    const view = viewOf(makeHistory({ republishedBy }), failed)
    expect(say(view)).toEqual([
      'Standing FAIL of run 17 (attempt 1): a new plan never clears a FAIL. What differs now: the policy and the rubric rubrics/unsafe.md.',
      diagnosis,
    ])
    expect(view.headline).toMatch(/^FAIL: a 60 of 400/)
    expect(view.headline).toBe(viewOf({ kind: 'none' }, failed).headline)
  })

  it('names a file for a candidate with odd characters', () => {
    const said = formatPlain(
      sayDiagnosis('acme/ckpt 42:v1', [
        { id: '17', attempt: 3 },
        { id: '18', attempt: 1 },
      ]),
    )
    expect(said).toContain('red for acme/ckpt 42:v1 under any plan')
    expect(said).toContain('answers for run 17.3, run 18 (diagnoses/acme-ckpt-42-v1.yml)')
  })

  it('that is accepted says by whom, why, and that it is a FAIL', () => {
    const view = viewOf(makeHistory(), { ...failed, accepted })
    expect(view.headline).toMatch(/^FAIL, diagnosed, accepted by Dana Ortiz, model safety: a 60 of 400/)
    expect(view).toMatchObject({ verdict: 'fail', conclusion: 'success' })
    expect(say(view)).toEqual([
      'The check is green because Dana Ortiz, model safety answers for this FAIL in diagnoses/ckpt-42.yml. It stays a FAIL.',
      `Cause: ${accepted.cause}`,
      `Mitigation: ${accepted.mitigation}`,
    ])
  })

  it('that is accepted reads so everywhere, and its category stays what it is', () => {
    const view = viewOf(makeHistory({ republishedBy: { id: '120', attempt: 1, changed } }), {
      ...failed,
      accepted,
    })
    expect(say(view)[3]).toMatch(/^Standing FAIL of run 17/)
    const word = '**FAIL, diagnosed, accepted by `Dana Ortiz, model safety`:** `a` 60 of 400'
    for (const page of [renderComment(view), renderSummary(view)]) {
      expect(page).toContain(word)
      expect(page).toContain('| FAIL: worse than the baseline |')
      expect(page).toContain(`> - Cause: \`${accepted.cause}\``)
      expect(page).not.toMatch(/\bpass\b/i)
    }
    const html = renderHtml(view)
    expect(html).toContain('<title>FAIL, diagnosed, accepted by Dana Ortiz, model safety: ckpt-42')
    expect(html).toContain(
      '<strong class="fail">FAIL, diagnosed, accepted by <code>Dana Ortiz, model safety</code>:</strong>',
    )
    expect(renderTable(view)).toMatch(/^FAIL, diagnosed, accepted by Dana Ortiz, model safety: a 60/)
  })

  const pending = { ...worse, grader: 'judge' as const }

  it('that waits for an audit says where that counts', () => {
    expect(sayOf(makeHistory(), { categories: [pending] })).toEqual([
      diagnosis,
      'What people say of its flags counts from the base too: commit the audits.jsonl that checkpoint-gate decide has written as audits/17.jsonl, and rerun.',
    ])
  })

  it('of flags that nobody can read does not ask for another run', () => {
    const textless = (summary: RecordSummary): RecordSummary => ({ ...summary, retainText: 'none' })
    const view = viewOf(makeHistory(), { categories: [pending], change: textless })
    expect(view.headline).toMatch(/were not kept \(retain_text: none\), so that nobody can read them\.$/)
    expect(say(view)).toEqual([diagnosis])
  })

  it('that is accepted before anybody has read its flags says both', () => {
    expect(viewOf(makeHistory(), { categories: [pending], accepted }).headline).toMatch(
      /^FAIL, audit pending, diagnosed, accepted by Dana Ortiz, model safety: /,
    )
  })

  it('that is no FAIL any more is accepted by nobody', () => {
    const view = viewOf(makeHistory(), { accepted })
    expect(view.headline).toMatch(/^PASS: /)
    expect(say(view)).toEqual([])
  })

  it('shows a long cause, up to 600 characters', () => {
    const cause = 'x '.repeat(400)
    const view = viewOf(makeHistory(), { ...failed, accepted: { ...accepted, cause } })
    const shown = /Cause: `([^`]*)`/.exec(renderComment(view))?.[1] ?? ''
    expect(shown).toHaveLength(600)
    expect(shown).toMatch(/x…$/)
  })
})

describe('attempts that are not known', () => {
  const unknown = { kind: 'unknown', cause: 'GitHub answers 403' } as const
  const unchecked =
    'What could not be checked: whether it was measured before and with which verdict, and whether its registration was there before that.'
  const optional = (summary: RecordSummary): RecordSummary => ({
    ...summary,
    plan: { ...summary.plan, policy: { ...summary.plan.policy, history: 'optional' } },
  })

  it('keep anything from passing, with the cause and what to do', () => {
    const view = viewOf(unknown)
    expect(view).toMatchObject({ verdict: 'inconclusive', conclusion: 'failure' })
    expect(view.headline).toBe(
      'INCONCLUSIVE: every category passes, but the attempts on ckpt-42 are not known, so that this may be the one of many that did. See to it that the job has actions: read, then rerun.',
    )
    expect(say(view)).toEqual([
      'The attempts on this candidate are not known: GitHub answers 403. So nothing passes.',
      unchecked,
    ])
  })

  it('are said, and nothing more, where policy lets that be', () => {
    const view = viewOf(unknown, { change: optional })
    expect(view.verdict).toBe('pass')
    expect(say(view)).toEqual([
      'The attempts on this candidate are not known: GitHub answers 403. The policy says history: optional, so that the verdict stands without it.',
      unchecked,
    ])
  })

  it('leave a FAIL what it is', () => {
    expect(viewOf(unknown, { categories: [worse] }).headline).toMatch(/^FAIL: a 60 of 400/)
  })
})
