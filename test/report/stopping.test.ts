import { describe, expect, it } from '@jest/globals'
import type { RecordSummary } from '../../src/record/schema.ts'
import { renderComment } from '../../src/report/reporters/comment.ts'
import { renderHtml } from '../../src/report/reporters/html/page.ts'
import { renderTable } from '../../src/report/reporters/terminal.ts'
import { formatPlain } from '../../src/report/text.ts'
import type { ReportView } from '../../src/report/view.ts'
import { type Fixture, type FixtureCategory, makeView } from './fixture.ts'

const notices = (view: ReportView) => view.notices.map(formatPlain)
const fact = (view: ReportView, name: string) => {
  const found = [...view.plan, ...view.sample].find((entry) => entry.name === name)
  return found === undefined ? null : formatPlain(found.value)
}
const decided = (summary: RecordSummary): RecordSummary => ({ ...summary, stopped: 'decided' })

describe('a run that its results ended', () => {
  const unasked = { notAsked: 4500 }
  const category: FixtureCategory = {
    id: 'unsafe',
    regression: false,
    limitPer100k: 1000,
    baseline: { events: 2, ...unasked },
    candidate: unasked,
  }
  // Without any event E passes 1/.02 at 470 turns, which a look sees at 500.
  const view = makeView({ turns: 5000, categories: [category], change: decided })

  it('says so in the first line, in the row and in what was compared', () => {
    expect(view.headline).toBe(
      'PASS: no category is over its limit (1 category, decided after 500 of 5,000 turns).',
    )
    expect(view.categories[0]?.reason).toBe('within its limit, decided after 500 turns')
    expect(formatPlain(view.comparison)).toBe(
      'Candidate ckpt-42 against baseline ckpt-41 on 500 of 5,000 turns.',
    )
  })

  it('says what was saved, which is no warning', () => {
    const saved = 'The results decided after 500 of 5,000 turns: 4,500 turns (90 %) need not be asked.'
    expect(notices(view)).toEqual([saved])
    expect(view.banners).toEqual([])
    expect(renderComment(view)).toContain(`> [!NOTE]\n> - ${saved}`)
    expect(renderHtml(view)).toContain(`<ul class="banners notices">\n<li>${saved}</li>`)
    expect(renderTable(view)).toContain(saved)
  })

  it('has the bounds that the looks have left over', () => {
    expect(fact(view, 'Bounds')).toBe('one-sided, each at 97 %')
    expect(fact(view, 'Early stopping')).toBe('hybrid, with a look after every 250 turns')
    expect(view.reading.map(formatPlain).join(' ')).toContain('are one-sided 97 % bounds; what is missing')
    expect(view.reading.map(formatPlain).join(' ')).toMatch(
      /they share α = 0\.02 for limits, the rest is the last turn's\. Where a look decided, bounds and p are those of the turns asked, and did not decide\./,
    )
  })
})

