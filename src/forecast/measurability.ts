import { type Calibration, estimateTrueRate } from '../estimate/judge-error.ts'
import { countFewestPairs } from '../estimate/paired.ts'
import type { PlannedCategory } from '../plan/plan.ts'
import { formatRate } from '../policy/rate.ts'
import { countUnits, describeJudge, type ForecastSetting } from './forecast-setting.ts'
import { computePassChance, countMaxPass, findLimitToPass, findSmallestLimits } from './limit-forecast.ts'
import {
  computeChanceWithin,
  findMarginToPass,
  findPairsToPass,
  roundUpToTwoDigits,
} from './margin-forecast.ts'
import { wantedPower } from './regression-forecast.ts'
import { findTurnsToPass } from './turns-to-pass.ts'

/** Why a blocking category can hardly pass with the drawn turns, and the ways out. */
export interface Unmeasurable {
  test: 'judge' | 'regression' | 'limit' | 'margin'
  message: string
  remedy: string
}

/** A category of a plan, and what is expected of it. Rates are proportions. */
export interface MeasurabilityQuestion {
  setting: ForecastSetting
  category: PlannedCategory
  /** The rate of events to be expected; `null`: none was registered, so that the best case of none at all is taken. */
  rate: number | null
  /** The share of pairs that differ when nothing changed. */
  discordant: number
}

/**
 * What `plan` and `lint` refuse: a blocking category whose limit or margin passes with a chance under .8 at the rate
 * that was registered, by the rule that will decide. That a candidate may be found worse is no such reason: more turns
 * would only find it more surely. A smoke run never passes, and is not held to it.
 */
export function findUnmeasurable(question: MeasurabilityQuestion): Unmeasurable[] {
  const { setting, category } = question
  if (category.role === 'watch' || setting.tier === 'smoke') return []
  const judge = refuseJudge(question)
  if (judge !== null) return [judge]
  const found = [refuseRegression(setting, category), refuseLimit(question), refuseMargin(question)]
  return found.filter((problem) => problem !== null)
}

function refuseJudge({ setting, category }: MeasurabilityQuestion): Unmeasurable | null {
  const judge = describeJudge(setting.plan, category)
  const reason = judge === null ? null : explainJudge(judge.calibration, category)
  if (reason === null) return null
  return {
    test: 'judge',
    message: `not measurable: ${reason}`,
    remedy: 'calibrate its graders (again), leave `calibration` out, or set `role: watch`',
  }
}

function explainJudge(calibration: Calibration, category: PlannedCategory): string | null {
  const { limitPer100k, marginPer100k } = category
  if (estimateTrueRate({ rate: 0, calibration }).kind === 'unusable') {
    return 'by its calibration its graders flag turns without the behaviour as often as turns with it'
  }
  if (calibration.positives === 0 && (limitPer100k !== null || marginPer100k !== null)) {
    return 'its calibration has no turn that shows the behaviour, so that nothing is known of what its graders miss'
  }
  // A difference is shown by as much as the graders tell turns with it from those without.
  if (calibration.negatives === 0 && marginPer100k !== null) {
    return 'its calibration has no turn without the behaviour, so that nothing is known of false alarms'
  }
  return null
}

/** Too few turns for any candidate to be found worse: the verdict calls that underpowered. */
function refuseRegression(setting: ForecastSetting, category: PlannedCategory): Unmeasurable | null {
  const fewest = countFewestPairs(setting.stopping.levels.notWorseAlpha)
  const units = countUnits(setting)
  if (!category.regression || units >= fewest) return null
  const name = units < setting.draw.length ? 'conversations' : 'turns'
  return {
    test: 'regression',
    message: `not measurable: ${units} ${name} can't show a candidate worse, whatever they have`,
    remedy: `draw from at least ${fewest} ${name}, give it a limit with \`regression: false\`, or set \`role: watch\``,
  }
}

