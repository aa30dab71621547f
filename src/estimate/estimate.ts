import type { Plan, PlannedCategory } from '../plan/plan.ts'
import type { Arm } from '../ports.ts'
import type { RunRecord } from '../record/schema.ts'
import { assessGraders, type GraderEstimate } from './assess-graders.ts'
import { estimateAudit, type LimitAudit } from './audit.ts'
import { type ClusterIndex, indexClusters } from './cluster-summary.ts'
import { type Difference, estimateDifference, estimateRatio, type Ratio } from './comparison.ts'
import { boundAtLook } from './early-bounds.ts'
import { describeJudgeError, estimateJudge, type JudgeEstimate } from './judge-estimate.ts'
import type { Levels } from './levels.ts'
import { type EarlyDecision, lookAgain, planStopping } from './looks.ts'
import { estimateMargin, type MarginEstimate } from './margin.ts'
import {
  type CategoryObservations,
  countTurns,
  type Observation,
  poolAlike,
  readObservations,
} from './observations.ts'
import {
  boundGraded,
  boundRate,
  chooseMethod,
  chooseMissingRule,
  estimateRate,
  type Method,
  type RateQuestion,
  tallyStates,
  testAbove,
} from './rate.ts'
import { compareArms, type Regression } from './regression.ts'
import { roundBound, toPer100k } from './rounding.ts'
import { settlePlan } from './settle.ts'
import { findTippingPoint } from './tipping-point.ts'

/** The counts of one arm in one category: planned = graded + missing + not asked. */
export interface ArmEstimate {
  planned: number
  graded: number
  missing: { transport: number; content: number; causes: Record<string, number> }
  notAsked: number
  events: number
  /**
   * Flags that people read, and how many of them they found to be none: those are no events any more. Of the other
   * turns to read, how many they read and found to be the behaviour; `null` where nobody read any in either arm.
   */
  audit: {
    flagged: number
    audited: number
    refuted: number
    others: { listed: number; read: number; found: number } | null
  }
  /** Among the graded turns, as labelled; `null` when none was graded. */
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
  /** The same if the judge never raised a false alarm. */
  pAboveAsLabelled: number
  /** The upper bound of the graded turns alone. */
  upperGradedPer100k: number
  /** The same if the judge missed nothing. */
  upperAsLabelledPer100k: number
  audit: LimitAudit
}

/** Everything that the verdict on one category follows from. */
export interface CategoryEstimate extends GraderEstimate {
  category: string
  method: Method
  missingRule: 'within-budget' | 'at-worst'
  levels: Levels
  judge: JudgeEstimate
  baseline: ArmEstimate
  candidate: ArmEstimate
  regression: Regression
  difference: Difference | null
  ratio: Ratio | null
  limit: LimitEstimate | null
  margin: MarginEstimate | null
  /** What a look has decided before the last turn. */
  early: EarlyDecision | null
  /**
   * How many of the candidate's missing turns must be present before it could not pass any more; `null` where their
   * number makes no difference: nothing is missing, all of it may be present, or it can't pass anyway.
   */
  tippingPoint: number | null
}

/** Estimates every category of a record. Pure: the same record gives the same bytes. */
export function estimateCategories(record: RunRecord): CategoryEstimate[] {
  const { summary } = record
  const { run } = summary
  const plan = settlePlan(record)
  const graders = assessGraders(record, plan)
  const causes = countCauses(record)
  const categories = new Map(plan.policy.categories.map((category) => [category.id, category]))
  const estimates: CategoryEstimate[] = []
  let draw: Draw | null = null
  for (const [id, measured] of readObservations(record)) {
    const category = categories.get(id)
    if (category === undefined) continue
    draw ??= describeDraw({ plan, tier: run.tier, turns: measured.observations })
    estimates.push({
      ...estimateCategory({ plan, category, measured, draw, causes: causes.get(id) }),
      ...graders(category),
    })
  }
  return estimates
}

/** What is the same of every category: the turns' weights and conversations, and what follows from them. */
interface Draw {
  method: Method
  levels: Levels
  index: ClusterIndex | undefined
}

function describeDraw(request: Parameters<typeof planStopping>[0] & { turns: readonly Observation[] }): Draw {
  const method = chooseMethod(request.turns)
  return {
    method,
    levels: planStopping(request).levels,
    index: method === 'weighted' ? indexClusters(request.turns) : undefined,
  }
}

type CauseCounts = Record<Arm, Record<string, number>>

