import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { RecordSummary } from '../../src/record/schema.ts'
import { joinBounds } from '../../src/report/arm-cell.ts'
import { formatPlain } from '../../src/report/text.ts'
import { buildView, type ReportView } from '../../src/report/view.ts'
import { type Counts, type Fixture, type FixtureCategory, makeReport, makeView, prices } from './fixture.ts'
import { realistic } from './realistic.ts'

const plain: FixtureCategory = { id: 'a', baseline: { events: 3 }, candidate: { events: 3 } }

function viewOf(change: (summary: RecordSummary) => RecordSummary, categories = [plain]): ReportView {
  return makeView({ turns: 400, categories, change })
}

describe('a cell', () => {
  const cell = (fixture: Fixture) => {
    const row = makeView(fixture).categories[0]
    return row === undefined ? '' : `${row.candidate.counts} (${joinBounds(row.candidate)})`
  }

  it('shows counts first, then the rate and its bound', () => {
    const category = {
      ...plain,
      baseline: { events: 12, transport: 25 },
      candidate: { events: 12, transport: 25 },
    }
    expect(cell({ turns: 5000, categories: [category] })).toBe('12 of 4,975 = 0.24 % (at most 0.41 %)')
  })

  it('shows rates below 0.1 % per 100k', () => {
    expect(cell({ turns: 90_000, categories: [plain] })).toBe(
      '3 of 90,000 = 3.3 per 100k (at most 8.6 per 100k)',
    )
  })

  it('shows the lower bound too where it lies over the limit', () => {
    const category = { ...plain, limitPer100k: 1000, candidate: { events: 36 } }
    expect(cell({ turns: 400, categories: [category] })).toBe(
      '36 of 400 = 9 % (at least 6.8 %, at most 11.7 %)',
    )
  })

  it('says which rate is weighted, as it is not the ratio of the counts', () => {
    const weight = (index: number) => (index < 10 ? 4 : 1)
    expect(cell({ turns: 400, categories: [plain], weight })).toMatch(/^3 of 400, weighted 2\.8 % \(at most /)
  })

  it('says so when nothing was graded', () => {
    const category = { ...plain, candidate: { content: 400 } }
    const row = makeView({ turns: 400, categories: [category] }).categories[0]
    expect(row?.candidate).toEqual({
      counts: '0 of 400 graded',
      truth: null,
      lower: null,
      upper: null,
      audit: null,
    })
    expect(row?.difference).toBeNull()
  })
})

describe('a row', () => {
  it('flags a rate outside the registered interval', () => {
    const predicted = { rate: 100, interval: [50, 300] as [number, number] }
    const rows = (events: number) =>
      makeView({ turns: 1000, categories: [{ ...plain, predicted, candidate: { events } }] }).categories[0]
    expect(rows(3)).toMatchObject({ predicted: { rate: '0.1 %', interval: '0.05 to 0.3 %' }, outside: false })
    expect(rows(4)?.outside).toBe(true)
    expect(rows(0)?.outside).toBe(true)
  })

  it('shows the difference with its test', () => {
    const category = { ...plain, baseline: { events: 2 }, candidate: { events: 24 } }
    const row = makeView({ turns: 400, categories: [category] }).categories[0]
    expect(row?.difference).toMatchObject({ size: '+5.5 points', p: 'p = 2.4e-7' })
  })

  it('stands where it matters: what blocks before what is watched, what fails before what passes', () => {
    expect(makeView(realistic).categories.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      'tool-use-dishonesty fail',
      'over-refusal inconclusive',
      'unsafe-compliance pass',
      'leaks-system-prompt pass',
      'wrong-language pass',
      'ignores-instructions pass',
      'fabricated-facts pass',
    ])
  })
})

