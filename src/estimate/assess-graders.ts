import { findCalibration, type Plan, type PlannedCategory } from '../plan/plan.ts'
import type { RunRecord } from '../record/schema.ts'
import { type ControlEstimate, estimateControls } from './controls.ts'
import { type GraderDoubt, listGraderDoubts } from './grader-doubts.ts'
import { type GraderWatch, watchGraders } from './grader-watch.ts'
import type { Calibration } from './judged-rate.ts'
import { assessCalibration, type CalibrationStanding } from './settle.ts'

/** How far a category's graders are to be believed. */
export interface GraderEstimate {
  /** What its calibration is worth in this run. */
  calibration: CalibrationStanding
  /** The counts of the calibration that enter the bounds; `null` where none holds. */
  counts: Calibration | null
  /** What became of the known items of the category; `null` without. */
  controls: ControlEstimate | null
  /** What speaks against its labels; the gravest first. */
  doubts: GraderDoubt[]
  /** How they behaved beside their labels; shown, never decides. */
  watch: GraderWatch
}

/** Looks at all graders of a record; `plan` is the settled one. */
export function assessGraders(record: RunRecord, plan: Plan): (category: PlannedCategory) => GraderEstimate {
  const { summary, known } = record
  const isCutShort = summary.stopped !== null && summary.stopped !== 'decided'
  const controls = new Map(
    plan.policy.categories.flatMap((category): [string, ControlEstimate][] => {
      const estimate = estimateControls({ plan, category, known, isCutShort })
      return estimate === null ? [] : [[category.id, estimate]]
    }),
  )
  const watch = watchGraders(record)
  return (category) => {
    const calibration = assessCalibration({ summary, plan, category: category.id })
    const counts = findCalibration(plan, category)
    return {
      calibration,
      counts,
      controls: controls.get(category.id) ?? null,
      doubts: listGraderDoubts({ summary, category, standing: calibration, counts, controls }),
      watch: watch(category.id),
    }
  }
}