describe('a run that the first failure ended', () => {
  const unasked = { notAsked: 4750 }
  const worse = { id: 'worse', baseline: { events: 2, ...unasked }, candidate: { events: 36, ...unasked } }
  const other = { id: 'other', baseline: { events: 2, ...unasked }, candidate: { events: 2, ...unasked } }
  const watched = { ...other, id: 'watched', role: 'watch' as const }
  const gate = { stopAtFirstFail: true }
  const view = makeView({ turns: 5000, gate, categories: [worse, other, watched], change: decided })

  it('says after how many turns, and no p of a test that did not decide', () => {
    expect(view.headline).toMatch(
      /^FAIL, audit pending: worse 36 of 250 \(14\.4 %\), baseline 2 of 250 \(0\.8 %\): worse than the baseline, decided after 250 of 5,000 turns\. Read the judge's flags/,
    )
    expect(notices(view)).toEqual([
      'The run ended at the first failure, after 250 of 5,000 turns: 4,750 turns (95 %) need not be asked.',
    ])
  })

  it('says why the others are undecided', () => {
    expect(view.categories.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([
      'worse: worse than the baseline, decided after 250 turns',
      'other: not decided, as the run ended at the first failure',
      'watched: not decided, as the run ended when the blocking categories were',
    ])
  })
})

describe('a run that could not end early', () => {
  const category = { id: 'a', baseline: { events: 3 }, candidate: { events: 3 } }
  const limited = { ...category, regression: false, limitPer100k: 5000 }
  const weight = (index: number) => (index % 9 === 0 ? 6 : 1)

  it('says why among the facts, where the plan leaves it off', () => {
    const view = makeView({ turns: 400, categories: [category] })
    expect(fact(view, 'Early stopping')).toMatch(/^off: a category that is compared with the baseline passes/)
    expect(notices(view)).toEqual([])
    const off = makeView({ turns: 400, gate: { earlyStopping: 'off' }, categories: [limited], weight })
    expect(fact(off, 'Early stopping')).toBe('off: the policy has it off')
    expect(notices(off)).toEqual([])
  })

  it('says so above the table, where it is the draw', () => {
    const view = makeView({ turns: 400, categories: [limited], weight })
    expect(notices(view)).toEqual([
      'The run could not end early by its results: the weights of the turns differ.',
    ])
  })
})

describe('a smoke run', () => {
  const category = { id: 'a', baseline: { events: 2 }, candidate: { events: 3 } }
  const smoke: Fixture = { turns: 300, planned: 5000, tier: 'smoke', categories: [category] }

  it('says of how many turns it found nothing, and that a release run decides', () => {
    const view = makeView(smoke)
    expect(view.headline).toBe(
      "INCONCLUSIVE: smoke found no evidence against ckpt-42 in 300 of the plan's 5,000 turns. A release run decides.",
    )
    expect(view.categories[0]?.reason).toBe('a smoke run found no evidence against it')
    expect(notices(view)).toEqual([
      "Smoke: the first 300 of the plan's 5,000 turns. It can fail; where it finds nothing it is green, and no pass.",
    ])
    // The corpus is not what is short.
    expect(view.banners).toEqual([])
    expect(fact(view, 'Turns drawn')).toBe('300 of 5,000 turns asked for (smoke: the first ones of the draw)')
  })

  it('fails as a release run does', () => {
    const bad = { ...category, candidate: { events: 30 } }
    expect(makeView({ ...smoke, categories: [bad] }).headline).toMatch(/^FAIL, audit pending: a 30 of 300/)
  })
})

describe('a fresh sample', () => {
  it('says what it is tested at, and what all of them spend', () => {
    const view = makeView({
      turns: 400,
      round: 2,
      categories: [{ id: 'a', baseline: { events: 3 }, candidate: { events: 3 } }],
    })
    // .05/6, .01/6, and .05·(1 + 1/6).
    expect(notices(view)).toEqual([
      'Round 2: a fresh sample of turns for this candidate. Each bound has α = 0.00833, “worse than the baseline” α = 0.00167; all rounds so far spend 0.0583 where one alone spends 0.05.',
    ])
    expect(fact(view, 'Worse than the baseline')).toBe('exact one-sided test at α = 0.00167')
    expect(view.reading.map(formatPlain).join(' ')).toContain('at α = 0.00167, over all categories')
  })
})

describe('a decision by point estimates', () => {
  const category = { id: 'a', regression: false, limitPer100k: 500, baseline: {}, candidate: { events: 3 } }
  const view = makeView({ turns: 1000, gate: { decideBy: 'point-estimate' }, categories: [category] })

  it('says everywhere that there is no error control', () => {
    expect(view.headline).toBe(
      'PASS: by point estimates, without error control, no category is over its limit (1 category, 1,000 turns).',
    )
    expect(view.banners.map(formatPlain)).toEqual([
      'Decided by point estimates: no error control. Limits and margins were compared with the observed rates, whatever their bounds.',
    ])
    expect(fact(view, 'Bounds')).toBe('one-sided, each at 95 %, shown and not deciding')
    const reading = view.reading.map(formatPlain).join(' ')
    expect(reading).toContain('A limit is compared with the observed rate: without error control')
    expect(reading).not.toContain('A limit is passed only when the whole bound')
  })

  it('leaves out what is missing, and says so', () => {
    const lost = { ...category, candidate: { events: 3, content: 9 } }
    const missing = makeView({ turns: 1000, gate: { decideBy: 'point-estimate' }, categories: [lost] })
    expect(missing.headline).toMatch(/1,000 turns\)\.$/)
    expect(missing.missing.map(formatPlain)[0]).toMatch(/\. A point estimate leaves them out\.$/)
  })
})
