import { findCalibration, type Plan, type PlannedCategory } from '../plan/plan.ts'
import type { Arm } from '../ports.ts'
import { computeJudgeFloor, estimateTrueRate } from './judge-error.ts'
import type { CategoryObservations } from './observations.ts'
import { estimateRate, type JudgeError, type RateQuestion } from './rate.ts'
import { toPer100k } from './rounding.ts'

/** What is known of the graders' errors. */
export type JudgeEstimate =
  /** No model labels this category. */
  | { kind: 'none' }
  /** Labels are taken as they are. */
  | { kind: 'uncalibrated' }
  /** It flags what is none as often as what is: its labels say nothing. */
  | { kind: 'unusable' }
  | {
      kind: 'calibrated'
      /** The candidate's rate with misses and false alarms taken out (Rogan & Gladen 1978); `null` when not known. */
      trueRatePer100k: number | null
      /** As labelled, the rate lies below what false alarms alone would give. */
      belowFloor: boolean
      /** The smallest rate of flags that can be told from false alarms on top of the limit; `null` without a limit. */
      floorPer100k: number | null
    }

/** How the errors of a category's graders enter an arm's bounds; `null` without a calibration. */
export function describeJudgeError(request: {
  plan: Plan
  category: PlannedCategory
  audit: CategoryObservations['audit'][Arm]
}): JudgeError | null {
  const { plan, category, audit } = request
  const calibration = findCalibration(plan, category)
  if (calibration === null) return null
  const { flagged, confirmed, refuted } = audit
  return {
    calibration,
    mode: plan.policy.gate.judgeError,
    flagsAudited: flagged > 0 && flagged === confirmed.length + refuted,
  }
}

/** What is known of the errors of a category's graders, and of the candidate's rate without them. */
export function estimateJudge(request: { category: PlannedCategory; question: RateQuestion }): JudgeEstimate {
  const { category, question } = request
  if (question.judge === null) {
    const isJudged = category.graders.some(({ endpoint }) => typeof endpoint === 'string')
    return { kind: isJudged ? 'uncalibrated' : 'none' }
  }
  const { calibration } = question.judge
  // Without positives nothing passes, without negatives nothing fails unread; what was not tried is not wrong.
  const isTried = calibration.positives > 0 && calibration.negatives > 0
  const rate = estimateRate(question)
  // Once every flag was read, what is left are no false alarms.
  const falsePositives = question.judge.flagsAudited ? 0 : calibration.falsePositives
  const corrected = estimateTrueRate({ rate: rate ?? 0, calibration: { ...calibration, falsePositives } })
  if (isTried && corrected.kind === 'unusable') return { kind: 'unusable' }
  const { limitPer100k } = category
  const known = rate !== null && corrected.kind === 'estimate' ? corrected : null
  return {
    kind: 'calibrated',
    trueRatePer100k: known === null ? null : toPer100k(known.rate),
    belowFloor: known?.belowFloor ?? false,
    floorPer100k:
      limitPer100k === null
        ? null
        : toPer100k(computeJudgeFloor({ limit: limitPer100k / 100_000, calibration, alpha: question.alpha })),
  }
}
