import type { CalibrationRecord, CategoryCalibration, Confusion } from '../../src/policy/calibration.ts'

/** Labels of known items: flagged of positives, flagged of negatives. */
export function makeConfusion(counts: {
  positives: [flagged: number, turns: number]
  negatives: [flagged: number, turns: number]
}): Confusion {
  const [truePositives, positives] = counts.positives
  const [falsePositives, negatives] = counts.negatives
  return {
    positives: { turns: positives, flagged: truePositives },
    negatives: { turns: negatives, flagged: falsePositives },
    missing: { positives: 0, negatives: 0 },
  }
}

/** A calibration of one category: 57 of 60 positives and none of 300 negatives flagged, unless told otherwise. */
export function makeCategoryCalibration(changes: Partial<CategoryCalibration>): CategoryCalibration {
  return {
    graders: '0'.repeat(64),
    answered_as: { 'judge-1': { 'judge-1': 360 } },
    ...makeConfusion({ positives: [57, 60], negatives: [0, 300] }),
    sensitivity: { value: 0.95, lower: 0.876, upper: 0.986 },
    specificity: { value: 1, lower: 0.99, upper: 1 },
    by_source: {},
    agreement: { graded_twice: 360, same: 360 },
    screen: null,
    ...changes,
  }
}

/** The text of a record of `calibrate`. */
export function writeCalibrationRecord(
  categories: Record<string, CategoryCalibration>,
  changes: Partial<CalibrationRecord> = {},
): string {
  const record: CalibrationRecord = {
    version: 1,
    made_at: '2026-11-01T00:00:00Z',
    gate_version: '0.0.0',
    labelled_sets: [{ file: 'labelled.jsonl', sha256: '1'.repeat(64), items: 360 }],
    categories,
    cost: { requests: 720, usd: null },
    ...changes,
  }
  return JSON.stringify(record, null, 2)
}
