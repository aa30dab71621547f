import { binomialCdf } from '../estimate/distributions.ts'
import { logEvidenceBelow } from '../estimate/e-process.ts'
import { boundCalibration } from '../estimate/judge-error.ts'
import type { Levels } from '../estimate/levels.ts'
import { criticalCounts, planTurnsToPass } from '../estimate/planning.ts'
import { findFirst, findFirstNear } from '../estimate/search.ts'
import type { PlannedCategory } from '../plan/plan.ts'
import { describeJudge, type ForecastSetting, planStoppingAt, resizeDraw } from './forecast-setting.ts'
import { computePassChance, countMaxPass, findSmallestLimits } from './limit-forecast.ts'

/** A category whose limit is to be passed, and the rate (a proportion) of events that it will have. */
export interface LimitGoal {
  category: PlannedCategory
  rate: number
}

/** Above it an answer is none. */
const mostTurns = 20_000_000

/** From one sample that is tried to the next: where power goes up and down, they are tried in these steps. */
const growth = 1.01
const refinement = 1.02
/** Above so many turns the steps are small. */
const mostRefined = 50_000

/** Of α, what the bound of the judge's sensitivity is taken at where looks decide. */
const calibrationShare = 0.1

/**
 * The fewest turns with which a category passes its limit with a power, at the levels and with the unequal weights
 * that they will have; `null` when its rate is not under the limit or no sample of up to 20 million turns does.
 *
 * A calibration counts by the lower bound of the judge's sensitivity, as if it were known to be no better: the bound
 * that decides is a little narrower, so that the turns are enough.
 */
export function findTurnsToPass(request: {
  setting: ForecastSetting
  goal: LimitGoal
  power: number
}): number | null {
  const { setting, goal, power } = request
  const { limitPer100k } = goal.category
  if (limitPer100k === null || limitPer100k <= 0 || goal.rate >= limitPer100k / 100_000) return null
  if (limitPer100k >= 100_000) return 1
  const first = findTurnsAtLevels({ ...request, levels: setting.stopping.levels })
  if (first === null) return null
  if (setting.method === 'weighted') return refineTurns({ ...request, turns: first })
  // More turns can let results end the run, which leaves less for the end.
  const { levels } = planStoppingAt(setting, first)
  if (isSameLevel(levels, setting.stopping.levels)) return first
  const second = findTurnsAtLevels({ setting, goal, power, levels })
  // With a level that only more turns have, fewer turns are no answer.
  return second === null ? null : Math.max(first, second)
}

/** Unequal weights move the steps of a bound: turns are added until the rule of so many such turns has the power. */
function refineTurns(request: {
  setting: ForecastSetting
  goal: LimitGoal
  power: number
  turns: number
}): number {
  const { setting, goal, power } = request
  let { turns } = request
  while (turns <= mostRefined) {
    const maxPass = countMaxPass(resizeDraw(setting, turns), goal.category)
    if (computePassChance(maxPass, { turns, rate: goal.rate }) >= power) break
    turns = Math.ceil(turns * refinement)
  }
  return turns
}

/**
 * The fewest turns, to 1 %, with which every goal is reached with a power: STATISTICS sizes a sample for the overall
 * PASS. Categories are taken as independent of each other, which asks for more than where they go together.
 * `others` is the chance that what else has to pass does so, by the number of turns.
 */
export function findTurnsForAll(request: {
  setting: ForecastSetting
  goals: readonly LimitGoal[]
  power: number
  others?: (turns: number) => number
}): number | null {
  const { setting, goals, power, others = () => 1 } = request
  const singles = goals.map((goal) => findTurnsToPass({ setting, goal, power }))
  let turns = 1
  for (const single of singles) {
    if (single === null) return null
    turns = Math.max(turns, single)
  }
  const isEnough = (count: number) => {
    const { levels } = planStoppingAt(setting, count)
    const chance = goals.reduce(
      (product, goal) => product * computeChance({ setting, goal, levels, turns: count }),
      others(count),
    )
    return chance >= power
  }
  return findByGrowth(turns, isEnough)
}

