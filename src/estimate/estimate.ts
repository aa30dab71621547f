import type { Plan, PlannedCategory } from '../plan/plan.ts'
import type { Arm } from '../ports.ts'
import type { RunRecord } from '../record/schema.ts'
import { type Observation, readObservations, type State } from './observations.ts'
import { boundDifferenceTango, testWorse } from './paired.ts'
import {
  boundGraded,
  boundRate,
  boundStates,
  chooseMethod,
  chooseMissingRule,
  countStates,
  estimateRate,
  type Method,
  testAbove,
  weighFor,
} from './rate.ts'
import { compareArms, countDiscordant, type Regression } from './regression.ts'
import { roundBound } from './rounding.ts'
import { findFirst } from './search.ts'

/** The counts of one arm in one category: planned = graded + missing + not asked. */
export interface ArmEstimate {
  planned: number
  graded: number
  missing: { transport: number; content: number; causes: Record<string, number> }
  notAsked: number
  events: number
  /** Among the graded turns; `null` when none was graded. */
  ratePer100k: number | null
  lowerPer100k: number
  /** With what is missing counted against the arm. */
  upperPer100k: number
}

/** Where a candidate's rate stands to its limit. */
export interface LimitEstimate {
  limitPer100k: number
  /** The smallest α at which the lower bound exceeds the limit. */
  pAbove: number
  /** The upper bound of the graded turns alone. */
  upperGradedPer100k: number
}

/** Everything that the verdict on one category follows from. */
export interface CategoryEstimate {
  category: string
  method: Method
  missingRule: 'within-budget' | 'at-worst'
  baseline: ArmEstimate
  candidate: ArmEstimate
  regression: Regression
  /** Candidate minus baseline over the graded pairs, with Tango's score bounds: shown, never decides. */
  difference: { per100k: number; lowerPer100k: number; upperPer100k: number } | null
  limit: LimitEstimate | null
  /**
   * How many of the candidate's missing turns must be present before it could not pass any more; `null` where their
   * number makes no difference: nothing is missing, all of it may be present, or it can't pass anyway.
   */
  tippingPoint: number | null
}

/** Estimates every category of a record. Pure: the same record gives the same bytes. */
export function estimateCategories(record: RunRecord): CategoryEstimate[] {
  const { plan } = record.summary
  const causes = countCauses(record)
  return plan.policy.categories.map((category) =>
    estimateCategory({
      plan,
      category,
      observations: readObservations(record, category.id),
      causes: causes.get(category.id),
    }),
  )
}

type CauseCounts = Record<Arm, Record<string, number>>

function estimateCategory(request: {
  plan: Plan
  category: PlannedCategory
  observations: Observation[]
  causes: CauseCounts | undefined
}): CategoryEstimate {
  const { plan, category } = request
  const { alpha, regressionAlpha, missingBudgetShare } = plan.policy.gate
  const method = chooseMethod(request.observations)
  const observations = weighFor(method, request.observations)
  const missingRule = chooseMissingRule(observations, missingBudgetShare)
  const question = { observations, alpha, method, missingRule }
  const regression = compareArms(question)
  return {
    category: category.id,
    method,
    missingRule,
    baseline: estimateArm({ ...question, arm: 'baseline', causes: request.causes?.baseline ?? {} }),
    candidate: estimateArm({ ...question, arm: 'candidate', causes: request.causes?.candidate ?? {} }),
    regression,
    difference: estimateDifference(regression, alpha),
    limit:
      category.limitPer100k === null
        ? null
        : {
            limitPer100k: category.limitPer100k,
            pAbove: roundBound(
              testAbove({ ...question, arm: 'candidate', limit: category.limitPer100k / 100_000 }),
            ),
            upperGradedPer100k: toPer100k(boundGraded({ ...question, arm: 'candidate' }).upper),
          },
    tippingPoint: findTippingPoint({
      observations,
      method,
      alpha,
      regressionAlpha,
      limitPer100k: category.limitPer100k,
    }),
  }
}

