import { binomialCdf } from '../estimate/distributions.ts'
import { boundCalibration } from '../estimate/judge-error.ts'
import type { Levels } from '../estimate/levels.ts'
import { isWithinMargin } from '../estimate/margin.ts'
import { planPairsWithinMargin } from '../estimate/margin-test.ts'
import { findFirstNear } from '../estimate/search.ts'
import type { PlannedCategory } from '../plan/plan.ts'
import { describeJudge, type ForecastSetting, resizeDraw, spreadEvents } from './forecast-setting.ts'
import { quantileBinomial } from './limit-forecast.ts'

/** Two arms of one checkpoint: a share of the pairs differs, as often in the one direction as in the other. */
export interface Unchanged {
  /** Proportion. */
  discordant: number
  power: number
}

const mostPairs = 20_000_000
/** Numbers of differing pairs whose boundary is computed where there are many; between them it is close to a line. */
const knots = 5
/** Up to so many there is no line: the exact test goes in steps, and the clustered one changes where few pairs differ. */
const mostSingle = 40
/** Standard deviations around the expected number of differing pairs that are summed over: 6e-5 lies outside. */
const reach = 4
/** As of `estimateMargin`: of α, what each of the two bounds of a calibration takes. A first guess alone rests on it. */
const calibrationShare = 0.1
const marginHalvings = 40
const marginStep = 1.15
/** Half of what a margin may be at least: 0.5 per 100,000. */
const smallestMargin = 0.0000025
/** Above so many pairs the steps of the exact test are small. */
const mostRefined = 20_000
const growth = 1.02

/** What is asked of a category's margin. */
type MarginQuestion = { setting: ForecastSetting; category: PlannedCategory } & Unchanged

/** The fewest pairs, to 2 %, that pass a margin with a power when nothing changed; `null`: not even 20 million do. */
export function findPairsToPass(request: MarginQuestion): number | null {
  const planned = planPairs({ ...request, levels: request.setting.stopping.levels })
  const marginPer100k = request.category.marginPer100k ?? 0
  return planned === null ? null : refinePairs({ ...request, marginPer100k, planned })
}

/**
 * The exact test of few pairs rejects in steps, so that the approximation can be short of the wanted power: pairs are
 * added until the test itself has it. A large sample is left at the approximation.
 */
function refinePairs(request: BoundaryQuestion & { power: number; planned: number }): number {
  const { setting, power, planned } = request
  let pairs = planned
  while (pairs <= mostRefined) {
    if (computeChanceWithin({ ...request, setting: resizeDraw(setting, pairs) }) >= power) return pairs
    pairs = Math.ceil(pairs * growth)
  }
  return pairs
}

/** The chance that a margin is passed with another number of pairs, by the large-sample approximation of the test. */
export function approximateChance(
  request: { setting: ForecastSetting; category: PlannedCategory; levels: Levels; pairs: number } & Pick<
    Unchanged,
    'discordant'
  >,
): number {
  let reached = 0
  let missed = 1
  for (let halving = 0; halving < marginHalvings; halving += 1) {
    const power = (reached + missed) / 2
    const needed = planPairs({ ...request, power })
    if (needed !== null && needed <= request.pairs) reached = power
    else missed = power
  }
  return reached
}

/**
 * The smallest margin (per 100,000 turns, to two digits) that the drawn turns pass with a power when nothing changed;
 * `null` when none under 100 % does. Where the expected number of pairs differs, and of those as many are the
 * candidate's as are not exceeded with that power, the margin that just passes is about the one: the search goes on from there.
 */
export function findMarginToPass(request: MarginQuestion): number | null {
  const { setting, power, discordant } = request
  if (setting.draw.length === 0) return null
  const differing = Math.round(setting.draw.length * discordant)
  const candidateOnly = quantileBinomial({ trials: differing, rate: 0.5, probability: power })
  let refused = 0
  let passed = 1
  // To two digits: the ends are then within 1 % of each other.
  while (passed - refused > passed / 100 && passed > smallestMargin) {
    const middle = refused === 0 ? passed / 4 : (refused + passed) / 2
    if (isWithin({ ...request, differing, candidateOnly, marginPer100k: middle * 100_000 })) passed = middle
    else refused = middle
  }
  return findByChance({
    start: roundUpToTwoDigits(passed * 100_000),
    isEnough: (marginPer100k) => computeChanceWithin({ ...request, marginPer100k }) >= power,
  })
}

/** From a first guess to one that is enough, in growing or falling steps, and then to two digits by bisection. */
function findByChance(search: {
  start: number
  isEnough: (marginPer100k: number) => boolean
}): number | null {
  const { isEnough } = search
  let enough = search.start
  let short = enough
  // The clustered test has no variance to go by where few conversations differ, and jumps there.
  if (isEnough(enough)) {
    for (short = enough / marginStep; isEnough(short); short /= marginStep) enough = roundUpToTwoDigits(short)
  } else {
    for (enough *= marginStep; !isEnough(enough); enough *= marginStep) {
      if (enough >= 100_000) return null
      short = enough
    }
  }
  for (;;) {
    const middle = roundUpToTwoDigits((short + enough) / 2)
    if (middle >= enough) break
    if (isEnough(middle)) enough = middle
    else short = middle
  }
  const rounded = roundUpToTwoDigits(enough)
  return rounded < 100_000 ? rounded : null
}

