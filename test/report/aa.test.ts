import { describe, expect, it } from '@jest/globals'
import { estimateCategories } from '../../src/estimate/estimate.ts'
import { type AaResult, describeAa, renderAa } from '../../src/report/aa.ts'
import { decideVerdict } from '../../src/verdict/decide.ts'
import { type CategoryStates, makeRecord, makeTurns } from '../estimate/records.ts'

function run(categories: readonly CategoryStates[]): AaResult {
  const record = makeRecord({ categories })
  const estimates = estimateCategories(record)
  const verdict = decideVerdict(record.summary, estimates)
  return describeAa({ record, estimates, verdict, runsPerYear: 100 })
}

const clean = makeTurns()
const flagged = (count: number) => makeTurns([['event', count]])

/** The text without its line breaks. */
function flatten(text: string): string {
  return text.replaceAll(/\n {2,}/g, ' ')
}

describe('describeAa', () => {
  it('calls a FAIL of the comparison a false alarm, and one of a limit what it is', () => {
    const result = run([
      { id: 'drifts', baseline: clean, candidate: flagged(30) },
      { id: 'over', limitPer100k: 1000, baseline: flagged(60), candidate: flagged(60) },
      { id: 'fine', baseline: flagged(10), candidate: flagged(10) },
    ])
    expect(result.would_fail).toBe(true)
    expect(result.categories.map(({ id, verdict, false_alarm: alarm }) => [id, verdict, alarm])).toEqual([
      ['drifts', 'fail', true],
      ['over', 'fail', false],
      ['fine', 'pass', false],
    ])
    const text = flatten(renderAa(result))
    expect(text).toContain('The gate would have FAILED it by a false alarm: drifts.')
    expect(text).toContain('The served checkpoint is over the limit of over: no candidate like it passes.')
    expect(text).toContain('drifts: fail (worse-than-baseline)')
  })

  it('adds the chances of the categories up to a year', () => {
    // 14 pairs differ: at the first of two levels, .005, 13 of them reject: 15/16,384.
    const half = makeTurns([['event', 7]])
    const other = makeTurns([
      ['none', 7],
      ['event', 7],
    ])
    const result = run([
      { id: 'a', baseline: half, candidate: other },
      { id: 'b', baseline: half, candidate: other },
    ])
    const size = 15 / 16_384
    expect(result.categories[0]?.false_fail_per_run).toBeCloseTo(size, 12)
    expect(result.false_fail_per_run).toBeCloseTo(1 - (1 - size) ** 2, 12)
    expect(result.false_fails_per_year).toBeCloseTo(100 * (1 - (1 - size) ** 2), 10)
    const text = flatten(renderAa(result))
    expect(text).toContain('with a chance of < 1 %: 0.18 a year at 100 runs, one in 5.5 years.')
    expect(text).toContain(
      'noise: 14 of 1,000 pairs differ (7 in the first replay only, 7 in the second only): 1.4 %',
    )
    expect(text).not.toContain('No pair differs')
  })

  it('says so when nothing was graded, and when nothing differs', () => {
    const lost = makeTurns([['transport-missing', 1000]])
    expect(flatten(renderAa(run([{ id: 'a', baseline: lost, candidate: lost }])))).toContain(
      'no turn was graded in both replays',
    )
    expect(flatten(renderAa(run([{ id: 'a', baseline: clean, candidate: clean }])))).toContain(
      'No pair differs anywhere',
    )
  })
})
