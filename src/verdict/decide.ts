import type { ArmEstimate, CategoryEstimate } from '../estimate/estimate.ts'
import { adjustHolm } from '../estimate/holm.ts'
import { testWorse } from '../estimate/paired.ts'
import { roundBound } from '../estimate/rounding.ts'
import type { Plan, PlannedCategory } from '../plan/plan.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { CategoryReason, CategoryVerdict, Decision, Verdict } from './schema.ts'

/** Decides. Pure and total: every estimate gets a verdict, and what is not known is never a pass. */
export function decideVerdict(summary: RecordSummary, estimates: CategoryEstimate[]): Verdict {
  const { plan, planDigest } = summary
  const adjusted = adjustFailures(plan, estimates)
  const categories = plan.policy.categories.flatMap((category) => {
    const estimate = estimates.find((entry) => entry.category === category.id)
    return estimate === undefined
      ? []
      : [decideCategory({ plan, category, estimate, adjusted: adjusted.get(category.id) })]
  })
  const doubts = findIdentityProblems(summary)
  const blocking = categories.filter((category) => category.role === 'block')
  const unknown = listUnestimated(plan, estimates)
  const verdict = doubts.length > 0 ? 'inconclusive' : combine(blocking, unknown.length)
  const decisive = blocking.filter((category) => category.verdict === verdict && verdict !== 'pass')
  return {
    version: 1,
    verdict,
    conclusion: concludes({ verdict, plan, trusted: doubts.length === 0 }),
    reasons: [...doubts, ...unknown, ...decisive.map((category) => `${category.id}: ${category.reason}`)],
    plan_digest: planDigest,
    candidate: plan.candidate,
    baseline: plan.baseline,
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

// A policy may let an inconclusive verdict through, but not one from answers of another checkpoint.
function concludes(request: {
  verdict: 'pass' | 'fail' | 'inconclusive'
  plan: Plan
  trusted: boolean
}): 'success' | 'failure' {
  const { verdict, plan, trusted } = request
  if (verdict === 'pass') return 'success'
  const warns = verdict === 'inconclusive' && plan.policy.gate.onInconclusive === 'warn'
  return warns && trusted ? 'success' : 'failure'
}

/** Why an arm was not answered by the one checkpoint that it stands for, as far as the answers name it. */
function findIdentityProblems({ plan, arms }: RecordSummary): string[] {
  const changed = (['baseline', 'candidate'] as const).flatMap((arm) => {
    const models = Object.keys(arms[arm].models)
    return models.length > 1 ? [`${arm}: ${models.length} models answered`] : []
  })
  const isBaseline = plan.baseline !== plan.candidate && Object.hasOwn(arms.candidate.models, plan.baseline)
  return isBaseline ? [...changed, 'candidate: the baseline answered'] : changed
}

interface FailureTest {
  category: string
  kind: 'limit' | 'regression'
  /** On the scale of `alpha`. */
  p: number
}

/**
 * One Holm family of every test that can fail a blocking category. The two kinds have levels of their own:
 * p·α/α_kind puts each on the scale of α, which keeps the family's error rate (weighted Holm; Holm 1979, with
 * levels no greater than α).
 */
function adjustFailures(plan: Plan, estimates: CategoryEstimate[]): Map<string, FailureTest[]> {
  const blocking = new Set(plan.policy.categories.filter(({ role }) => role === 'block').map(({ id }) => id))
  const family = estimates
    .filter(({ category }) => blocking.has(category))
    .flatMap((estimate) => listFailureTests(plan, estimate))
  const p = adjustHolm(family.map((test) => test.p))
  const byCategory = new Map<string, FailureTest[]>()
  family.forEach((test, index) => {
    const tests = byCategory.get(test.category) ?? []
    byCategory.set(test.category, [...tests, { ...test, p: p[index] ?? 1 }])
  })
  return byCategory
}

function listFailureTests(plan: Plan, estimate: CategoryEstimate): FailureTest[] {
  const { alpha, regressionAlpha } = plan.policy.gate
  const { category, regression, limit } = estimate
  const scale = Math.max(alpha, regressionAlpha)
  const tests: FailureTest[] = [
    { category, kind: 'regression', p: Math.min(1, (regression.pFail * scale) / regressionAlpha) },
  ]
  if (limit !== null) tests.push({ category, kind: 'limit', p: Math.min(1, (limit.pAbove * scale) / alpha) })
  return tests
}

function decideCategory(request: {
  plan: Plan
  category: PlannedCategory
  estimate: CategoryEstimate
  adjusted: FailureTest[] | undefined
}): CategoryVerdict {
  const { plan, category, estimate } = request
  // A watched category belongs to no family: it is judged by its own tests and never blocks.
  const tests = request.adjusted ?? listFailureTests(plan, estimate)
  const [verdict, reason] = decideBy({ plan, estimate, tests })
  const prediction = plan.registration.predictions.find((entry) => entry.category === category.id)
  const { difference, regression } = estimate
  return {
    id: category.id,
    role: category.role,
    verdict,
    reason,
    limit_per_100k: category.limitPer100k,
    predicted_per_100k: prediction?.ratePer100k ?? null,
    candidate: describeArm(estimate.candidate),
    baseline: describeArm(estimate.baseline),
    difference:
      difference === null
        ? null
        : {
            per_100k: difference.per100k,
            lower: difference.lowerPer100k,
            upper: difference.upperPer100k,
            p: roundBound(regression.pFail),
          },
    p_adjusted: roundBound(Math.min(...tests.map((test) => test.p))),
    tipping_point: estimate.tippingPoint,
  }
}

function decideBy(request: {
  plan: Plan
  estimate: CategoryEstimate
  tests: FailureTest[]
}): [Decision, CategoryReason] {
  const { plan, estimate, tests } = request
  const { alpha, regressionAlpha } = plan.policy.gate
  const { regression, limit, candidate, baseline } = estimate
  if (candidate.notAsked + baseline.notAsked > 0) return ['inconclusive', 'not-asked']
  const failed = tests.find((test) => isSignificant(test, Math.max(alpha, regressionAlpha)))
  if (failed !== undefined) return ['fail', failed.kind === 'limit' ? 'over-limit' : 'worse-than-baseline']
  // A limit can be exceeded without the baseline; nothing passes without a turn graded in both arms.
  if (regression.pairs === 0) return ['inconclusive', explainNothing(estimate)]
  const aboveAlone = limit !== null && limit.pAbove < alpha
  if (regression.pFail <= regressionAlpha || aboveAlone) return ['inconclusive', 'suspect']
  const notWorse = regression.pPass > regressionAlpha
  if (!notWorse) return ['inconclusive', 'measurement']
  // So few pairs that none of them could have shown it worse show nothing.
  if (testWorse({ candidateOnly: regression.pairs, baselineOnly: 0 }) > regressionAlpha) {
    return ['inconclusive', 'underpowered']
  }
  if (limit === null) return ['pass', 'not-worse']
  if (candidate.upperPer100k <= limit.limitPer100k) return ['pass', 'within-limit']
  return ['inconclusive', limit.upperGradedPer100k <= limit.limitPer100k ? 'measurement' : 'underpowered']
}

// L = Y does not fail: the bound has to lie above the limit. A sign test fails at p = α.
function isSignificant(test: FailureTest, alpha: number): boolean {
  return test.kind === 'limit' ? test.p < alpha : test.p <= alpha
}

function explainNothing({ candidate, baseline }: CategoryEstimate): CategoryReason {
  const ungraded = [candidate, baseline].filter((arm) => arm.graded === 0)
  const causes = ungraded.flatMap((arm) => Object.keys(arm.missing.causes))
  return causes.length > 0 && causes.every((cause) => cause.startsWith('judge')) ? 'judge' : 'measurement'
}

function countMissing(arm: ArmEstimate): number {
  return arm.missing.transport + arm.missing.content
}

function describeArm(arm: ArmEstimate): CategoryVerdict['candidate'] {
  return {
    planned: arm.planned,
    graded: arm.graded,
    missing: countMissing(arm),
    not_asked: arm.notAsked,
    events: arm.events,
    rate_per_100k: arm.ratePer100k,
    lower_per_100k: arm.lowerPer100k,
    upper_per_100k: arm.upperPer100k,
  }
}
