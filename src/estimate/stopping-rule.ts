import { logEvidenceAbove, logEvidenceBelow, logEvidenceWorse } from './e-process.ts'
import { testAboveLimit } from './limit-test.ts'
import { requireAlpha, requireCount, requireProportion } from './preconditions.ts'

/** `hybrid`: early looks and a final one share alpha; `anytime`: early looks alone; `off`: the final one alone. */
export type StoppingMode = 'hybrid' | 'anytime' | 'off'

/** One-sided error rates: of all the early looks together, and of the final look. Null where there is none. */
export interface StoppingLevels {
  early: number | null
  final: number | null
}

/** Bounds of the judge's error rates, proportions, each at its level of `chooseCalibrationLevels`. */
export interface SequenceCalibration {
  sensitivityLower: number
  falsePositiveUpper: number
}

/** What is known at one look at one category of an arm that has a limit. */
export interface LimitLook {
  /** Asked so far: graded or missing. */
  turns: number
  /** Events, with everything missing counted present: for PASS. */
  eventsAtMost: number
  /** Events alone, with everything missing counted absent: for FAIL. */
  eventsAtLeast: number
  /** A proportion. */
  limit: number
  plannedTurns: number
  levels: StoppingLevels
  /** The tests, of limits and of regressions, any of which can fail the candidate. */
  failTests: number
  calibration: SequenceCalibration | null
}

const earlyPercent = 40
const finalPercent = 60

/** Each bound of the calibration gets a tenth of alpha, .005 of .05, out of the early part. */
const calibrationPercent = 10

/** Under this many expected events at the limit, early stopping saves 1 to 5 % and costs power at the end. */
const fewestExpectedEvents = 10

/** How a mode shares out `alpha`, which lies in [1e-15, ½]: throws a RangeError otherwise. */
export function divideAlpha(mode: StoppingMode, alpha: number): StoppingLevels {
  requireAlpha(alpha)
  if (mode === 'off') return { early: null, final: alpha }
  if (mode === 'anytime') return { early: alpha, final: null }
  return { early: (alpha * earlyPercent) / 100, final: (alpha * finalPercent) / 100 }
}

/**
 * The levels at which the judge's sensitivity (from below) and false-positive rate (from above) have to be
 * bounded for a look; null when nothing is decided early. The latter is divided by the tests that can fail the
 * candidate, as a bound that misses may fail it in each of them.
 */
export function chooseCalibrationLevels(look: { levels: StoppingLevels; failTests: number }): {
  sensitivity: number
  falsePositive: number
} | null {
  const { levels, failTests } = look
  requireFailTests(failTests)
  if (levels.early === null) return null
  const level = spendOnCalibration(levels)
  return { sensitivity: level, falsePositive: level / failTests }
}

/** Whether a sample is too small for early stopping: the caller then takes the levels of `off`. */
export function isTooRare({ plannedTurns, limit }: { plannedTurns: number; limit: number }): boolean {
  requireCount('plannedTurns', plannedTurns)
  requireProportion('limit', limit)
  return plannedTurns * limit < fewestExpectedEvents
}

/**
 * What a look at a category says about its limit: `pass` and `fail` decide it, and it stays decided, which is the
 * caller's part: the error rates are those of the first decision. Null leaves it to later looks.
 *
 * Valid for turns in random order, one per conversation, of near-equal weights: the caller's part too. Looks may
 * come after any turn. Over all of them a PASS at a true rate at or above the limit has a chance of
 * `levels.early` at most, and so has a FAIL in any of the tests at rates at or below their limits; a FAIL that
 * the final look is certain to find comes early, but out of `levels.final`.
 *
 * Missing outcomes don't spoil this, whatever they depend on. Had all outcomes been seen, the evidence would be
 * a supermartingale; and at every look it is at least what is computed here, because it falls (for PASS) or grows
 * (for FAIL) with the events, which were between `eventsAtLeast` and `eventsAtMost`. What is computed crosses a
 * threshold only where the supermartingale has.
 *
 * A limit of 1 or more is passed at the final look alone. Throws a RangeError unless the counts fit, the limit is
 * at least 0 and the rates are proportions.
 */
export function lookAtLimit(look: LimitLook): 'pass' | 'fail' | null {
  requireLook(look)
  const level = findEarlyLevel(look)
  if (level === null || look.limit >= 1) return null
  if (isFailed(look, level) || isFailCertain(look)) return 'fail'
  return isPassed(look, level) ? 'pass' : null
}

