import type { CategoryEstimate } from '../estimate/estimate.ts'
import { planTurnsToFail, planTurnsToPass } from '../estimate/planning.ts'
import { boundProportion } from '../estimate/proportion-bounds.ts'
import type { Plan } from '../plan/plan.ts'

/** The chance with which the turns asked for would decide. */
export const plannedPower = 0.8

const smallestAlpha = 1e-15

/**
 * How many turns beside those drawn would decide a category's limit with a chance of .8 if the rate stays what
 * was observed; `null` when no sample of up to 20 million turns would. A FAIL is planned at the first level of
 * Holm's procedure, α over the number of tests, as if this category had to fail alone.
 */
export function planMoreTurns(request: {
  plan: Plan
  estimate: CategoryEstimate
  /** How many tests can fail the candidate. */
  tests: number
}): number | null {
  const { plan, estimate } = request
  const { candidate, limit } = estimate
  if (limit === null || candidate.ratePer100k === null) return null
  const question = {
    limit: limit.limitPer100k / 100_000,
    rate: candidate.ratePer100k / 100_000,
    power: plannedPower,
  }
  if (question.limit <= 0 || question.limit >= 1) return null
  const { alpha } = plan.policy.gate
  const failAlpha = Math.max(smallestAlpha, alpha / Math.max(1, request.tests))
  const graded =
    planTurnsToPass({ ...question, alpha })?.turns ??
    planTurnsToFail({ ...question, alpha: failAlpha })?.fewestTurns
  if (graded === undefined) return null
  const drawnPerGraded = candidate.planned / candidate.graded
  const needed = Math.ceil(graded * estimateDesignEffect(estimate, alpha) * drawnPerGraded)
  return Math.max(1, needed - candidate.planned)
}

/**
 * How many turns of a weighted sample say as much as one of a sample with equal weights: the ratio of the
 * distances from rate to upper bound, squared (a bound's distance goes with 1/√n; without events with 1/n).
 */
function estimateDesignEffect({ method, candidate, limit }: CategoryEstimate, alpha: number): number {
  if (method === 'exact' || limit === null || candidate.ratePer100k === null) return 1
  const rate = candidate.ratePer100k / 100_000
  const equal = boundProportion({ events: rate * candidate.graded, trials: candidate.graded, alpha }).upper
  if (equal <= rate) return 1
  const ratio = (limit.upperGradedPer100k / 100_000 - rate) / (equal - rate)
  return Math.max(1, candidate.events === 0 ? ratio : ratio * ratio)
}
