import type { Arm } from '../ports.ts'
import { boundAnytime } from './e-process.ts'
import { boundCalibration } from './judge-error.ts'
import type { EarlyDecision } from './looks.ts'
import type { Observation } from './observations.ts'
import type { Bounds } from './proportion-bounds.ts'
import type { RateQuestion } from './rate.ts'
import { chooseCalibrationLevels, type StoppingLevels } from './stopping-rule.ts'

/**
 * Bounds of an arm's rate in a category that a look has decided, from the turns asked by then: those of a sample that
 * was looked at as often as one liked (`boundAnytime`), so that a PASS shows a bound within its limit. A fixed sample's
 * bounds would be too narrow where their own result has ended it. What is missing counts against either side; a
 * judge's errors are carried by their bounds.
 */
export function boundAtLook(request: {
  question: RateQuestion
  /** In the sample's order. */
  observations: readonly Observation[]
  arm: Arm
  early: EarlyDecision
  levels: StoppingLevels
}): Bounds {
  const { question, observations, arm, early, levels } = request
  const asked = observations.slice(0, early.turns)
  const atMost = asked.filter((entry) => entry[arm] !== 'none').length
  const atLeast = asked.filter((entry) => entry[arm] === 'event').length
  const { judge } = question
  const at = judge === null ? null : chooseCalibrationLevels({ levels, failTests: 1 })
  const spent = at === null ? 0 : at.sensitivity
  const alpha = (levels.early ?? 0) - spent
  if (asked.length === 0 || !(alpha > 0)) return { lower: 0, upper: 1 }
  const { upper } = boundAnytime({ events: atMost, turns: asked.length, alpha })
  const { lower } = boundAnytime({ events: atLeast, turns: asked.length, alpha })
  if (judge === null || at === null) return { lower, upper }
  const { sensitivityLower, falsePositiveUpper } = boundCalibration({
    calibration: judge.calibration,
    alpha: at.sensitivity,
  })
  return {
    lower: falsePositiveUpper >= 1 ? 0 : Math.max(0, (lower - falsePositiveUpper) / (1 - falsePositiveUpper)),
    upper: sensitivityLower > 0 ? Math.min(1, upper / sensitivityLower) : 1,
  }
}
