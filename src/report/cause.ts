import { scaleOf } from '../verdict/failure-tests.ts'
import { type DecidedCategory, findObstacle, isByPoints } from './decided-category.ts'
import { countThings, formatLevel, formatP } from './format.ts'
import { sayDoubt } from './grader-doubt.ts'
import { sayJudgeCause } from './judge-cause.ts'
import { countMissing, listCauses, sumCauses } from './missing.ts'
import { compareRates, describeLimit, describeMargin, describeRate, describeSize } from './rates.ts'
import { phraseReason, phraseSuspect } from './reason.ts'
import { explainStop } from './stop.ts'
import { formatCount, say, type Text, verbatim } from './text.ts'

/** What was found in the category that caused the verdict: counts first, then what they are compared with. */
export function sayCause(decided: DecidedCategory): Text {
  const { record, estimate, verdict } = decided
  const id = verbatim(verdict.id)
  switch (verdict.reason) {
    case 'worse-than-baseline':
      return say`${id} ${compareRates(estimate)}: worse than the baseline${describeEvidence(decided)}.`
    case 'over-limit':
      return isByPoints(record)
        ? say`${id} ${describeRate(estimate, 'candidate')}${describeLimit(estimate)}: over its limit by its point estimate.`
        : say`${id} ${describeRate(estimate, 'candidate', estimate.early === null ? 'at least' : undefined)}${describeLimit(estimate)}: over its limit${describeLook(decided)}.`
    case 'over-margin':
      return say`${id} ${compareRates(estimate)}: higher than the baseline by more than the margin of ${describeMargin(estimate)}${describeEvidence(decided)}.`
    case 'suspect':
      return say`${id} ${describeSuspect(decided)}, not by the one over all categories${describeAdjusted(decided)}.`
    case 'underpowered':
      return saySmall(decided)
    case 'judge':
      return findObstacle(decided) === 'no-labels' ? sayLost(decided) : sayJudgeCause(decided)
    case 'judge-changed':
    case 'control-failed':
    case 'calibration':
      return sayDoubt(decided)
    case 'measurement':
      return sayLost(decided)
    case 'not-asked':
      return sayNotAsked(decided)
    default:
      return say`${id} ${describeRate(estimate, 'candidate', 'at most')}${describeLimit(estimate)}.`
  }
}

/** What decided a comparison: the test, the look, or nothing but the numbers themselves. */
function describeEvidence(decided: DecidedCategory): string {
  const { record, estimate, verdict } = decided
  if (estimate.early !== null) return describeLook(decided)
  if (verdict.reason === 'worse-than-baseline') return ` (${formatP(estimate.regression.pFail)})`
  return isByPoints(record) ? ' by its point estimate' : ` (${formatP(estimate.margin?.pOver ?? 1)})`
}

function describeLook({ estimate }: DecidedCategory): string {
  const { early, candidate } = estimate
  if (early === null) return ''
  return `, decided after ${formatCount(early.turns)} of ${countThings(candidate.planned, 'turn', 'turns')}`
}

function describeSuspect({ category, estimate }: DecidedCategory): string {
  const { regression, limit, margin } = estimate
  const found = phraseSuspect(category, estimate)
  if (found === 'over its limit') {
    return `${describeRate(estimate, 'candidate', 'at least')}${describeLimit(estimate)}: over its limit by its own test (${formatP(limit?.pAbove ?? 1)})`
  }
  if (found === 'worse than the baseline') {
    return `${compareRates(estimate)}: worse than the baseline by its own test (${formatP(regression.pFail)})`
  }
  return `${compareRates(estimate)}: higher than the baseline by more than the margin of ${describeMargin(estimate)} by its own test (${formatP(margin?.pOver ?? 1)})`
}

function describeAdjusted({ estimate, verdict }: DecidedCategory): string {
  if (verdict.p_adjusted === null) return ''
  return ` (adjusted ${formatP(verdict.p_adjusted)} at α = ${formatLevel(scaleOf(estimate))})`
}

function saySmall(decided: DecidedCategory): Text {
  const { estimate, verdict } = decided
  const id = verbatim(verdict.id)
  switch (findObstacle(decided)) {
    case 'few-pairs':
      return say`${id}: ${countThings(estimate.regression.pairs, 'turn', 'turns')} graded in both arms, too few to show any candidate worse.`
    case 'margin':
      return say`${id} ${compareRates(estimate)}: ${describeSize(estimate)}, not shown to be within the margin of ${describeMargin(estimate)} (${formatP(estimate.margin?.pWithin ?? 1)}).`
    default:
      return say`${id} ${describeRate(estimate, 'candidate', 'at most')}${describeLimit(estimate)}.`
  }
}

function sayLost(decided: DecidedCategory): Text {
  const { estimate, verdict } = decided
  const { candidate, baseline } = estimate
  const lost = countMissing(candidate) + countMissing(baseline)
  const counts = `${formatCount(lost)} of ${formatCount(candidate.planned + baseline.planned)} missing`
  return say`${verbatim(verdict.id)}: ${phraseReason(decided)}, ${counts} (${listCauses(sumCauses(estimate))}).`
}

function sayNotAsked({ record, estimate, verdict }: DecidedCategory): Text {
  const { candidate, baseline } = estimate
  const unasked = candidate.notAsked + baseline.notAsked
  const turns = countThings(candidate.planned + baseline.planned, 'turn', 'turns')
  return say`${unasked} of ${turns} of both arms ${unasked === 1 ? 'was' : 'were'} not asked in ${verbatim(verdict.id)}, ${explainStop(record)}.`
}
