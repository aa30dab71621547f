import { describe, expect, it } from '@jest/globals'
import { estimateSlices, type SliceEstimate } from '../../src/estimate/slices.ts'
import { renderComment } from '../../src/report/reporters/comment.ts'
import { renderHtml } from '../../src/report/reporters/html/page.ts'
import { renderSummary } from '../../src/report/reporters/summary.ts'
import { rankSlices, sayConcentrated } from '../../src/report/slices.ts'
import { formatPlain } from '../../src/report/text.ts'
import { type Fixture, makeReport, makeView } from './fixture.ts'

const slice = (index: number): Record<string, string> => ({ surface: index < 100 ? 'chat' : 'api' })
const fixture: Fixture = {
  turns: 1000,
  gate: { earlyStopping: 'off' },
  // Of 21 events 18 are among the first hundred turns.
  categories: [{ id: 'a', baseline: { events: 0 }, candidate: { events: 21, from: 82 } }],
  slice,
}

function make(changes: Partial<SliceEstimate>): SliceEstimate {
  return {
    key: 'surface',
    value: 'chat',
    category: 'a',
    turns: 100,
    pairs: 100,
    baselineEvents: 0,
    candidateEvents: 0,
    excess: 0,
    excessOfAll: 0,
    p: 1,
    pAdjusted: 1,
    concentrated: false,
    ...changes,
  }
}

describe('where an excess is concentrated', () => {
  it('is said below the table, as what nobody registered', () => {
    const view = makeView(fixture)
    // 2^-18, of two slices.
    const warning =
      'Where the excess is concentrated (exploratory, it decides nothing): surface=chat of a, 18 of 21 events more than the baseline in 100 turns (adjusted p = 7.6e-6).'
    expect(view.notes.map(formatPlain).at(-1)).toBe(warning)
    expect(renderComment(view)).toContain('`surface=chat` of `a`, 18 of 21 events more than the baseline')
    expect(renderHtml(view)).toContain('<code>surface=chat</code> of <code>a</code>, 18 of 21 events')
  })

  it('changes no verdict', () => {
    const { verdict } = makeReport(fixture)
    expect(verdict).toEqual(makeReport({ ...fixture, slice: () => ({}) }).verdict)
  })

  it('is said to be more than all where the other slices have fewer', () => {
    const excess = { excess: 20, pAdjusted: 0.001, concentrated: true }
    const say = (excessOfAll: number) =>
      formatPlain(sayConcentrated([make({ ...excess, excessOfAll })]) ?? [])
    expect(say(12)).toContain('surface=chat of a, 20 events more than the baseline (12 more in all) in 100')
    expect(say(-3)).toContain('20 events more than the baseline (3 fewer in all)')
    expect(say(20)).toContain('20 of 20 events more than the baseline')
  })

  it('names five slices and counts the rest', () => {
    const slices = Array.from({ length: 8 }, (_, index) =>
      make({
        value: `v${index}`,
        excess: 9,
        excessOfAll: 99,
        pAdjusted: 0.01 - index / 1000,
        concentrated: true,
      }),
    )
    const text = formatPlain(sayConcentrated(slices) ?? [])
    expect(text.match(/surface=v\d/g)).toEqual([
      'surface=v7',
      'surface=v6',
      'surface=v5',
      'surface=v4',
      'surface=v3',
    ])
    expect(text).toMatch(/; 3 more\.$/)
  })

  it('is not said where there is none', () => {
    expect(sayConcentrated([make({ excess: 4, pAdjusted: 0.2 })])).toBeNull()
    expect(
      makeView({ ...fixture, slice: () => ({}) })
        .notes.map(formatPlain)
        .join(),
    ).not.toContain('excess')
  })
})

describe('the table of slices', () => {
  it('has the counts that the estimate has, and marks what is concentrated', () => {
    const { record, view } = makeReport(fixture)
    const [first, second] = view.slices.rows
    expect(first).toEqual({
      key: 'surface',
      value: 'chat',
      category: 'a',
      turns: 100,
      baselineEvents: 0,
      candidateEvents: 18,
      p: 'p = 7.6e-6',
      concentrated: true,
    })
    expect([second?.candidateEvents, second?.p]).toEqual([3, 'p = 0.13'])
    expect(estimateSlices(record)).toHaveLength(2)
    expect(renderSummary(view)).toContain(
      '| `surface` `chat` | `a` | 100 | 0 | 18 | p = 7.6e-6, concentrated |',
    )
  })

  it('shows where the arms differ most, and counts the rest', () => {
    const slices = Array.from({ length: 300 }, (_, index) =>
      make({ value: `v${index}`, excess: index === 250 ? 5 : 0 }),
    )
    const { rows, left } = rankSlices(slices, 200)
    expect([rows[0]?.value, rows.length, left]).toEqual(['v250', 200, 100])
    expect(renderSummary({ ...makeView(fixture), slices: { rows, left } })).toContain(
      'so a place to look and not a finding. 100 more slices are not shown.',
    )
  })
})