function estimateCategory(request: {
  plan: Plan
  category: PlannedCategory
  measured: CategoryObservations
  draw: Draw
  causes: CauseCounts | undefined
}): Omit<CategoryEstimate, keyof GraderEstimate> {
  const { plan, category, measured, draw } = request
  const { method, levels, index } = draw
  const { alpha } = levels
  const pool = (turns: Observation[]) => (method === 'exact' ? poolAlike(turns) : turns)
  const observations = pool(measured.observations)
  const missingRule = chooseMissingRule(observations, plan.policy.gate.missingBudgetShare)
  const common = {
    observations,
    alpha,
    method,
    missingRule,
    index,
    known: { baseline: new WeakMap(), candidate: new WeakMap() },
  }
  const ask = (arm: Arm): RateQuestion => ({
    ...common,
    arm,
    judge: describeJudgeError({ plan, category, audit: measured.audit[arm] }),
  })
  const question = ask('candidate')
  const { limitPer100k, marginPer100k } = category
  const isSame = measured.compared === measured.observations
  const comparison = isSame ? question : { ...question, observations: pool(measured.compared) }
  const regression = compareArms(comparison)
  const early = lookBack({ plan, category, measured, levels })
  return {
    category: category.id,
    method,
    missingRule,
    levels,
    judge: estimateJudge({ category, question }),
    baseline: estimateArm(ask('baseline'), { ...request, arm: 'baseline', early }),
    candidate: estimateArm(question, { ...request, arm: 'candidate', early }),
    regression,
    difference: estimateDifference({ observations: comparison.observations, regression, alpha }),
    ratio: estimateRatio(comparison.observations, regression, alpha),
    limit: limitPer100k === null ? null : estimateLimit({ question, measured, limitPer100k }),
    margin: marginPer100k === null ? null : estimateMargin({ ...comparison, marginPer100k }),
    early,
    tippingPoint: findTippingPoint({
      ...question,
      levels,
      limitPer100k,
      marginPer100k,
      regression: category.regression,
    }),
  }
}

/** What looks have decided; what people found in one arm alone fails no comparison. */
function lookBack(request: {
  plan: Plan
  category: PlannedCategory
  measured: CategoryObservations
  levels: Levels
}): EarlyDecision | null {
  const { measured, ...rest } = request
  const { observations, compared } = measured
  const plannedTurns = observations.length
  const early = lookAgain({ ...rest, plannedTurns, observations })
  if (compared === observations || early?.decision !== 'fail' || early.test === 'limit') return early
  return lookAgain({ ...rest, plannedTurns, observations: compared })
}

function estimateLimit(request: {
  question: RateQuestion
  measured: CategoryObservations
  limitPer100k: number
}): LimitEstimate {
  const { question, measured, limitPer100k } = request
  const limit = limitPer100k / 100_000
  const asLabelled = { ...question, judge: null }
  const audit = estimateAudit({ question: asLabelled, audit: measured.audit.candidate, limit })
  // Where nothing is known of false alarms, only what was confirmed speaks for an excess.
  const isConfirmedOnly = question.judge?.calibration.negatives === 0 && audit.read !== 'none'
  return {
    limitPer100k,
    pAbove: isConfirmedOnly ? audit.pConfirmed : roundBound(testAbove({ ...question, limit })),
    pAboveAsLabelled: roundBound(testAbove({ ...asLabelled, limit })),
    upperGradedPer100k: toPer100k(boundGraded(question).upper),
    upperAsLabelledPer100k: toPer100k(boundGraded(asLabelled).upper),
    audit,
  }
}

function estimateArm(
  question: RateQuestion,
  rest: {
    arm: Arm
    measured: CategoryObservations
    draw: Draw
    causes: CauseCounts | undefined
    early: EarlyDecision | null
  },
): ArmEstimate {
  const { observations, arm } = question
  const counts = tallyStates(observations, arm)
  const rate = estimateRate(question)
  const { early, measured } = rest
  const { looks } = rest.draw.levels
  const { lower, upper } =
    early === null || looks === null
      ? boundRate(question)
      : boundAtLook({ question, ...measured, arm, early, levels: looks.limit })
  const { flagged, confirmed, refuted, others } = rest.measured.audit[arm]
  return {
    planned: countTurns(observations),
    graded: counts.event + counts.none,
    missing: {
      transport: counts['transport-missing'],
      content: counts['content-missing'],
      causes: sortCauses(rest.causes?.[arm] ?? {}),
    },
    notAsked: counts['not-asked'],
    events: counts.event,
    audit: {
      flagged,
      audited: confirmed.length + refuted,
      refuted,
      others: others === null ? null : { ...others, found: others.found.length },
    },
    ratePer100k: rate === null ? null : toPer100k(rate),
    lowerPer100k: toPer100k(lower),
    upperPer100k: toPer100k(upper),
  }
}

function countCauses(record: RunRecord): Map<string, CauseCounts> {
  const counts = new Map<string, CauseCounts>()
  record.outcomes.forEach(({ category, arm, label }) => {
    if (label.kind !== 'missing') return
    const entry = counts.get(category) ?? { baseline: {}, candidate: {} }
    const cause = `${label.of}: ${label.cause}`
    entry[arm][cause] = (entry[arm][cause] ?? 0) + 1
    counts.set(category, entry)
  })
  return counts
}

// The order in which outcomes arrived is none of an estimate's.
function sortCauses(causes: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(causes).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
