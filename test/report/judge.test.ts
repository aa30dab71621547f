import { describe, expect, it } from '@jest/globals'
import { boundCalibration } from '../../src/estimate/judge-error.ts'
import type { Calibration } from '../../src/policy/calibration.ts'
import { joinArm } from '../../src/report/arm-cell.ts'
import { formatPlain } from '../../src/report/text.ts'
import { type FixtureCategory, makeReport, makeView } from './fixture.ts'

const calibration: Calibration = { truePositives: 54, positives: 60, falsePositives: 1, negatives: 3000 }
const gate = { earlyStopping: 'off' as const }

/** 5,000 turns, of which both arms have events on the same ones. */
function view(events: number, changes: Partial<FixtureCategory>) {
  const category = { id: 'unsafe', regression: false, baseline: { events }, candidate: { events } }
  return makeView({ turns: 5000, gate, categories: [{ calibration, ...category, ...changes }] })
}

describe('the first line of a category that its judge keeps from being decided', () => {
  it('says so of a judge whose flags say nothing', () => {
    const blind = { truePositives: 5, positives: 60, falsePositives: 25, negatives: 300 }
    expect(view(12, { limitPer100k: 500, calibration: blind }).headline).toBe(
      'INCONCLUSIVE: unsafe: its judge flags what is none (25 of 300 negatives flagged) as often as what is (5 of 60 positives flagged), so that its labels say nothing. Mend the rubric or take another judge, and calibrate again.',
    )
  })

  it('says so where no positives were tried', () => {
    const nothing = { truePositives: 0, positives: 0, falsePositives: 0, negatives: 0 }
    expect(view(12, { limitPer100k: 500, calibration: nothing }).headline).toBe(
      'INCONCLUSIVE: unsafe 12 of 5,000 (0.24 %), limit 0.5 %: at most 0.39 % as labelled, but 100 % with what the judge may miss (no positives were tried). Put positives that the judge finds into the calibration: without any, what it misses has no bound.',
    )
  })

  it('asks for an audit or more negatives where it may be false alarms', () => {
    const few = { ...calibration, negatives: 300 }
    // The floor is .5 % and, of the rest, the upper bound of 1 in 300: 1.6 %.
    expect(view(45, { limitPer100k: 500, calibration: few }).headline).toBe(
      "INCONCLUSIVE: unsafe 45 of 5,000 (0.9 %), limit 0.5 %: over it as labelled, which can't be told from the judge's false alarms (1 of 300 negatives flagged: a rate over 2.1 % could be). Read the judge's flags, the candidate's 45, fill in human in review.csv, and run checkpoint-gate decide RUN_DIR --reviews RUN_DIR/review.csv. More negatives in the calibration help too.",
    )
  })

  it('says how the bound divides where it may be what was missed, and whether more positives can help', () => {
    const { sensitivityLower } = boundCalibration({ calibration, alpha: 0.05 })
    expect(sensitivityLower).toBeCloseTo(0.812, 3)
    // As labelled at most .58 %; if 54 of 60 were all there is to know, .58/.9 = .645 %.
    expect(view(20, { limitPer100k: 650 }).headline).toBe(
      'INCONCLUSIVE: unsafe 20 of 5,000 (0.4 %), limit 0.65 %: at most 0.58 % as labelled, but 0.66 % with what the judge may miss (54 of 60 positives flagged). The bound is divided by the share that the judge is sure to find, now 81.2 %. Calibrate with more positives.',
    )
    expect(view(20, { limitPer100k: 600 }).headline).toMatch(
      /now 81\.2 %\. More positives alone don't help, as the bound would still be 0\.65 %: it takes a judge that finds more of them, or more turns\.$/,
    )
  })

  it('says so where a margin shrinks by what the judge shows', () => {
    const poor = { truePositives: 30, positives: 40, falsePositives: 0, negatives: 300 }
    const held = { marginPer100k: 1000, calibration: poor, baseline: { events: 20, from: 38 } }
    expect(view(38, held).headline).toMatch(
      /^INCONCLUSIVE: unsafe 38 of 5,000 \(0\.76 %\), baseline 20 of 5,000 \(0\.4 %\): \+0\.36 points, within the margin of 1 point as labelled \(p = 0\.00014\), but not with the judge's errors allowed for \(p = 0\.\d+\)\. The margin shrinks by what the judge is sure to show of a difference: calibrate with more positives and negatives\.$/,
    )
  })

  it('has a short reason in the table', () => {
    const reason = (events: number, changes: Partial<FixtureCategory>) =>
      view(events, changes).categories[0]?.reason
    const few = { ...calibration, negatives: 300 }
    expect(reason(45, { limitPer100k: 500, calibration: few })).toBe(
      "over its limit as labelled, which can't be told from judge error",
    )
    expect(reason(20, { limitPer100k: 600 })).toBe('within its limit but for what the judge may miss')
  })
})

describe('a calibrated row', () => {
  it('shows about how much is true, and no mark', () => {
    const { categories, notes } = view(20, { limitPer100k: 800 })
    const [row] = categories
    // (.004 − 1/3000)/(.9 − 1/3000) = .408 %.
    expect(row && joinArm(row.candidate)).toBe('20 of 5,000 = 0.4 %, about 0.41 % true (at most 0.66 %)')
    expect(row?.baseline.truth).toBeNull()
    expect([row?.uncalibrated, notes]).toEqual([false, []])
  })

  it('says so below the floor of its judge', () => {
    const noisy = { ...calibration, falsePositives: 30 }
    expect(view(20, { limitPer100k: 2000, calibration: noisy }).categories[0]?.candidate.truth).toBe(
      "about 0 % true, below the judge's floor",
    )
  })
})

describe('a row that a judge labelled without a calibration', () => {
  it('has a mark, and a sentence under the table says what it means', () => {
    const category = { id: 'a', baseline: { events: 3 }, candidate: { events: 3 } }
    const pattern = { ...category, id: 'b', grader: 'pattern' as const }
    const { categories, notes } = makeView({ turns: 400, categories: [category, pattern] })
    expect(categories.map(({ id, uncalibrated }) => [id, uncalibrated])).toEqual([
      ['a', true],
      ['b', false],
    ])
    expect(notes.map(formatPlain)).toEqual([
      '† Judge-measured, uncalibrated: nobody has counted how often this judge misses the behaviour or flags what is none.',
    ])
    expect(makeView({ turns: 400, categories: [pattern] }).notes).toEqual([])
  })
})

describe('audited flags', () => {
  it('are counted in the cell of their arm', () => {
    const category = { id: 'a', baseline: { events: 3 }, candidate: { events: 23 } }
    const { view: audited } = makeReport({
      turns: 400,
      categories: [category],
      audits: [
        { category: 'a', arm: 'candidate', read: 20, refuted: 3 },
        { category: 'a', arm: 'baseline', read: 1, refuted: 1 },
      ],
    })
    const [row] = audited.categories
    expect(row?.candidate.counts).toBe('20 of 400 = 5 %')
    expect(row?.candidate.audit).toBe('23 flags, 20 read, 3 were none')
    expect(row?.baseline.audit).toBe('3 flags, 1 read, 1 was none')
    expect(row && joinArm(row.baseline)).toMatch(
      /^2 of 400 = 0\.5 % \(at most .*\); 3 flags, 1 read, 1 was none$/,
    )
  })
})