/** The chance that a category passes its limit with another number of turns. */
function computeChance(request: {
  setting: ForecastSetting
  goal: LimitGoal
  levels: Levels
  turns: number
}): number {
  const { setting, goal, levels, turns } = request
  const limit = (goal.category.limitPer100k ?? 0) / 100_000
  if (limit >= 1) return 1
  if (limit <= 0) return 0
  const worth = Math.floor(turns / measureDesign(setting, goal.category))
  const maxPass = countPassing({ setting, goal, levels, turns: worth })
  return maxPass === null ? 0 : binomialCdf({ events: maxPass, trials: worth, rate: goal.rate })
}

function findTurnsAtLevels(request: {
  setting: ForecastSetting
  goal: LimitGoal
  power: number
  levels: Levels
}): number | null {
  const { setting, goal, power, levels } = request
  const { gate } = setting.plan.policy
  const limit = (goal.category.limitPer100k ?? 0) / 100_000
  if (gate.decideBy === 'bounds' && levels.finalDecides) {
    const shown = limit * boundSensitivity({ setting, goal, levels })
    if (shown <= 0 || shown >= 1) return null
    const planned = planTurnsToPass({ limit: shown, rate: goal.rate, power, alpha: levels.alpha })
    if (planned === null) return null
    const turns = Math.ceil(planned.turns * measureDesign(setting, goal.category))
    return turns <= mostTurns ? turns : null
  }
  return findByGrowth(1, (turns) => computeChance({ setting, goal, levels, turns }) >= power)
}

/** The most events that pass in so many turns of equal weight. */
function countPassing(request: {
  setting: ForecastSetting
  goal: LimitGoal
  levels: Levels
  turns: number
}): number | null {
  const { setting, goal, levels, turns } = request
  const limit = (goal.category.limitPer100k ?? 0) / 100_000
  if (turns === 0) return null
  if (setting.plan.policy.gate.decideBy === 'point-estimate') return Math.floor(limit * turns)
  const shown = limit * boundSensitivity({ setting, goal, levels })
  if (shown <= 0 || shown >= 1) return null
  if (levels.finalDecides) return criticalCounts({ turns, limit: shown, alpha: levels.alpha }).maxPass
  const needed = -Math.log(spendOnEvidence(request))
  const first = findFirstNear({
    guess: Math.floor((turns * shown) / 2),
    least: 0,
    most: turns,
    isReached: (events) => logEvidenceBelow({ events, turns, limit: shown }) < needed,
  })
  if (first === null) return turns
  return first === 0 ? null : first - 1
}

function spendOnEvidence({
  setting,
  goal,
  levels,
}: Omit<Parameters<typeof countPassing>[0], 'turns'>): number {
  const early = levels.looks?.limit.early ?? levels.alpha
  return describeJudge(setting.plan, goal.category) === null ? early : early * (1 - calibrationShare)
}

function boundSensitivity(request: { setting: ForecastSetting; goal: LimitGoal; levels: Levels }): number {
  const { setting, goal, levels } = request
  const judge = describeJudge(setting.plan, goal.category)
  if (judge === null || setting.plan.policy.gate.decideBy === 'point-estimate') return 1
  const alpha = levels.finalDecides ? levels.alpha : levels.alpha * calibrationShare
  return boundCalibration({ calibration: judge.calibration, alpha }).sensitivityLower
}

/**
 * How many drawn turns are worth one of equal weight and its own conversation, to a bound without events: that of a
 * weighted sample is −ln α over the number that it is worth.
 */
function measureDesign(setting: ForecastSetting, category: PlannedCategory): number {
  const turns = setting.draw.length
  if (setting.method === 'exact' || turns === 0) return 1
  const { clean } = findSmallestLimits(setting, { ...category, calibration: null })
  return Math.max(1, (clean * turns) / -Math.log(setting.stopping.levels.alpha))
}

/** The first of turns, turns · 1.01, … that are enough, and of those since the last that weren't by bisection. */
function findByGrowth(turns: number, isEnough: (turns: number) => boolean): number | null {
  let below = turns - 1
  for (let count = turns; count <= mostTurns; count = Math.ceil(count * growth)) {
    if (isEnough(count)) return findFirst({ below, reached: count, isReached: isEnough })
    below = count
  }
  return null
}

function isSameLevel(first: Levels, second: Levels): boolean {
  return first.alpha === second.alpha && first.finalDecides === second.finalDecides
}
