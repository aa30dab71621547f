import { describe, expect, it } from '@jest/globals'
import { renderSummary } from '../../src/report/reporters/summary.ts'
import { formatPlain } from '../../src/report/text.ts'
import { type Fixture, makeView } from './fixture.ts'
import { readTables } from './read-markdown.ts'

const plain = { id: 'a', baseline: { events: 3 }, candidate: { events: 3 } }
const calibration = { truePositives: 54, positives: 60, falsePositives: 1, negatives: 300 }

function read(fixture: Partial<Fixture>): string {
  return makeView({ turns: 400, categories: [plain], ...fixture })
    .reading.map(formatPlain)
    .join('\n')
}

describe('how to read the table', () => {
  it('is said of what the plan has, and of nothing else', () => {
    const bare = read({ categories: [{ ...plain, grader: 'pattern' }] })
    for (const word of ['limit', 'A margin', 'Judge error', 'calibration', 'Outside', 'regression: false']) {
      expect(bare).not.toContain(word)
    }
    expect(read({ categories: [{ ...plain, limitPer100k: 1000 }] })).toContain('A limit is passed only when')
    expect(read({ categories: [{ ...plain, marginPer100k: 1000 }] })).toContain(
      'A margin is passed only when an exact unconditional test shows, at α = 0.05, that the candidate',
    )
    const alone = { ...plain, regression: false, limitPer100k: 1000 }
    expect(read({ categories: [alone] })).toContain(
      '“regression: false”, its p is shown and decides nothing.',
    )
    const predicted = { rate: 800, interval: [500, 1100] as [number, number] }
    expect(read({ categories: [{ ...plain, predicted }] })).toContain('“Outside” marks a candidate')
  })

  it('says how a judge’s errors enter', () => {
    expect(read({})).toContain("Without a calibration a judge's labels are taken as they are")
    const categories = [{ ...plain, calibration }]
    expect(read({ categories })).toContain(
      'Judge error: what a calibrated judge may miss raises “at most”, what it may flag wrongly lowers “at least”',
    )
    expect(read({ categories })).not.toContain('Without a calibration')
    expect(read({ categories, gate: { judgeError: 'melded' } })).toContain(
      'what a calibrated judge may miss and flag wrongly widens both bounds',
    )
  })

  it('says which test compares clustered or weighted turns', () => {
    const conversation = (index: number) => `c${Math.floor(index / 2)}`
    expect(read({ conversation })).toContain('exact one-sided sign-flip test over conversations')
    expect(read({})).toContain('exact one-sided McNemar test')
    const categories = [{ ...plain, marginPer100k: 1000 }]
    expect(read({ conversation, categories })).toContain(
      'A margin is passed only when a bound over conversations',
    )
  })
})

describe('the notes below the table', () => {
  const notes = (fixture: Partial<Fixture>) =>
    makeView({ turns: 400, categories: [{ ...plain, grader: 'pattern' }], ...fixture }).notes.map(formatPlain)

  it('say that the difference is not weighted where the rates are', () => {
    const weight = (index: number) => (index < 10 ? 4 : 1)
    expect(notes({ weight })).toEqual([
      'Weighted rates and their bounds count each turn by its weight; the difference, its p and the ratio count every turn once.',
    ])
    expect(notes({})).toEqual([])
  })
})

describe('the ratio', () => {
  it('is a column of the summary', () => {
    const category = { ...plain, baseline: { events: 6 }, candidate: { events: 41 } }
    const view = makeView({ turns: 5000, categories: [category] })
    const [header, , row] = readTables(renderSummary(view))[0] ?? []
    const at = header?.indexOf('Ratio') ?? -1
    expect(at).toBe(5)
    expect(row?.[at]).toMatch(/^6\.8 times \(\d(?:\.\d)? to \d+(?:\.\d)?\)$/)
  })

  it('has a lower bound alone where the baseline shows nothing, and is left out where neither does', () => {
    const ratio = (baseline: number, candidate: number) =>
      makeView({
        turns: 5000,
        categories: [{ ...plain, baseline: { events: baseline }, candidate: { events: candidate } }],
      }).categories[0]?.ratio
    expect(ratio(0, 9)).toMatch(/^at least \d(?:\.\d)? times$/)
    expect(ratio(0, 0)).toBeNull()
  })
})
