import type { ArmEstimate, CategoryEstimate } from '../estimate/estimate.ts'
import { sumRounds } from '../estimate/levels.ts'
import { roundBound } from '../estimate/rounding.ts'
import type { CalibrationStanding } from '../estimate/settle.ts'
import type { Plan, PlannedCategory } from '../plan/plan.ts'
import type { OnInconclusive } from '../policy/schema-parts.ts'
import { nameRun } from '../record/history.ts'
import type { RecordSummary } from '../record/schema.ts'
import { decideCategory } from './decide-category.ts'
import { adjustFailures, type FailureTest, listFailureTests } from './failure-tests.ts'
import { findIdentityProblems, listLevels } from './identity.ts'
import { findRealismProblems } from './realism.ts'
import type { CategoryReason, CategoryVerdict, Verdict } from './schema.ts'

/** Decides. Pure and total: every estimate gets a verdict, and what is not known is never a pass. */
export function decideVerdict(summary: RecordSummary, estimates: CategoryEstimate[]): Verdict {
  const { planDigest, run } = summary
  const plan = excuseUncalibrated(summary.plan, estimates)
  const adjusted = adjustFailures(plan, estimates)
  const categories = plan.policy.categories.flatMap((category) => {
    const estimate = estimates.find((entry) => entry.category === category.id)
    return estimate === undefined
      ? []
      : [describeCategory({ plan, run, category, estimate, adjusted: adjusted.get(category.id) })]
  })
  const doubts = [...findIdentityProblems(summary), ...findRealismProblems(summary)]
  const blocking = categories.filter((category) => category.role === 'block')
  const unknown = listUnestimated(plan, estimates)
  const measured = doubts.length > 0 ? 'inconclusive' : combine(blocking, unknown.length)
  const unkept = measured === 'pass' ? findHistoryProblems(summary) : []
  const verdict = unkept.length > 0 ? 'inconclusive' : measured
  const decisive = blocking.filter((category) => category.verdict === verdict && verdict !== 'pass')
  const { gate } = plan.policy
  const { round } = plan.registration
  const levels = estimates[0]?.levels ?? gate
  const accepted = verdict === 'fail' ? describeAcceptance(summary) : null
  return {
    version: 1,
    verdict,
    conclusion: concludes({
      verdict,
      plan,
      decisive,
      trusted: doubts.length + unknown.length + unkept.length === 0,
      accepted: accepted !== null,
    }),
    tier: run.tier,
    decided_by: gate.decideBy,
    reasons: [...doubts, ...unknown, ...unkept, ...decisive.map(describeReason)],
    accepted,
    plan_digest: planDigest,
    candidate: plan.candidate,
    baseline: plan.baseline,
    identity: listLevels(summary),
    round,
    alpha: {
      bounds: roundBound(levels.alpha),
      regression: roundBound(levels.regressionAlpha),
      spent: roundBound(gate.alpha * sumRounds(round)),
    },
    categories,
  }
}

/** Fail is a union, pass an intersection; without a blocking category nothing was asked that could pass. */
function combine(blocking: CategoryVerdict[], unestimated: number): 'pass' | 'fail' | 'inconclusive' {
  if (blocking.some((category) => category.verdict === 'fail')) return 'fail'
  if (blocking.length === 0 || unestimated > 0) return 'inconclusive'
  return blocking.every((category) => category.verdict === 'pass') ? 'pass' : 'inconclusive'
}

function listUnestimated(plan: Plan, estimates: CategoryEstimate[]): string[] {
  const known = new Set(estimates.map(({ category }) => category))
  return plan.policy.categories
    .filter(({ id, role }) => role === 'block' && !known.has(id))
    .map(({ id }) => `${id}: not estimated`)
}

function describeReason({ id, reason, audit }: CategoryVerdict): string {
  return `${id}: ${reason}${audit === 'pending' ? ', audit pending' : ''}`
}

/**
 * A policy may let an inconclusive verdict through, each kind by itself, but not one from answers of another
 * checkpoint, nor one without a blocking category. A smoke run that found nothing is green, and so is a FAIL that people
 * answer for, which stays one.
 */
function concludes(request: {
  verdict: 'pass' | 'fail' | 'inconclusive'
  plan: Plan
  decisive: readonly CategoryVerdict[]
  trusted: boolean
  accepted: boolean
}): 'success' | 'failure' {
  const { verdict, plan, decisive, trusted, accepted } = request
  if (verdict === 'pass' || (verdict === 'fail' && accepted)) return 'success'
  if (verdict === 'fail' || !trusted) return 'failure'
  const { onInconclusive } = plan.policy.gate
  if (decisive.length === 0) return onInconclusive.suspect === 'fail' ? 'failure' : 'success'
  return decisive.every(({ reason }) => choosePolicy(reason, onInconclusive) !== 'fail')
    ? 'success'
    : 'failure'
}

