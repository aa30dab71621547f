import type { CategoryEstimate } from '../estimate/estimate.ts'
import { adjustHolm } from '../estimate/holm.ts'
import type { Plan, PlannedCategory } from '../plan/plan.ts'

/** A test that can fail a category. */
export interface FailureTest {
  category: string
  kind: 'regression' | 'limit' | 'margin'
  /** Unadjusted, on the scale of its own level. */
  own: number
  /** Adjusted over the family, on the scale of `scaleOf` its levels. */
  p: number
}

/** The larger of both levels: the scale of every p in a family. */
export function scaleOf({ levels }: CategoryEstimate): number {
  return Math.max(levels.alpha, levels.regressionAlpha)
}

/**
 * One Holm family of every test that can fail a blocking category. The two kinds have levels of their own:
 * p·α/α_kind puts each on the scale of α, which keeps the family's error rate (weighted Holm; Holm 1979, with
 * levels no greater than α).
 */
export function adjustFailures(plan: Plan, estimates: CategoryEstimate[]): Map<string, FailureTest[]> {
  const blocking = new Map(
    plan.policy.categories.filter(({ role }) => role === 'block').map((category) => [category.id, category]),
  )
  const family = estimates.flatMap((estimate) => {
    const category = blocking.get(estimate.category)
    return category === undefined ? [] : listFailureTests(category, estimate)
  })
  const p = adjustHolm(family.map((test) => test.p))
  const byCategory = new Map<string, FailureTest[]>()
  family.forEach((test, index) => {
    const tests = byCategory.get(test.category) ?? []
    byCategory.set(test.category, [...tests, { ...test, p: p[index] ?? 1 }])
  })
  return byCategory
}

/** A category's tests by themselves, as of one that no other belongs with. */
export function listFailureTests(category: PlannedCategory, estimate: CategoryEstimate): FailureTest[] {
  const { levels, regression, limit, margin } = estimate
  const scale = scaleOf(estimate)
  const make = (kind: FailureTest['kind'], own: number, level: number): FailureTest => ({
    category: category.id,
    kind,
    own,
    p: Math.min(1, (own * scale) / level),
  })
  return [
    ...(category.regression ? [make('regression', regression.pFail, levels.regressionAlpha)] : []),
    ...(limit === null ? [] : [make('limit', limit.pAbove, levels.alpha)]),
    ...(margin === null ? [] : [make('margin', margin.pOver, levels.alpha)]),
  ]
}

// L = Y does not fail: the bound has to lie above the limit. A sign test fails at p = α.
/** Whether a p rejects at a level. */
export function isSignificant(kind: FailureTest['kind'], p: number, level: number): boolean {
  return kind === 'regression' ? p <= level : p < level
}
