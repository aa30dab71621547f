import { countTests, type Stopping } from '../estimate/looks.ts'
import type { Plan } from '../plan/plan.ts'

/** How often a plan's rule fails candidates that are no worse than what is served and within every limit. */
export interface FalseAlarms {
  /** Tests that can fail a candidate. */
  tests: number
  /** The chance of a false FAIL in one run is at most this. */
  perRun: number
  /** What it could be if each test had its level for itself. */
  perRunUnadjusted: number
  runsPerYear: number
  perYear: number
  /** `null`: never. */
  yearsBetween: number | null
}

/**
 * Bounds the false FAILs of a year by the levels that the tests have, looks and end together. With nothing wrong, the
 * first step of Holm's procedure fails a run with a chance of the sum of level/m over the m tests at most (Bonferroni):
 * that is reached only where each rate lies at its limit, and exact tests of few events stay far below. `null` where
 * limits are compared with observed rates, which no level bounds.
 */
export function boundFalseAlarms(request: {
  plan: Plan
  stopping: Stopping
  runsPerYear: number
}): FalseAlarms | null {
  const { plan, stopping, runsPerYear } = request
  const blocking = plan.policy.categories.filter(({ role }) => role === 'block')
  const compares = blocking.some(
    ({ limitPer100k, marginPer100k }) => limitPer100k !== null || marginPer100k !== null,
  )
  if (plan.policy.gate.decideBy === 'point-estimate' && compares) return null
  const spent = spendAll(stopping)
  const levels = blocking.flatMap(({ regression, limitPer100k, marginPer100k }) => [
    ...(regression ? [spent.regressionAlpha] : []),
    ...(limitPer100k === null ? [] : [spent.alpha]),
    ...(marginPer100k === null ? [] : [spent.alpha]),
  ])
  const tests = countTests(plan)
  const perRun = tests === 0 ? 0 : levels.reduce((sum, level) => sum + level / tests, 0)
  const perYear = runsPerYear * perRun
  return {
    tests,
    perRun,
    perRunUnadjusted: -Math.expm1(levels.reduce((sum, level) => sum + Math.log1p(-level), 0)),
    runsPerYear,
    perYear,
    yearsBetween: perYear === 0 ? null : 1 / perYear,
  }
}

/** What looks and end may spend together. */
function spendAll({ levels }: Stopping): { alpha: number; regressionAlpha: number } {
  const { looks } = levels
  if (looks === null) return { alpha: levels.alpha, regressionAlpha: levels.regressionAlpha }
  const sum = ({ early, final }: { early: number | null; final: number | null }) =>
    (early ?? 0) + (final ?? 0)
  return { alpha: sum(looks.limit), regressionAlpha: sum(looks.regression) }
}
