import { normalDeviate } from '../estimate/distributions.ts'
import { countFewestPairs, scoreDifference } from '../estimate/paired.ts'
import type { PlannedCategory } from '../plan/plan.ts'
import { countRivals, countUnits, type ForecastSetting, type PairCounts } from './forecast-setting.ts'
import { findLimitRule } from './limit-forecast.ts'
import { drawMarginBoundary } from './margin-forecast.ts'
import type { PairRates } from './pair-rates.ts'
import { countWorsePairs } from './regression-forecast.ts'

/** What is decided of a category. */
export type Outcome = 'pass' | 'fail' | 'inconclusive'

/**
 * What the last turn decides of a category by its counts alone, as `decideCategory` does when nothing is missing: the
 * numbers that decide are worked out once, so that many runs can be decided. A FAIL is taken at the first level of
 * Holm's procedure, as if no other category failed.
 */
export function createFinalRule(request: {
  setting: ForecastSetting
  category: PlannedCategory
  rates: PairRates
}): (counts: PairCounts) => Outcome {
  const { setting, category } = request
  const limit = decideLimit(setting, category)
  const regression = decideRegression(setting, category)
  const margin = decideMargin(request)
  return (counts) => {
    const outcomes = [limit(counts), regression(counts), margin(counts)]
    if (outcomes.includes('fail')) return 'fail'
    return outcomes.includes('inconclusive') ? 'inconclusive' : 'pass'
  }
}

function decideLimit(setting: ForecastSetting, category: PlannedCategory): (counts: PairCounts) => Outcome {
  const rule = findLimitRule(setting, category)
  if (rule === null) return () => 'pass'
  const { levels } = setting.stopping
  // With nothing left for the end a look passes a limit, or nothing does.
  const maxPass = levels.finalDecides ? (rule.maxPass ?? -1) : -1
  const minFail = rule.minFail ?? Number.POSITIVE_INFINITY
  const minSuspect = rule.minSuspect ?? Number.POSITIVE_INFINITY
  return ({ both, candidateOnly }) => {
    const events = both + candidateOnly
    if (events >= minFail) return 'fail'
    return events <= maxPass && events < minSuspect ? 'pass' : 'inconclusive'
  }
}

function decideRegression(
  setting: ForecastSetting,
  category: PlannedCategory,
): (counts: PairCounts) => Outcome {
  if (!category.regression) return () => 'pass'
  const { levels } = setting.stopping
  const alpha = levels.regressionAlpha
  const own = rememberWorse(levels.notWorseAlpha)
  const adjusted = rememberWorse(alpha / countRivals(setting.plan, category))
  const enough = countUnits(setting) >= countFewestPairs(levels.notWorseAlpha)
  return ({ candidateOnly, baselineOnly }) => {
    if (levels.finalDecides && candidateOnly >= adjusted(baselineOnly)) return 'fail'
    return enough && candidateOnly < own(baselineOnly) ? 'pass' : 'inconclusive'
  }
}

function decideMargin(request: {
  setting: ForecastSetting
  category: PlannedCategory
  rates: PairRates
}): (counts: PairCounts) => Outcome {
  const { setting, category, rates } = request
  const { marginPer100k } = category
  const pairs = setting.draw.length
  if (marginPer100k === null || pairs === 0) return () => (marginPer100k === null ? 'pass' : 'inconclusive')
  const margin = marginPer100k / 100_000
  if (setting.plan.policy.gate.decideBy === 'point-estimate') {
    return ({ candidateOnly, baselineOnly }) =>
      candidateOnly - baselineOnly > margin * pairs ? 'fail' : 'pass'
  }
  const discordant = rates.candidateOnly + rates.baselineOnly
  const boundary = drawMarginBoundary({ setting, category, marginPer100k, discordant })
  const { levels } = setting.stopping
  // Over a margin by Tango's score, which the exact test comes close to: it is far from where a plan should be.
  const over = (alpha: number) => {
    const deviate = normalDeviate(alpha)
    return (counts: PairCounts) => scoreDifference({ ...counts, pairs }, margin) > deviate
  }
  const isSuspect = over(levels.alpha)
  const isOver = over(levels.alpha / countRivals(setting.plan, category))
  return (counts) => {
    if (margin < 1 && levels.finalDecides && isOver(counts)) return 'fail'
    if (margin < 1 && isSuspect(counts)) return 'inconclusive'
    const differing = counts.candidateOnly + counts.baselineOnly
    return counts.candidateOnly <= Math.round(boundary(differing)) ? 'pass' : 'inconclusive'
  }
}

/** The fewest candidate-only pairs that show it worse, by the baseline-only ones. */
function rememberWorse(alpha: number): (baselineOnly: number) => number {
  const known = new Map<number, number>()
  return (baselineOnly) => {
    const found = known.get(baselineOnly) ?? countWorsePairs({ baselineOnly, alpha })
    known.set(baselineOnly, found)
    return found
  }
}