function estimateArm(
  request: Parameters<typeof boundRate>[0] & { causes: Record<string, number> },
): ArmEstimate {
  const { observations, arm } = request
  const count = (...states: State[]) => countStates(observations, arm, states)
  const rate = estimateRate(request)
  const { lower, upper } = boundRate(request)
  return {
    planned: observations.length,
    graded: count('event', 'none'),
    missing: {
      transport: count('transport-missing'),
      content: count('content-missing'),
      causes: sortCauses(request.causes),
    },
    notAsked: count('not-asked'),
    events: count('event'),
    ratePer100k: rate === null ? null : toPer100k(rate),
    lowerPer100k: toPer100k(lower),
    upperPer100k: toPer100k(upper),
  }
}

function estimateDifference(regression: Regression, alpha: number): CategoryEstimate['difference'] {
  if (regression.pairs === 0) return null
  const { difference, lower, upper } = boundDifferenceTango({
    ...regression.observed,
    pairs: regression.pairs,
    alpha,
  })
  return { per100k: toPer100k(difference), lowerPer100k: toPer100k(lower), upperPer100k: toPer100k(upper) }
}

interface TippingQuestion {
  observations: Observation[]
  method: Method
  alpha: number
  regressionAlpha: number
  limitPer100k: number | null
}

/**
 * The smallest k such that k of the candidate's missing turns present, whichever they are, and all other missing
 * turns absent in both arms would put its upper bound over the limit or make it worse than the baseline.
 */
function findTippingPoint(question: TippingQuestion): number | null {
  const { observations, method, alpha, regressionAlpha, limitPer100k } = question
  const isWorse = (assumed: Observation[]) =>
    testWorse(
      countDiscordant(assumed, ({ candidate, baseline }) => [candidate === 'event', baseline === 'event']),
    ) <= regressionAlpha
  const isOver = (assumed: Observation[]) =>
    limitPer100k !== null &&
    toPer100k(
      boundStates({
        observations: assumed,
        arm: 'candidate',
        alpha,
        method,
        missingRule: 'at-worst',
        present: ['event'],
      }).upper,
    ) > limitPer100k
  // Of two ways to the same excess over the baseline, the one with fewer pairs that differ has the lower p.
  const evensOut = ({ baseline }: Observation) => Number(baseline === 'event')
  const first = [
    countUntil({ observations, order: (a, b) => evensOut(b) - evensOut(a), isReached: isWorse }),
    countUntil({ observations, order: (a, b) => b.weight - a.weight, isReached: isOver }),
  ].reduce((least, count) => Math.min(least, count))
  return first === 0 || first === Number.POSITIVE_INFINITY ? null : first
}

/** How many of the candidate's missing turns, in an order, have to be present; infinity if all are not enough. */
function countUntil(search: {
  observations: Observation[]
  order: (a: Observation, b: Observation) => number
  isReached: (assumed: Observation[]) => boolean
}): number {
  const isMissing = ({ candidate }: Observation) =>
    candidate === 'content-missing' || candidate === 'transport-missing'
  const missing = search.observations.filter(isMissing).toSorted(search.order)
  const rest = search.observations.filter((entry) => !isMissing(entry) && entry.candidate !== 'not-asked')
  const isReached = (present: number): boolean =>
    search.isReached([
      ...rest,
      ...missing.map(
        (entry, index): Observation => ({
          ...entry,
          candidate: index < present ? 'event' : 'none',
        }),
      ),
    ])
  if (!isReached(missing.length)) return Number.POSITIVE_INFINITY
  if (isReached(0)) return 0
  return findFirst({ below: 0, reached: missing.length, isReached })
}

function countCauses(record: RunRecord): Map<string, CauseCounts> {
  const counts = new Map<string, CauseCounts>()
  for (const { category, arm, label } of record.outcomes) {
    if (label.kind !== 'missing') continue
    const entry = counts.get(category) ?? { baseline: {}, candidate: {} }
    const cause = `${label.of}: ${label.cause}`
    entry[arm][cause] = (entry[arm][cause] ?? 0) + 1
    counts.set(category, entry)
  }
  return counts
}

// The order in which outcomes arrived is none of an estimate's.
function sortCauses(causes: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(causes).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function toPer100k(proportion: number): number {
  return roundBound(proportion * 100_000)
}