/**
 * What a look says about the regression of a category: `fail` when the evidence that the candidate is worse
 * reaches failTests/`levels.early`, so that over all looks and tests a candidate that isn't worse gets there
 * with a chance of `levels.early` at most. Missing outcomes count absent in the candidate and present in the
 * baseline: the candidate's pairs are then at most, and the baseline's at least, what they were, and the evidence
 * at most what it was. "Not worse" is no early decision: without a margin it is the final look's. Throws a
 * RangeError unless the counts are counts and there is a test.
 */
export function lookAtRegression(look: {
  candidateOnlyAtLeast: number
  baselineOnlyAtMost: number
  levels: StoppingLevels
  failTests: number
}): 'fail' | null {
  const { candidateOnlyAtLeast, baselineOnlyAtMost, levels, failTests } = look
  requireFailTests(failTests)
  const evidence = logEvidenceWorse({
    candidateOnly: candidateOnlyAtLeast,
    baselineOnly: baselineOnlyAtMost,
  })
  if (levels.early === null) return null
  return evidence >= Math.log(failTests / levels.early) ? 'fail' : null
}

function requireFailTests(failTests: number): void {
  requireCount('failTests', failTests)
  if (failTests === 0) throw new RangeError('failTests must be at least 1')
}

function requireLook(look: LimitLook): void {
  const { turns, eventsAtMost, eventsAtLeast, limit, plannedTurns, failTests, calibration } = look
  for (const [name, count] of Object.entries({ turns, eventsAtMost, eventsAtLeast, plannedTurns })) {
    requireCount(name, count)
  }
  if (eventsAtLeast > eventsAtMost || eventsAtMost > turns || turns > plannedTurns) {
    throw new RangeError(`${eventsAtLeast} to ${eventsAtMost} events of ${turns} turns of ${plannedTurns}`)
  }
  if (!(limit >= 0)) throw new RangeError(`limit must be at least 0, got ${limit}`)
  requireFailTests(failTests)
  if (calibration === null) return
  requireProportion('sensitivityLower', calibration.sensitivityLower)
  requireProportion('falsePositiveUpper', calibration.falsePositiveUpper)
}

// The two parts add up to the alpha that they were shared out from.
function spendOnCalibration({ early, final }: StoppingLevels): number {
  return (((early ?? 0) + (final ?? 0)) * calibrationPercent) / 100
}

/** The chance left for the evidence itself to mislead; null when there is none. */
function findEarlyLevel({ levels, calibration }: LimitLook): number | null {
  if (levels.early === null) return null
  const level = calibration === null ? levels.early : levels.early - spendOnCalibration(levels)
  return level > 0 ? level : null
}

// At a true rate of at least the limit the judge flags at least limit · sensitivity of the turns.
function isPassed({ turns, eventsAtMost, limit, calibration }: LimitLook, level: number): boolean {
  const flagLimit = limit * (calibration?.sensitivityLower ?? 1)
  if (flagLimit === 0) return false
  return logEvidenceBelow({ events: eventsAtMost, turns, limit: flagLimit }) >= -Math.log(level)
}

// At a true rate of at most the limit it flags at most those events and its false positives among the rest.
function isFailed(look: LimitLook, level: number): boolean {
  const { turns, eventsAtLeast, limit, calibration, failTests } = look
  const flagLimit = limit + (1 - limit) * (calibration?.falsePositiveUpper ?? 0)
  if (flagLimit >= 1) return false
  // A single event refutes a rate of 0.
  if (flagLimit === 0) return eventsAtLeast > 0
  const evidence = logEvidenceAbove({ events: eventsAtLeast, turns, limit: flagLimit })
  return evidence >= Math.log(failTests / level)
}

/**
 * Whether the events so far are enough for the final look to fail the category, were no other to come: the
 * final test at the planned turns, at the least level that Holm's method can leave it. Stopping here is a FAIL
 * that the final look would have found, so it adds nothing to that look's error rate.
 */
function isFailCertain(look: LimitLook): boolean {
  const { eventsAtLeast, limit, plannedTurns, levels, failTests, calibration } = look
  if (levels.final === null || calibration !== null || eventsAtLeast <= plannedTurns * limit) return false
  const p = testAboveLimit({ events: eventsAtLeast, trials: plannedTurns, limit })
  return p < levels.final / failTests
}