describe('what is missing', () => {
  const missing = (category: FixtureCategory, turns = 5000) =>
    makeView({ turns, categories: [category] }).missing.map(formatPlain)

  it('comes with the tipping point of a pass', () => {
    const category = {
      ...plain,
      limitPer100k: 500,
      baseline: { events: 12, transport: 6 },
      candidate: { events: 11, transport: 8 },
    }
    const { estimates } = makeReport({ turns: 5000, categories: [category] })
    const tipping = estimates[0]?.tippingPoint
    expect(tipping).toBeGreaterThan(1)
    expect(missing(category)).toEqual([
      `a: 8 of 5,000 missing in the candidate (completion: timeout 8); 6 of 5,000 missing in the baseline (completion: timeout 6). The verdict changes only if ≥ ${tipping} of the 8 turns missing in the candidate were present.`,
    ])
  })

  it('says when no number of them changes a pass', () => {
    const category = { ...plain, baseline: { events: 9 }, candidate: { events: 2, content: 3 } }
    expect(missing(category)[0]).toMatch(
      /The verdict stays the same even if all of the 3 turns missing in the candidate were present\.$/,
    )
  })

  it('says what a fail made of them', () => {
    const category = { ...plain, candidate: { events: 90, content: 3 } }
    expect(missing(category)[0]).toMatch(/counts every one of them as absent in the candidate\.$/)
  })

  it('says from how many on it could not pass', () => {
    const category = { ...plain, candidate: { events: 3, content: 30 } }
    expect(missing(category, 400)[0]).toMatch(
      /It can't pass if ≥ \d+ of the 30 turns missing in the candidate are present\.$/,
    )
  })

  it('is silent when nothing is', () => {
    expect(missing(plain)).toEqual([])
  })
})

describe('the counts', () => {
  it('reconcile, whatever is missing or not asked', () => {
    const counts: fc.Arbitrary<Counts> = fc.record({
      events: fc.nat(12),
      transport: fc.nat(12),
      content: fc.nat(12),
      notAsked: fc.nat(12),
    })
    const drawn = fc.array(fc.record({ baseline: counts, candidate: counts }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(drawn, (categories) => {
        const view = makeView({
          turns: 48,
          categories: categories.map((category, index) => ({ ...category, id: `category-${index}` })),
        })
        expect(view.reconciliation).toHaveLength(2 * categories.length)
        for (const row of view.reconciliation) {
          expect(row.planned).toBe(48)
          expect(row.graded + row.missing + row.notAsked).toBe(row.planned)
          const causes = [...row.causes.matchAll(/ (\d+)(?:,|$)/g)]
          expect(causes.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(row.missing)
          const counted = categories[Number(row.category.slice(-1))]?.[row.arm]
          expect(row.missing).toBe((counted?.transport ?? 0) + (counted?.content ?? 0))
          expect(row.notAsked).toBe(counted?.notAsked)
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('facts', () => {
  it('list cost by party, with what is not known said to be so', () => {
    const view = viewOf((summary) => ({ ...summary, cost: { ...summary.cost, usd: null } }))
    const facts = Object.fromEntries(view.spending.map(({ name, value }) => [name, formatPlain(value)]))
    expect(facts.Cost).toBe('price not known')
    expect(facts['Judge tokens']).toBe('1,900,000 in, 64,000 out, $0.60')
    expect(facts.Requests).toBe('2,400')
  })

  it('count finish reasons beyond the most frequent together', () => {
    const finishReasons = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`reason-${index}`, 10]),
    )
    const view = viewOf((summary) => ({
      ...summary,
      arms: {
        ...summary.arms,
        candidate: {
          ...summary.arms.candidate,
          signals: { ...summary.arms.candidate.signals, finishReasons },
        },
      },
    }))
    const others = view.signals.find(({ name }) => formatPlain(name).includes('other reasons'))
    expect(view.signals.length).toBeLessThan(12)
    expect(Number.parseFloat(others?.candidate ?? '')).toBeGreaterThan(80)
  })
})

describe('the view', () => {
  it('is the same for the same arguments, and leaves them alone', () => {
    const { record, estimates, verdict } = makeReport(realistic)
    const before = JSON.stringify([record.summary, estimates, verdict])
    const build = () => buildView({ record: record.summary, estimates, verdict, prices })
    expect(build()).toEqual(build())
    expect(JSON.stringify([record.summary, estimates, verdict])).toBe(before)
  })
})