function choosePolicy(
  reason: CategoryReason,
  policies: Plan['policy']['gate']['onInconclusive'],
): OnInconclusive {
  switch (reason) {
    case 'no-evidence-against':
      return 'pass'
    case 'underpowered':
      return policies.underpowered
    case 'judge':
    case 'judge-changed':
    case 'control-failed':
    case 'calibration':
      return policies.judge
    case 'measurement':
    case 'not-asked':
      return policies.measurement
    default:
      return policies.suspect
  }
}

/** A candidate of which nobody knows how often it was tried does not pass, unless policy lets it. */
function findHistoryProblems({ plan, history, run: own }: RecordSummary): string[] {
  if (history.kind === 'unknown') return plan.policy.history === 'required' ? ['attempts: not known'] : []
  if (history.kind === 'none' || history.republishedBy !== null) return []
  // Of two runs at the same time the one that ends later sees what the other found.
  return history.attempts.flatMap(({ run, tier, verdict, complete, changed, doubts }) => {
    if (verdict === 'fail') return [`attempts: run ${nameRun(run)} failed`]
    const isAlike = tier === own.tier && changed.length === 0 && doubts.length === 0
    const stands = isAlike && complete && verdict !== 'pass'
    return stands ? [`attempts: run ${nameRun(run)} came to another verdict first`] : []
  })
}

function describeAcceptance({ accepted }: RecordSummary): Verdict['accepted'] {
  return accepted === null ? null : { by: accepted.by, diagnosis: accepted.file }
}

function describeCategory(request: {
  plan: Plan
  run: RecordSummary['run']
  category: PlannedCategory
  estimate: CategoryEstimate
  adjusted: FailureTest[] | undefined
}): CategoryVerdict {
  const { plan, run, category, estimate } = request
  // A watched category belongs to no family: it is judged by its own tests and never blocks.
  const tests = request.adjusted ?? listFailureTests(category, estimate)
  const decided = decideCategory({ plan, category, estimate, tests, tier: run.tier })
  const prediction = plan.registration.predictions.find((entry) => entry.category === category.id)
  const { judge, ratio, margin } = estimate
  return {
    id: category.id,
    role: category.role,
    ...decided,
    judge: judge.kind,
    calibration: estimate.calibration.kind,
    controls: describeControls(estimate),
    limit_per_100k: category.limitPer100k,
    margin_per_100k: category.marginPer100k,
    predicted_per_100k: prediction?.ratePer100k ?? null,
    candidate: describeArm(estimate.candidate),
    baseline: describeArm(estimate.baseline),
    difference: describeDifference(estimate),
    ratio: ratio === null ? null : { value: ratio.ratio, lower: ratio.lower, upper: ratio.upper },
    true_rate_per_100k: judge.kind === 'calibrated' ? judge.trueRatePer100k : null,
    p_within_margin: margin === null ? null : roundBound(margin.pWithin),
    p_adjusted: tests.length === 0 ? null : roundBound(Math.min(...tests.map((test) => test.p))),
    decided_after_turns: estimate.early?.turns ?? null,
    tipping_point: estimate.tippingPoint,
  }
}

// What only the run brings to light must not take back what it blocks.
function isKnownBefore(standing: CalibrationStanding): boolean {
  return !(standing.kind === 'stale' && standing.why === 'model')
}

/** Where policy says so, a category without the calibration that it requires is shown and does not block. */
function excuseUncalibrated(plan: Plan, estimates: CategoryEstimate[]): Plan {
  if (plan.policy.gate.requireCalibration?.otherwise !== 'advisory') return plan
  const excused = new Set(
    estimates.flatMap(({ category, doubts }) =>
      doubts.some((doubt) => doubt.kind === 'calibration' && isKnownBefore(doubt.standing)) ? [category] : [],
    ),
  )
  const categories = plan.policy.categories.map((category) =>
    excused.has(category.id) ? { ...category, role: 'watch' as const } : category,
  )
  return { ...plan, policy: { ...plan.policy, categories } }
}

function describeControls({ controls }: CategoryEstimate): CategoryVerdict['controls'] {
  if (controls === null) return null
  const { failed, ...kinds } = controls
  const describe = ({ planned, flagged, p, wrong }: typeof kinds.positives) => ({
    planned,
    flagged,
    p,
    wrong,
  })
  return { positives: describe(kinds.positives), negatives: describe(kinds.negatives), failed }
}

function describeDifference({ difference, regression }: CategoryEstimate): CategoryVerdict['difference'] {
  if (difference === null) return null
  const { per100k, lowerPer100k, upperPer100k } = difference
  return { per_100k: per100k, lower: lowerPer100k, upper: upperPer100k, p: roundBound(regression.pFail) }
}

function describeArm(arm: ArmEstimate): CategoryVerdict['candidate'] {
  return {
    planned: arm.planned,
    graded: arm.graded,
    missing: arm.missing.transport + arm.missing.content,
    not_asked: arm.notAsked,
    events: arm.events,
    audited: arm.audit.audited,
    refuted: arm.audit.refuted,
    rate_per_100k: arm.ratePer100k,
    lower_per_100k: arm.lowerPer100k,
    upper_per_100k: arm.upperPer100k,
  }
}
