import { formatChance } from '../../forecast/measurability.ts'
import { wantedPower } from '../../forecast/regression-forecast.ts'
import type { Chances } from '../../forecast/run-simulation.ts'
import { formatRate } from '../../policy/rate.ts'
import { formatShare } from '../format.ts'
import { say, type Text, verbatim } from '../text.ts'
import type { CategoryForecast } from './category-forecast.ts'
import type { PlanForecast } from './plan-forecast.ts'

/** A category's forecast in words. */
export interface CategoryText {
  title: Text
  lines: Text[]
  problems: Text[]
}

/** Says what a plan can show of a category. */
export function describeCategoryForecast(
  category: CategoryForecast,
  forecast: Pick<PlanForecast, 'rule'>,
): CategoryText {
  return {
    title: sayTitle(category),
    lines: [
      ...sayChances(category),
      ...sayLimit(category, forecast),
      ...sayRegression(category),
      ...sayMargin(category),
      ...sayJudge(category),
    ],
    problems: category.problems.map(({ message, remedy }) => say`${message}; ${remedy}`),
  }
}

/** `pass 97 %, fail < 1 %, inconclusive 2 %`, of simulated runs: what none of them came to can come all the same. */
export function formatChances({ pass, fail, inconclusive }: Chances): string {
  const show = (chance: number) => formatChance(Math.min(1 - 1e-9, Math.max(1e-9, chance)))
  return `pass ${show(pass)}, fail ${show(fail)}, inconclusive ${show(inconclusive)}`
}

function sayTitle({ id, role, predicted_per_100k: predicted, limit, margin }: CategoryForecast): Text {
  const parts = [
    predicted === null ? 'nothing predicted' : `predicted ${formatRate(predicted)}`,
    ...(limit === null ? [] : [`limit ${formatRate(limit.per_100k)}`]),
    ...(margin === null ? [] : [`margin ${formatRate(margin.per_100k)}`]),
  ]
  return say`${verbatim(id)}${role === 'watch' ? ' (watched)' : ''}: ${parts.join(', ')}`
}

function sayChances({ chances, predicted_per_100k: predicted }: CategoryForecast): Text[] {
  if (chances === null) return []
  const at = predicted === null ? 'if it is like the baseline' : 'at the prediction'
  return [say`verdict, ${at}: ${formatChances(chances)}`]
}

function sayLimit(category: CategoryForecast, forecast: Pick<PlanForecast, 'rule'>): Text[] {
  const { limit, predicted_per_100k: predicted, baseline_per_100k: baseline } = category
  if (limit === null) return []
  if (forecast.rule.decided_by === 'point-estimate') {
    return [say`limit: compared with the observed rate, without any error control`]
  }
  const { smallest_per_100k: smallest, smallest_with_missing_per_100k: withMissing } = limit
  const share = formatShare(forecast.rule.missing_budget_share, 1)
  const missing =
    withMissing > smallest ? `, ${formatRate(withMissing)} when ${share} of the calls fail in both arms` : ''
  const { at_prediction: atPrediction, at_baseline: atBaseline } = limit.turns_to_pass
  const power = formatChance(wantedPower)
  const needed = [
    ...(predicted === null ? [] : [sayTurns(atPrediction, `at the predicted ${formatRate(predicted)}`)]),
    ...(baseline === null || baseline === predicted
      ? []
      : [sayTurns(atBaseline, `at the baseline's ${formatRate(baseline)}`)]),
  ]
  return [
    say`limit: ${formatRate(smallest)} is the smallest that this sample can pass${missing}`,
    ...(needed.length === 0
      ? []
      : [say`limit: passing it with a chance of ${power} takes ${needed.join(', ')}`]),
  ]
}

function sayTurns(turns: number | null, at: string): string {
  return `${turns === null ? 'more turns than there could be' : `${turns.toLocaleString('en-US')} turns`} ${at}`
}

function sayRegression({ regression, baseline_per_100k: baseline }: CategoryForecast): Text[] {
  if (regression === null) return []
  const power = formatChance(wantedPower)
  if (baseline === null) {
    return [say`worse than the baseline: it takes at least ${regression.fewest_pairs} turns to show it`]
  }
  const { worse_from_per_100k: worse } = regression
  return [
    worse === null
      ? say`worse than the baseline: no rate would be found with a chance of ${power}`
      : say`worse than the baseline: found with a chance of ${power} from ${formatRate(worse)} on, if the baseline is at ${formatRate(baseline)}`,
  ]
}

function sayMargin({ margin }: CategoryForecast): Text[] {
  if (margin === null) return []
  const turns = margin.turns_to_pass
  const needed =
    turns === null
      ? 'no sample of up to 20 million turns would have one'
      : `about ${turns.toLocaleString('en-US')} turns have one`
  return [
    say`margin: passes with a chance of ${formatChance(margin.chance_unchanged)} when nothing changed; ${needed} of ${formatChance(wantedPower)}`,
  ]
}

function sayJudge({ judge, limit }: CategoryForecast): Text[] {
  switch (judge.kind) {
    case 'none':
      return []
    case 'uncalibrated':
      return [say`judge: uncalibrated, so that it is not known which rates it can tell from its own errors`]
    case 'unusable':
      return [say`judge: its calibration can't tell turns with the behaviour from those without`]
    case 'calibrated': {
      const over = limit === null ? 'from none at all' : 'from one at the limit'
      return [
        judge.floor_per_100k === null
          ? say`judge: its floor is not known`
          : say`judge: a rate under about ${formatRate(judge.floor_per_100k)} can't be told ${over}, by its false alarms`,
      ]
    }
  }
}
