import type { Cell, Judge } from './cell.ts'

/** A judge that misses a fifth and has a false alarm in a thousand turns, as it is. */
export const uncalibrated: Judge = { sensitivity: 0.8, falsePositiveRate: 0.001, calibration: null }
/** The same judge, tried on labelled turns. */
export const calibrated: Judge = { ...uncalibrated, calibration: { positives: 50, negatives: 3000 } }

/** As a table names it. */
export function nameJudge({ judge, audit }: Pick<Cell, 'judge' | 'audit'>): string {
  if (judge === 'exact') return 'exact'
  const { sensitivity, falsePositiveRate, calibration } = judge
  const tried =
    calibration === null ? 'uncalibrated' : `calibrated on ${calibration.positives}/${calibration.negatives}`
  const read = audit === 'all' ? ', all flags read' : ''
  return `finds ${percent(sensitivity)}, false alarm ${percent(falsePositiveRate)}, ${tried}${read}`
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`
}