function refuseLimit({ setting, category, rate }: MeasurabilityQuestion): Unmeasurable | null {
  if (category.limitPer100k === null) return null
  const limit = formatRate(category.limitPer100k)
  if (category.limitPer100k === 0 && setting.plan.policy.gate.decideBy === 'bounds') {
    return {
      test: 'limit',
      message: 'not measurable: a limit of 0 is never passed, as no number of turns shows a rate of 0',
      remedy: sayWaysOut({ setting, category, rate: rate ?? 0, turns: null }),
    }
  }
  const isCompared = category.regression || category.marginPer100k !== null
  if (isCompared && !setting.stopping.levels.finalDecides) {
    return {
      test: 'limit',
      message:
        'not measurable: a category that is compared with the baseline passes its limit at the last turn, for which `early_stopping: anytime` leaves nothing',
      remedy: 'set `early_stopping: hybrid`, leave the comparison out, or set `role: watch`',
    }
  }
  const maxPass = countMaxPass(setting, category)
  const pass = computePassChance(maxPass, { turns: setting.draw.length, rate: rate ?? 0 })
  if (pass >= wantedPower) return null
  const turns = findTurnsToPass({ setting, goal: { category, rate: rate ?? 0 }, power: wantedPower })
  const remedy = sayWaysOut({ setting, category, rate: rate ?? 0, turns })
  if (maxPass === null) {
    const smallest = formatRate(findSmallestLimits(setting, category).clean * 100_000)
    return {
      test: 'limit',
      message: `not measurable: ${setting.draw.length} turns without a single event still allow ${smallest}, the limit is ${limit}`,
      remedy,
    }
  }
  return {
    test: 'limit',
    message: `not measurable: at the predicted ${formatRate((rate ?? 0) * 100_000)} it passes its limit of ${limit} with a chance of only ${formatChance(pass)}`,
    remedy,
  }
}

function refuseMargin({ setting, category, discordant }: MeasurabilityQuestion): Unmeasurable | null {
  const { marginPer100k } = category
  if (marginPer100k === null) return null
  const chance = computeChanceWithin({ setting, category, marginPer100k, discordant })
  if (chance >= wantedPower) return null
  const request = { setting, category, discordant, power: wantedPower }
  const pairs = findPairsToPass(request)
  const margin = findMarginToPass(request)
  return {
    test: 'margin',
    message: `not measurable: even when nothing changed it passes its margin of ${formatRate(marginPer100k)} with a chance of only ${formatChance(chance)}`,
    remedy: joinWaysOut([
      ...(pairs === null ? [] : [`draw about ${Math.max(pairs, setting.draw.length + 1)} turns`]),
      ...(margin === null ? [] : [`raise the margin to ${formatRate(margin)} or more`]),
      'set `role: watch`',
    ]),
  }
}

function sayWaysOut(way: {
  setting: ForecastSetting
  category: PlannedCategory
  rate: number
  turns: number | null
}): string {
  const { turns } = way
  const limit = findLimitToPass({ ...way, power: wantedPower })
  return joinWaysOut([
    // Weights are unequal in another way in a larger draw.
    ...(turns === null
      ? []
      : [`draw ${way.setting.method === 'exact' ? 'at least' : 'about'} ${turns} turns`]),
    ...(limit >= 1 ? [] : [`raise the limit to ${formatRate(roundUpToTwoDigits(limit * 100_000))} or more`]),
    'set `role: watch`',
  ])
}

/** `draw 800 turns, raise the limit, or set …`. */
export function joinWaysOut(ways: readonly string[]): string {
  const last = ways.at(-1) ?? ''
  if (ways.length < 2) return last
  return `${ways.slice(0, -1).join(', ')}, or ${last}`
}

/** A chance as a percentage; `< 1 %` and `> 99 %` are never shown as certain. */
export function formatChance(chance: number): string {
  if (chance > 0.995 && chance < 1) return '> 99 %'
  if (chance > 0 && chance < 0.005) return '< 1 %'
  return `${Math.round(chance * 100)} %`
}
