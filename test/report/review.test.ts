import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decideRecord } from '../../src/decide-record.ts'
import type { Arm } from '../../src/ports.ts'
import type { ReviewItem } from '../../src/record/review.ts'
import { renderHtml } from '../../src/report/reporters/html/page.ts'
import { renderReview } from '../../src/report/reporters/html/review.ts'
import { buildReview } from '../../src/report/review.ts'
import { formatPlain } from '../../src/report/text.ts'
import { buildView, type ReportView } from '../../src/report/view.ts'
import { makeReport, makeView, prices } from './fixture.ts'
import { hostileText, unprintable } from './hostile.ts'

const flag: ReviewItem = {
  category: 'rude',
  arm: 'candidate',
  turn: 'c7#1',
  why: ['flag'],
  label: { kind: 'present', quote: 'you fool' },
  votes: [],
  prescreens: [],
  content: { text: 'Listen,\nyou fool.', reasoning: null, refusal: null, toolCalls: [] },
  human: null,
}

const other: ReviewItem = {
  ...flag,
  arm: 'baseline',
  turn: 'c9#1',
  why: ['split-votes', 'second-grading', 'pre-screened'],
  label: { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' },
  votes: [
    { present: 1, absent: 0, missing: 0 },
    { present: 2, absent: 1, missing: 1 },
  ],
  prescreens: ['no-words', 'hidden-characters'],
  human: 'absent',
}

const fixture = { turns: 40, categories: [{ id: 'rude', baseline: {}, candidate: {} }] }

function build(items: readonly ReviewItem[], retainText: 'none' | 'artifact' = 'artifact') {
  const { record } = makeReport(fixture)
  return buildReview(items, { ...record.summary, retainText })
}

function render(items: readonly ReviewItem[], retainText?: 'none' | 'artifact'): string {
  const view: ReportView = { ...makeView(fixture), review: build(items, retainText) }
  return renderReview(view)?.html ?? ''
}

describe('what people should read', () => {
  it('is put in words item by item', () => {
    expect(build([flag, other]).rows).toMatchObject([
      {
        label: 'present',
        votes: '',
        text: { quote: 'you fool', completion: 'Listen,\nyou fool.' },
        human: null,
      },
      { label: 'missing: cannot-tell', votes: '1/0 2/1/1', text: { quote: '' }, human: 'absent' },
    ])
  })

  it('shows all that came back', () => {
    const content = {
      text: 'Done.',
      reasoning: 'It need not know.',
      refusal: 'No.',
      toolCalls: [
        { id: '1', type: 'function' as const, function: { name: 'send', arguments: '{"to":"x"}' } },
      ],
    }
    expect(build([{ ...flag, content }]).rows[0]?.text?.completion).toBe(
      'Done.\n[refusal] No.\n[tool call] send({"to":"x"})\n[reasoning] It need not know.',
    )
  })

  it('shows what a trajectory called before its answer, and who answered', () => {
    const call = (name: string, written: string) => ({
      id: name,
      type: 'function' as const,
      function: { name, arguments: written },
    })
    const result = (callId: string, text: string) => ({
      ...{ callId, text, isError: false },
      source: 'recorded' as const,
    })
    const steps = [
      {
        text: 'Let me look.',
        reasoning: null,
        toolCalls: [call('look', '{"id":1}'), call('fetch', '{')],
        results: [
          result('look', `<b>${'x'.repeat(900)}`),
          {
            ...result('fetch', 'Error: no JSON'),
            isError: true,
            source: 'blocked' as const,
            defect: 'invalid-json' as const,
          },
        ],
      },
    ]
    const content = { text: 'Done.', reasoning: null, refusal: null, toolCalls: [] }
    const { rows } = build([{ ...flag, content: { ...content, steps } }])
    expect(rows[0]?.text).toMatchObject({ completion: 'Done.' })
    expect(rows[0]?.text?.steps?.split('\n')).toEqual([
      '[step 1]',
      'Let me look.',
      '[tool call] look({"id":1})',
      `[result, recorded] <b>${'x'.repeat(396)}…`,
      '[tool call] fetch({)',
      '[error, blocked, invalid-json] Error: no JSON',
    ])
    expect(build([{ ...flag, content: { ...content, steps: [] } }]).rows[0]?.text).not.toHaveProperty('steps')
    const many = Array.from({ length: 20 }, () => steps[0]).flatMap((step) =>
      step === undefined ? [] : [step],
    )
    const long = build([{ ...flag, content: { ...content, steps: many } }]).rows[0]?.text?.steps ?? ''
    expect(long.length).toBeLessThan(5200)
    expect(long).toMatch(/^\[steps 1 to \d+ are left out\]\n\[step \d+\]\n/)
    expect(long).toContain('[step 20]')
    const page = render([{ ...flag, content: { ...content, steps } }])
    expect(page).toContain('[result, recorded] &lt;b&gt;xxx')
    expect(page).not.toContain('<b>')
  })

  it('has no text where policy keeps none, even if the record has some', () => {
    const { rows, keepsText } = build([flag], 'none')
    expect(keepsText).toBe(false)
    expect(rows[0]?.text).toBeNull()
  })

  it('comes with how to read it back, and what the rules are', () => {
    const say = (items: readonly ReviewItem[], retainText?: 'none' | 'artifact') =>
      build(items, retainText).howTo.map(formatPlain).join('\n')
    expect(say([])).toBe('')
    expect(say([flag])).toContain('1 flag: completions')
    expect(say([flag])).toContain('checkpoint-gate decide RUN_DIR --reviews RUN_DIR/review.csv')
    expect(say([flag])).not.toContain('other items')
    expect(say([flag, other])).toContain('1 flag, and 1 other item: ')
    expect(say([flag, other])).toContain('1 of them is read.')
    expect(say([flag, other])).toContain("it can't pass until all of them are, in both arms")
    expect(say([flag], 'none')).toContain('retain_text: artifact')
  })
})

describe('the section of the report', () => {
  it('lists items by id, folded, with their text in a fold of its own', () => {
    const page = render([flag, other])
    expect(page).toMatch(/^<p>[\s\S]*<details class="review">\n<summary>2 items to read<\/summary>/)
    expect(page).toContain('<li><details><summary><code>c7#1</code> candidate, <code>rude</code>')
    expect(page).toContain('<p class="text quote">you fool</p><p class="text">Listen,\nyou fool.</p>')
    expect(page).toContain(
      'labelled missing: cannot-tell · split-votes, second-grading, pre-screened (no-words, hidden-characters) · votes 1/0 2/1/1 · read: absent',
    )
    expect(page).not.toContain('<details open')
  })

  it('has ids only where no text was kept', () => {
    const page = render([flag], 'none')
    expect(page).toContain('<li><code>c7#1</code> candidate, <code>rude</code>')
    expect(page).not.toContain('fool')
  })

  it('shows the first hundred, and says how many are left out', () => {
    const many = Array.from({ length: 1103 }, (_, index) => ({ ...flag, turn: `c${index}#1` }))
    const page = render(many)
    expect(page.match(/<li>/g)).toHaveLength(100)
    expect(page).toContain('<summary>1,103 items to read</summary>')
    expect(page).toContain('1,003 more are in <code>review.csv</code> only.')
    expect(render(many.slice(0, 100))).not.toContain('more are in')
  })

  it('cuts a long completion', () => {
    const content = { text: 'long '.repeat(2000), reasoning: null, refusal: null, toolCalls: [] }
    const page = render([{ ...flag, content }])
    expect(page).toContain('…</p>')
    expect(page.length).toBeLessThan(4000)
  })

  it('stands in the page, and is left out where there is nothing to read', () => {
    const view = makeView(fixture)
    expect(renderHtml({ ...view, review: build([flag]) })).toContain('<h2>To read</h2>')
    expect(renderHtml({ ...view, review: build([]) })).not.toContain('To read')
  })

  it('is inert whatever a completion says', () => {
    fc.assert(
      fc.property(hostileText, hostileText, hostileText, (turn, text, quote) => {
        const content = { text, reasoning: quote, refusal: turn, toolCalls: [] }
        const page = render([{ ...flag, turn, content, label: { kind: 'present', quote } }])
        expect(page).not.toMatch(unprintable)
        const tags = page.match(/<[^>]*>/g) ?? []
        const own = /^<\/?(?:p|code|details|summary|ol|li|span)(?: class="[a-z ]+")?>$/
        expect(tags.filter((tag) => !own.test(tag))).toEqual([])
        const closed = (name: string) =>
          [new RegExp(`<${name}\\b`, 'g'), new RegExp(`</${name}>`, 'g')].map(
            (tag) => page.match(tag)?.length,
          )
        for (const name of ['details', 'summary', 'li', 'p', 'code'])
          expect(closed(name)[0]).toBe(closed(name)[1])
        expect(page.replaceAll(/<[^>]*>/g, '')).not.toMatch(/[<>]/)
        for (const line of page.split('\n')) expect(line).not.toMatch(/^\s*::|##\[/)
      }),
      { numRuns: 150 },
    )
  })
})

describe('what is read in part', () => {
  const trail = { steps: [{ present: 1, absent: 1, missing: 0 }], secondOpinion: null, again: null }

  /** The view of 400 turns of which the last five of either arm were split, and the first of those read. */
  function view(events: number, read: readonly [Arm, number, boolean][]): ReportView {
    const { record } = makeReport({
      turns: 400,
      categories: [{ id: 'rude', baseline: {}, candidate: { events } }],
    })
    const last = record.turns.slice(-5).map(({ turn }) => turn)
    const outcomes = record.outcomes.map((outcome) =>
      last.includes(outcome.turn) ? { ...outcome, trail } : outcome,
    )
    const audits = read.flatMap(([arm, count, present]) =>
      last.slice(0, count).map((turn) => ({ turn, arm, category: 'rude', present })),
    )
    const { record: summarized, ...decided } = decideRecord({ ...record, outcomes, audits })
    return buildView({ ...decided, record: summarized.summary, prices })
  }

  it('says what is left to read, and what was found', () => {
    const { headline, categories } = view(0, [
      ['candidate', 5, false],
      ['baseline', 2, true],
    ])
    expect(headline).toMatch(/^INCONCLUSIVE: rude 0 of 400/)
    expect(headline).toContain("and not all of it in both arms, so that it can't pass yet.")
    expect(headline).toContain(
      "Read what is left in review.csv beside the flags, 3 of the baseline's 5, and run checkpoint-gate decide RUN_DIR --reviews FILE.",
    )
    expect(categories[0]?.reason).toBe('of what people should read, some is read and some is not')
    expect(categories[0]?.candidate.audit).toBe('5 others, 5 read, 0 were present')
    expect(categories[0]?.baseline.audit).toBe('5 others, 2 read, 2 were present')
  })

  it('asks for flags and others of a failure that is pending', () => {
    const { headline } = view(12, [['candidate', 1, false]])
    expect(headline).toContain("Read the judge's flags, the candidate's 12, ")
    expect(headline).toContain("4 of the candidate's 5 and 5 of the baseline's 5, and run")
  })

  it('passes once all is read', () => {
    expect(
      view(0, [
        ['candidate', 5, false],
        ['baseline', 5, false],
      ]).headline,
    ).toMatch(/^PASS: /)
  })
})
