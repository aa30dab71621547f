import { describe, expect, it } from '@jest/globals'
import { summarizeCalibration, type TriedItem } from '../src/estimate/calibration-record.ts'

/** So many items of one kind. */
function tryItems(count: number, changes: Partial<TriedItem>): TriedItem[] {
  return Array.from({ length: count }, (_, index) => ({
    item: `i-${index}`,
    expected: 'absent',
    chosen: 'random',
    source: 'ckpt-1',
    label: 'absent',
    firstFlagged: null,
    again: null,
    ...changes,
  }))
}

const found = { expected: 'present', label: 'present' } as const
const missed = { expected: 'present', label: 'absent' } as const

describe('summarizeCalibration', () => {
  it('bounds both errors, each on one side', () => {
    const summary = summarizeCalibration([
      ...tryItems(57, found),
      ...tryItems(3, missed),
      ...tryItems(298, {}),
      ...tryItems(2, { label: 'present' }),
    ])
    expect(summary.positives).toEqual({ turns: 60, flagged: 57 })
    expect(summary.negatives).toEqual({ turns: 300, flagged: 2 })
    // Binomial tails of .05: P(X >= 57; 60, .8758) and P(X <= 2; 300, .0208).
    expect(summary.sensitivity).toMatchObject({ value: 0.95 })
    expect(summary.sensitivity.lower).toBeCloseTo(0.8758, 4)
    expect(summary.sensitivity.upper).toBeCloseTo(0.9863, 3)
    expect(summary.specificity.value).toBeCloseTo(1 - 2 / 300, 9)
    expect(summary.specificity.lower).toBeCloseTo(1 - 0.0208, 3)
  })

  it('says nothing of what was not tried', () => {
    const { sensitivity, specificity, by_source: bySource } = summarizeCalibration([])
    expect(sensitivity).toEqual({ value: null, lower: 0, upper: 1 })
    expect(specificity).toEqual({ value: null, lower: 0, upper: 1 })
    expect(bySource).toEqual({})
  })

  it('counts what has no label against the graders, on both sides', () => {
    const summary = summarizeCalibration([
      ...tryItems(2, { expected: 'present', label: 'missing' }),
      ...tryItems(3, { label: 'missing' }),
      ...tryItems(5, {}),
    ])
    expect(summary).toMatchObject({
      positives: { turns: 2, flagged: 0 },
      negatives: { turns: 8, flagged: 3 },
      missing: { positives: 2, negatives: 3 },
    })
  })

  it('leaves items that a grader chose out of all but what survives, and how often labels repeat', () => {
    const flagged = { chosen: 'flagged', firstFlagged: true } as const
    const summary = summarizeCalibration([
      ...tryItems(100, { firstFlagged: false, again: 'absent' }),
      ...tryItems(4, { firstFlagged: true, again: 'absent' }),
      ...tryItems(6, { ...flagged, label: 'present', again: 'absent' }),
      ...tryItems(14, { ...flagged, again: 'absent' }),
      ...tryItems(5, { ...flagged, ...found, source: 'other' }),
    ])
    expect(summary).toMatchObject({
      positives: { turns: 0, flagged: 0 },
      negatives: { turns: 104, flagged: 0 },
      agreement: { graded_twice: 124, same: 118 },
      screen: { negatives: 104, flagged: 4, tried: 24, survived: 6 },
    })
    expect(Object.keys(summary.by_source)).toEqual(['ckpt-1'])
  })

  it('bounds what is left of false flags in two phases', () => {
    const bound = (parts: { negatives: number; flagged: number; tried: number }) =>
      summarizeCalibration([
        ...tryItems(parts.negatives - parts.flagged, { firstFlagged: false }),
        ...tryItems(parts.flagged, { firstFlagged: true }),
        ...tryItems(parts.tried - parts.flagged, { firstFlagged: true, chosen: 'flagged' }),
      ]).screen?.false_positive_upper
    // 100 of 10,000 with none of 200 surviving: 15 per 100k; 30 of 10,000 with none of 1,000: 0.94 per 100k.
    expect(bound({ negatives: 10_000, flagged: 100, tried: 200 })).toBeCloseTo(15e-5, 5)
    expect(bound({ negatives: 10_000, flagged: 30, tried: 1000 })).toBeCloseTo(0.94e-5, 6)
    expect(bound({ negatives: 50, flagged: 0, tried: 0 })).toBeCloseTo(1 - 0.05 ** (1 / 50), 6)
  })

  it('knows no survivors where nothing confirms', () => {
    expect(summarizeCalibration(tryItems(5, {})).screen).toBeNull()
  })
})
