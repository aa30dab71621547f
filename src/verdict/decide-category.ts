import type { CategoryEstimate } from '../estimate/estimate.ts'
import { countFewestPairs } from '../estimate/paired.ts'
import type { Plan, PlannedCategory } from '../plan/plan.ts'
import { type FailureTest, isSignificant, scaleOf } from './failure-tests.ts'
import type { CategoryReason, CategoryVerdict, Decision } from './schema.ts'

/** What is decided of a category, and why. */
export interface Decided {
  verdict: Decision
  reason: CategoryReason
  audit: CategoryVerdict['audit']
}

const failReasons = {
  regression: 'worse-than-baseline',
  limit: 'over-limit',
  margin: 'over-margin',
} as const satisfies Record<FailureTest['kind'], CategoryReason>

interface Question {
  plan: Plan
  category: PlannedCategory
  estimate: CategoryEstimate
  /** The tests that can fail it, adjusted over the family that they belong to. */
  tests: FailureTest[]
}

/** Decides one category; total. A FAIL needs one test to reject, a PASS every bound and every test to allow it. */
export function decideCategory(question: Question & { tier: 'smoke' | 'release' }): Decided {
  const decided = heedDoubts(question, heedReading(question, decideRelease(question)))
  // A smoke run can fail; what it doesn't find it doesn't rule out.
  const foundNothing = decided.verdict === 'pass' || decided.reason === 'underpowered'
  if (question.tier === 'release' || !foundNothing) return decided
  return { verdict: 'inconclusive', reason: 'no-evidence-against', audit: null }
}

/**
 * What people have read in part passes nothing: flags of one side alone are missing from a comparison, and others that
 * nobody has read yet may be what those that were read turned out to be.
 */
function heedReading({ category, estimate }: Question, decided: Decided): Decided {
  if (decided.verdict !== 'pass') return decided
  const isCompared = category.regression || category.marginPer100k !== null
  const isOpen = areOthersHalfRead(estimate) || (isCompared && areFlagsHalfRead(estimate))
  return isOpen ? undecided('judge') : decided
}

/** Labels of graders that are not what they were say nothing; those of graders that may not be can't pass it. */
function heedDoubts({ estimate }: Question, decided: Decided): Decided {
  const kinds = new Set(estimate.doubts.map(({ kind }) => kind))
  if (kinds.has('model-changed') || kinds.has('own-judge')) return undecided('judge-changed')
  if (kinds.has('control-failed')) return undecided('control-failed')
  if (decided.verdict !== 'pass') return decided
  if (kinds.has('other-control-failed')) return undecided('control-failed')
  return kinds.has('calibration') || kinds.has('blind') ? undecided('calibration') : decided
}

function decideRelease(question: Question): Decided {
  const { estimate, plan } = question
  if (estimate.judge.kind === 'unusable') return undecided('judge')
  if (estimate.early !== null) return decideEarly(question)
  if (estimate.candidate.notAsked + estimate.baseline.notAsked > 0) return undecided('not-asked')
  return plan.policy.gate.decideBy === 'bounds' ? decideByBounds(question) : decideByPoints(question)
}

function decideEarly(question: Question): Decided {
  const { early, limit, levels } = question.estimate
  if (early?.decision === 'fail') return fail(question, early.test)
  // A pass stays decided, unless the turns that were asked for the other categories' sake speak against it.
  if (limit !== null && limit.pAbove < levels.alpha) return undecided('suspect')
  return { verdict: 'pass', reason: 'within-limit', audit: null }
}

function decideByBounds(question: Question): Decided {
  const { estimate, tests } = question
  const { levels } = estimate
  const failed = levels.finalDecides
    ? tests.find((test) => isSignificant(test.kind, test.p, scaleOf(estimate)))
    : undefined
  if (failed !== undefined) return fail(question, failed.kind)
  if (showsNothing(question)) return undecided(explainNothing(estimate))
  const isSuspect = tests.some(({ kind, own }) => isSignificant(kind, own, levelOf(estimate, kind)))
  if (isSuspect) return undecided('suspect')
  const obstacle =
    findRegressionObstacle(question) ?? findLimitObstacle(estimate) ?? findMarginObstacle(estimate)
  return obstacle === null ? pass(question) : undecided(obstacle)
}

// A comparison takes a turn graded in both arms to pass, a limit one of the candidate.
function showsNothing({ category, estimate }: Question): boolean {
  if (category.regression || category.marginPer100k !== null) return estimate.regression.pairs === 0
  return estimate.candidate.graded === 0
}

/**
 * Whether people have read some of the two arms' flags, or of the other turns to read, and not all: what they said of
 * them would be true of one side of the comparison alone.
 */
export function isHalfRead(estimate: CategoryEstimate): boolean {
  return areFlagsHalfRead(estimate) || areOthersHalfRead(estimate)
}

function areFlagsHalfRead({ candidate, baseline }: CategoryEstimate): boolean {
  const arms = [candidate.audit, baseline.audit]
  return arms.some(({ audited }) => audited > 0) && arms.some(({ audited, flagged }) => audited < flagged)
}