/** Rounded up to two digits, as rates are shown: who writes the rate that was advised passes. */
export function roundUpToTwoDigits(per100k: number): number {
  if (per100k <= 0) return 0
  const digits = Math.floor(Math.log10(per100k)) - 1
  const step = Number(`1e${digits}`)
  return Number((Math.ceil(Number((per100k / step).toPrecision(12))) * step).toPrecision(2))
}

function planPairs(request: MarginQuestion & { levels: Levels }): number | null {
  const { setting, category, levels, discordant, power } = request
  const margin = (category.marginPer100k ?? 0) / 100_000
  const judge = describeJudge(setting.plan, category)
  const plan = { discordant, power, maxPairs: mostPairs }
  if (margin <= 0 || discordant >= 1) return null
  if (judge === null) return margin >= 1 ? 1 : planPairsWithinMargin({ ...plan, margin, alpha: levels.alpha })
  const { sensitivityLower, falsePositiveUpper } = boundCalibration({
    calibration: judge.calibration,
    alpha: levels.alpha * calibrationShare,
  })
  const shown = margin * (sensitivityLower - falsePositiveUpper)
  const alpha = levels.alpha * (1 - 2 * calibrationShare)
  return shown <= 0 || shown >= 1 ? null : planPairsWithinMargin({ ...plan, margin: shown, alpha })
}

/**
 * The chance that the drawn turns pass a margin when nothing changed, by asking the test that will decide:
 * Σ P(N differ)·P(of N, at most the boundary's are the candidate's).
 */
export function computeChanceWithin(request: BoundaryQuestion): number {
  const { discordant } = request
  const trials = request.setting.draw.length
  if (trials === 0) return 0
  const { least, most } = chooseRange(trials, discordant)
  const boundary = drawMarginBoundary(request)
  let chance = 0
  let below = binomialCdf({ events: least - 1, trials, rate: discordant })
  for (let differing = least; differing <= most; differing += 1) {
    const cumulated = binomialCdf({ events: differing, trials, rate: discordant })
    const candidateOnly = Math.min(Math.round(boundary(differing)), differing)
    if (candidateOnly >= 0) {
      const within = binomialCdf({ events: candidateOnly, trials: differing, rate: 0.5 })
      chance += (cumulated - below) * within
    }
    below = cumulated
  }
  return Math.min(1, chance)
}

/** What the boundary of a margin is drawn for. */
export interface BoundaryQuestion {
  setting: ForecastSetting
  category: PlannedCategory
  marginPer100k: number
  /** The share of pairs that will differ, a proportion: it is drawn around their expected number. */
  discordant: number
}

/**
 * The most candidate-only pairs that pass a margin, by the number of pairs that differ: the real test's at a few such
 * numbers, and on a line between them, to be rounded (whole numbers on a line lie half a pair under it on average).
 */
export function drawMarginBoundary(request: BoundaryQuestion): (differing: number) => number {
  const { least, most } = chooseRange(request.setting.draw.length, request.discordant)
  const known = new Map<number, number>()
  const countAt = (differing: number) => {
    const near = known.get(differing - 1)
    const guess = near === undefined ? guessWithin(request, differing) : near
    const counted = known.get(differing) ?? countWithin({ ...request, differing, guess })
    known.set(differing, counted)
    return counted
  }
  if (most - least < mostSingle) return countAt
  const places = Array.from({ length: knots }, (_, index) =>
    Math.round(least + ((most - least) * index) / (knots - 1)),
  )
  return (differing) => {
    const index = places.findIndex((place, at) => at > 0 && place >= differing)
    const to = places[index] ?? most
    const from = places[index - 1] ?? least
    const [atFrom, atTo] = [countAt(from), countAt(to)]
    return atFrom + ((differing - from) / (to - from)) * (atTo - atFrom)
  }
}

function chooseRange(trials: number, discordant: number): { least: number; most: number } {
  const spread = reach * Math.sqrt(trials * discordant * (1 - discordant))
  return {
    least: Math.max(0, Math.floor(trials * discordant - spread)),
    most: Math.min(trials, Math.ceil(trials * discordant + spread)),
  }
}

function guessWithin({ setting, marginPer100k }: BoundaryQuestion, differing: number): number {
  return Math.round((differing + (setting.draw.length * marginPer100k) / 200_000) / 2)
}

/** The most candidate-only pairs of so many differing ones that are within the margin; −1 where none is. */
function countWithin(request: {
  setting: ForecastSetting
  category: PlannedCategory
  marginPer100k: number
  differing: number
  guess: number
}): number {
  const { differing, guess } = request
  const first = findFirstNear({
    guess,
    least: 0,
    most: differing,
    isReached: (candidateOnly) => !isWithin({ ...request, candidateOnly }),
  })
  return first === null ? differing : first - 1
}

function isWithin(request: {
  setting: ForecastSetting
  category: PlannedCategory
  marginPer100k: number
  differing: number
  candidateOnly: number
}): boolean {
  const { setting, category, marginPer100k, differing, candidateOnly } = request
  const { alpha } = setting.stopping.levels
  if (setting.plan.policy.gate.decideBy === 'point-estimate') {
    return 2 * candidateOnly - differing <= (setting.draw.length * marginPer100k) / 100_000
  }
  const counts = { candidateOnly, baselineOnly: differing - candidateOnly }
  return isWithinMargin({
    observations: spreadEvents(setting, { ...counts, both: 0 }),
    alpha,
    method: setting.method,
    missingRule: 'within-budget',
    judge: describeJudge(setting.plan, category),
    marginPer100k,
  })
}
