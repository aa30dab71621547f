import { boundCalibration, type Calibration } from '../estimate/judge-error.ts'
import { areOthersHalfRead } from '../verdict/decide-category.ts'
import { chooseArmUnit } from './arm-cell.ts'
import { sayAudit } from './audit-action.ts'
import { type DecidedCategory, findObstacle } from './decided-category.ts'
import { formatBound, formatP, formatShare } from './format.ts'
import { compareRates, describeLimit, describeMargin, describeRate, describeSize } from './rates.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

const nothing: Calibration = { truePositives: 0, positives: 0, falsePositives: 0, negatives: 0 }

/** What the judge's errors keep from being decided. */
export function sayJudgeCause(decided: DecidedCategory): Text {
  const { estimate, verdict } = decided
  const id = verbatim(verdict.id)
  const counts = readCalibration(decided)
  const rate = say`${id} ${describeRate(estimate, 'candidate')}${describeLimit(estimate)}`
  switch (findObstacle(decided)) {
    case 'unusable-judge':
      return say`${id}: its judge flags what is none (${describeAlarms(counts)}) as often as what is (${describeFound(counts)}), so that its labels say nothing.`
    case 'false-alarms':
      return say`${rate}: over it as labelled, which can't be told from the judge's false alarms (${describeAlarms(counts)}${describeFloor(decided)}).`
    case 'half-read':
      if (areOthersHalfRead(estimate))
        return say`${id} ${compareRates(estimate)}: some of what there is to read beside the flags was read, and not all of it in both arms, so that it can't pass yet.`
      return say`${id} ${compareRates(estimate)}: some flags of the two arms were read, and not all, so that they can't be compared.`
    case 'misses':
      return say`${rate}: at most ${showBound(decided, estimate.limit?.upperAsLabelledPer100k ?? 0)} as labelled, but ${showBound(decided, estimate.candidate.upperPer100k)} with what the judge may miss (${describeFound(counts)}).`
    default:
      return say`${id} ${compareRates(estimate)}: ${describeSize(estimate)}, within the margin of ${describeMargin(estimate)} as labelled (${formatP(estimate.margin?.otherwise?.asLabelled ?? 1)}), but not with the judge's errors allowed for (${formatP(estimate.margin?.pWithin ?? 1)}).`
  }
}

/** What would decide it. */
export function sayJudgeAction(decided: DecidedCategory): Text {
  switch (findObstacle(decided)) {
    case 'no-labels':
      return say`Check the judge's endpoint, model and rubric, then run again.`
    case 'unusable-judge':
      return say`Mend the rubric or take another judge, and calibrate again.`
    case 'false-alarms':
      return joinTexts([sayAudit(decided), say`More negatives in the calibration help too.`])
    case 'half-read':
      return sayAudit(decided)
    case 'misses':
      return sayPositives(decided)
    default:
      return say`The margin shrinks by what the judge is sure to show of a difference: calibrate with more positives and negatives.`
  }
}

/** The bound is divided by the lower bound of sensitivity: whether more positives alone could bring it down enough. */
function sayPositives(decided: DecidedCategory): Text {
  const { estimate } = decided
  const { limit, levels } = estimate
  const counts = readCalibration(decided)
  if (counts.truePositives === 0) {
    return say`Put positives that the judge finds into the calibration: without any, what it misses has no bound.`
  }
  const { sensitivityLower } = boundCalibration({ calibration: counts, alpha: levels.alpha })
  const sure = formatShare(sensitivityLower, 1)
  const divided = say`The bound is divided by the share that the judge is sure to find, now ${sure}.`
  const best = ((limit?.upperAsLabelledPer100k ?? 0) * counts.positives) / counts.truePositives
  return best <= (limit?.limitPer100k ?? 0)
    ? say`${divided} Calibrate with more positives.`
    : say`${divided} More positives alone don't help, as the bound would still be ${showBound(decided, best)}: it takes a judge that finds more of them, or more turns.`
}

function describeAlarms({ falsePositives, negatives }: Calibration): string {
  if (negatives === 0) return 'no negatives were tried'
  return `${formatCount(falsePositives)} of ${formatCount(negatives)} negatives flagged`
}

function describeFound({ truePositives, positives }: Calibration): string {
  if (positives === 0) return 'no positives were tried'
  return `${formatCount(truePositives)} of ${formatCount(positives)} positives flagged`
}

function describeFloor(decided: DecidedCategory): string {
  const { judge } = decided.estimate
  if (judge.kind !== 'calibrated' || judge.floorPer100k === null || judge.floorPer100k >= 100_000) return ''
  return `: a rate over ${showBound(decided, judge.floorPer100k)} could be`
}

function showBound({ estimate }: DecidedCategory, per100k: number): string {
  const { candidate, limit } = estimate
  return formatBound(chooseArmUnit(candidate), per100k, limit?.limitPer100k ?? null)
}

function readCalibration({ estimate }: DecidedCategory): Calibration {
  return estimate.counts ?? nothing
}