/** The same of the other turns to read alone: what the graders did not flag, and were not of one mind about. */
export function areOthersHalfRead({ candidate, baseline }: CategoryEstimate): boolean {
  return [candidate.audit, baseline.audit].some(
    ({ others }) => others !== null && others.read < others.listed,
  )
}

function levelOf({ levels }: CategoryEstimate, kind: FailureTest['kind']): number {
  return kind === 'regression' ? levels.notWorseAlpha : levels.alpha
}

function findRegressionObstacle({ category, estimate }: Question): CategoryReason | null {
  const { regression, levels } = estimate
  if (!category.regression) return null
  if (areFlagsHalfRead(estimate)) return 'judge'
  if (regression.pPass <= levels.notWorseAlpha) return 'measurement'
  // So few pairs, or conversations, that none of them could have shown it worse show nothing.
  return regression.units < countFewestPairs(levels.notWorseAlpha) ? 'underpowered' : null
}

function findLimitObstacle({ limit, candidate, levels }: CategoryEstimate): CategoryReason | null {
  if (limit === null) return null
  const { limitPer100k } = limit
  // Where looks have spent all of α, what they left open stays open.
  if (!levels.finalDecides) return 'underpowered'
  if (candidate.upperPer100k <= limitPer100k) return null
  // Above the limit as labelled, and not when false alarms are allowed for: the flags have to be read.
  if (limit.pAboveAsLabelled < levels.alpha) return 'judge'
  if (limit.upperGradedPer100k <= limitPer100k) return 'measurement'
  return limit.upperAsLabelledPer100k <= limitPer100k ? 'judge' : 'underpowered'
}

function findMarginObstacle(estimate: CategoryEstimate): CategoryReason | null {
  const { margin, levels } = estimate
  if (margin === null) return null
  if (areFlagsHalfRead(estimate)) return 'judge'
  if (margin.pWithin <= levels.alpha) return null
  if ((margin.otherwise?.graded ?? 1) <= levels.alpha) return 'measurement'
  return (margin.otherwise?.asLabelled ?? 1) <= levels.alpha ? 'judge' : 'underpowered'
}

/** Compares what was observed with limit and margin; "worse than the baseline" stays a test. */
function decideByPoints(question: Question): Decided {
  const { category, estimate, tests } = question
  const { candidate, limit, margin, difference, regression } = estimate
  if (showsNothing(question) || candidate.ratePer100k === null) return undecided(explainNothing(estimate))
  const worse = tests.find(
    ({ kind, p }) => kind === 'regression' && isSignificant(kind, p, scaleOf(estimate)),
  )
  if (worse !== undefined) return fail(question, 'regression')
  if (limit !== null && candidate.ratePer100k > limit.limitPer100k) return fail(question, 'limit')
  if (margin !== null && difference !== null && difference.per100k > margin.marginPer100k)
    return fail(question, 'margin')
  return category.regression && regression.pFail <= estimate.levels.notWorseAlpha
    ? undecided('suspect')
    : pass(question)
}

function pass({ category }: Question): Decided {
  const reason =
    category.limitPer100k !== null
      ? 'within-limit'
      : category.marginPer100k !== null
        ? 'within-margin'
        : 'not-worse'
  return { verdict: 'pass', reason, audit: null }
}

function fail(question: Question, kind: FailureTest['kind']): Decided {
  return { verdict: 'fail', reason: failReasons[kind], audit: assessAudit(question, kind) }
}

/**
 * Whether a FAIL rests on flags that nobody has read. A limit's is final when what was confirmed exceeds it, or when
 * false alarms are allowed for by a calibration; a comparison's when the flags of both arms were read, and of the others
 * all or none.
 */
function assessAudit(question: Question, kind: FailureTest['kind']): Decided['audit'] {
  const { estimate } = question
  if (estimate.judge.kind === 'none') return 'not-needed'
  const { limit, levels, candidate, baseline } = estimate
  const isRead = [candidate, baseline].every(({ audit }) => audit.audited === audit.flagged)
  if (isRead && (kind === 'limit' || !areOthersHalfRead(estimate))) return 'confirmed'
  if (kind !== 'limit' || limit === null) return 'pending'
  if (limit.audit.pConfirmed < levels.alpha) return 'confirmed'
  return estimate.counts !== null && estimate.counts.negatives > 0 ? 'not-needed' : 'pending'
}

function undecided(reason: CategoryReason): Decided {
  return { verdict: 'inconclusive', reason, audit: null }
}

function explainNothing({ candidate, baseline }: CategoryEstimate): CategoryReason {
  const ungraded = [candidate, baseline].filter((arm) => arm.graded === 0)
  const causes = ungraded.flatMap((arm) => Object.keys(arm.missing.causes))
  return causes.length > 0 && causes.every((cause) => cause.startsWith('judge')) ? 'judge' : 'measurement'
}
