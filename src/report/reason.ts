import type { CategoryEstimate } from '../estimate/estimate.ts'
import type { PlannedCategory } from '../plan/plan.ts'
import { areOthersHalfRead } from '../verdict/decide-category.ts'
import { type DecidedCategory, findObstacle } from './decided-category.ts'
import { joinWords } from './format.ts'
import { phraseDoubt } from './grader-doubt.ts'

/** The reason of a category's verdict in words: `worse than the baseline`. */
export function phraseReason(decided: DecidedCategory): string {
  const { category, estimate, verdict } = decided
  switch (verdict.reason) {
    case 'not-worse':
      return 'not worse than the baseline'
    case 'within-limit':
    case 'within-margin':
      return phrasePass(category)
    case 'worse-than-baseline':
      return 'worse than the baseline'
    case 'over-limit':
      return 'over its limit'
    case 'over-margin':
      return 'higher than the baseline by more than its margin'
    case 'underpowered':
      return 'too few turns to tell'
    case 'suspect':
      return `${phraseSuspect(category, estimate)} by its own test, not by the one over all categories`
    case 'measurement':
      return 'what is missing could change it'
    case 'judge':
      return phraseJudge(decided)
    case 'judge-changed':
    case 'control-failed':
    case 'calibration':
      return phraseDoubt(decided)
    case 'not-asked':
      return phraseNotAsked(decided)
    case 'no-evidence-against':
      return 'a smoke run found no evidence against it'
  }
}

/** What a suspect category is by its own test. */
export function phraseSuspect(category: PlannedCategory, estimate: CategoryEstimate): string {
  const { regression, limit, levels } = estimate
  if (category.regression && regression.pFail <= levels.notWorseAlpha) return 'worse than the baseline'
  return limit !== null && limit.pAbove < levels.alpha
    ? 'over its limit'
    : 'higher than the baseline by more than its margin'
}

function phrasePass({ limitPer100k, marginPer100k, regression }: PlannedCategory): string {
  const kept = [...(limitPer100k === null ? [] : ['limit']), ...(marginPer100k === null ? [] : ['margin'])]
  return `within its ${joinWords(kept)}${regression ? ', not worse' : ''}`
}

function phraseJudge(decided: DecidedCategory): string {
  switch (findObstacle(decided)) {
    case 'unusable-judge':
      return 'its calibration does not tell flags from false alarms'
    case 'false-alarms':
      return "over its limit as labelled, which can't be told from judge error"
    case 'half-read':
      return areOthersHalfRead(decided.estimate)
        ? 'of what people should read, some is read and some is not'
        : 'the flags of one arm are read and not those of the other'
    case 'misses':
      return 'within its limit but for what the judge may miss'
    case 'margin':
      return "within its margin but for the judge's errors"
    default:
      return 'an arm has no label at all'
  }
}

function phraseNotAsked({ record, verdict }: DecidedCategory): string {
  if (record.stopped !== 'decided') return 'not every turn was asked'
  if (record.plan.policy.gate.stopAtFirstFail === false && verdict.role === 'block') {
    return 'the flags that had ended the run were read and refuted: the other turns were not asked'
  }
  return verdict.role === 'block'
    ? 'not decided, as the run ended at the first failure'
    : 'not decided, as the run ended when the blocking categories were'
}
