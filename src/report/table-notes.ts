import { type CategoryRow, uncalibratedMark } from './category-row.ts'
import { say, type Text } from './text.ts'

/** What stands below the table: what a mark or a word of it means. */
export function listTableNotes(rows: readonly CategoryRow[]): Text[] {
  return [
    ...(rows.some(({ uncalibrated }) => uncalibrated)
      ? [
          say`${uncalibratedMark} Judge-measured, uncalibrated: nobody has counted how often this judge misses the behaviour or flags what is none.`,
        ]
      : []),
    ...(rows.some(({ weighted }) => weighted)
      ? [
          say`Weighted rates and their bounds count each turn by its weight; the difference, its p and the ratio count every turn once.`,
        ]
      : []),
  ]
}
