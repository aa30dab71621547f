import { findCalibration, type Plan, type PlannedCategory } from '../plan/plan.ts'
import { sharesConversations } from './conversations.ts'
import { boundCalibration, type Calibration } from './judge-error.ts'
import { chooseLevels, type Levels } from './levels.ts'
import type { Observation } from './observations.ts'
import { chooseMethod } from './rate.ts'
import {
  chooseCalibrationLevels,
  isTooRare,
  lookAtLimit,
  lookAtRegression,
  type StoppingLevels,
} from './stopping-rule.ts'

/** Turns between two looks, and how many are under way together. */
export const batchTurns = 250

/** Whether results may end a run, and the error rates that follow from it. */
export interface Stopping {
  levels: Levels
  /** Why not; `null` when they may. */
  off: string | null
}

/** What a look has decided; it stays so. */
export interface EarlyDecision {
  decision: 'pass' | 'fail'
  test: 'limit' | 'regression'
  /** How many turns were asked when it was. */
  turns: number
}

/** Whether looks at the results are valid for this draw and could end the run. */
export function planStopping(request: {
  plan: Plan
  tier: 'smoke' | 'release'
  turns: readonly Pick<Observation, 'weight' | 'cluster'>[]
}): Stopping {
  const off = findObstacle(request)
  return { levels: chooseLevels({ plan: request.plan, stopsEarly: off === null }), off }
}

function findObstacle(request: Parameters<typeof planStopping>[0]): string | null {
  const { plan, tier, turns } = request
  const { gate, categories } = plan.policy
  if (gate.earlyStopping === 'off') return 'the policy has it off'
  if (gate.decideBy === 'point-estimate') return 'a point estimate has no error rate to divide'
  if (tier === 'smoke') return 'a smoke run asks all its turns'
  if (sharesConversations(turns)) {
    return 'some conversations gave several turns, which are not independent'
  }
  if (chooseMethod(turns) === 'weighted') return 'the weights of the turns differ'
  const blocking = categories.filter(({ role }) => role === 'block')
  const isShowable = ({ limitPer100k: limit }: PlannedCategory) =>
    limit !== null && !isTooRare({ plannedTurns: turns.length, limit: limit / 100_000 })
  const canFail = (category: PlannedCategory) => category.regression || isShowable(category)
  const canPass = (category: PlannedCategory) =>
    !category.regression && category.marginPer100k === null && isShowable(category)
  if (gate.stopAtFirstFail && blocking.some(canFail)) return null
  if (blocking.length > 0 && blocking.every(canPass)) return null
  return blocking.some(({ regression, marginPer100k }) => regression || marginPer100k !== null)
    ? 'a category that is compared with the baseline passes at the last turn only, so that nothing would be saved'
    : 'with so few turns for so low a limit it would save next to nothing'
}

/** How many tests can fail the candidate: the family of Holm's procedure. */
export function countTests(plan: Plan): number {
  return plan.policy.categories
    .filter(({ role }) => role === 'block')
    .reduce(
      (sum, { regression, limitPer100k, marginPer100k }) =>
        sum + Number(regression) + Number(limitPer100k !== null) + Number(marginPer100k !== null),
      0,
    )
}

/**
 * A category's looks: takes the turns of one batch after the other, in the sample's order, and says what is decided so
 * far. A batch with a turn that was not asked is no look, nor is any after it.
 *
 * What is missing counts against the decision at every look: with some turns counted as worse (better) than they may
 * be, the evidence that the rate is below (above) the limit is at most that of the true labels.
 */
export function createLooks(request: {
  plan: Plan
  category: PlannedCategory
  plannedTurns: number
  levels: Levels
}): (batch: readonly Observation[]) => EarlyDecision | null {
  const { plan, category, plannedTurns, levels } = request
  const { looks } = levels
  const limit = category.limitPer100k === null ? null : category.limitPer100k / 100_000
  const calibration = findCalibration(plan, category)
  const failTests = Math.max(1, countTests(plan))
  const counts = {
    turns: 0,
    eventsAtMost: 0,
    eventsAtLeast: 0,
    candidateOnlyAtLeast: 0,
    baselineOnlyAtMost: 0,
  }
  let decided: EarlyDecision | null = null
  let complete = true
  const lookNow = (): EarlyDecision | null => {
    if (looks === null) return null
    if (category.regression) {
      const decision = lookAtRegression({ ...counts, levels: looks.regression, failTests })
      if (decision !== null) return { decision, test: 'regression', turns: counts.turns }
    }
    if (limit === null || isTooRare({ plannedTurns, limit })) return null
    const errors = boundErrors({ calibration, levels: looks.limit, failTests })
    const decision = lookAtLimit({
      ...counts,
      limit,
      plannedTurns,
      levels: looks.limit,
      failTests,
      calibration: errors,
    })
    if (decision === null) return null
    // A category that is compared with the baseline as well passes at the last turn only.
    if (decision === 'pass' && (category.regression || category.marginPer100k !== null)) return null
    return { decision, test: 'limit', turns: counts.turns }
  }
  return (batch) => {
    if (decided !== null || !complete) return decided
    complete = batch.every((entry) => entry.baseline !== 'not-asked' && entry.candidate !== 'not-asked')
    if (!complete) return null
    for (const { candidate, baseline } of batch) {
      counts.turns += 1
      if (candidate !== 'none') counts.eventsAtMost += 1
      if (candidate === 'event') counts.eventsAtLeast += 1
      if (candidate === 'event' && baseline === 'none') counts.candidateOnlyAtLeast += 1
      if (candidate !== 'event' && baseline !== 'none') counts.baselineOnlyAtMost += 1
    }
    decided = lookNow()
    return decided
  }
}

/** What the looks at a whole record decide of a category, as they did while it was measured. */
export function lookAgain(
  request: Parameters<typeof createLooks>[0] & { observations: readonly Observation[] },
): EarlyDecision | null {
  if (request.levels.looks === null) return null
  const look = createLooks(request)
  for (let start = 0; start < request.observations.length; start += batchTurns) {
    const decided = look(request.observations.slice(start, start + batchTurns))
    if (decided !== null) return decided
  }
  return null
}

function boundErrors(request: {
  calibration: Calibration | null
  levels: StoppingLevels
  failTests: number
}): { sensitivityLower: number; falsePositiveUpper: number } | null {
  const { calibration } = request
  const at = calibration === null ? null : chooseCalibrationLevels(request)
  if (calibration === null || at === null) return null
  const { sensitivityLower } = boundCalibration({ calibration, alpha: at.sensitivity })
  const { falsePositiveUpper } = boundCalibration({ calibration, alpha: at.falsePositive })
  return { sensitivityLower, falsePositiveUpper }
}
