import { type ClusterIndex, indexClusters } from '../estimate/cluster-summary.ts'
import { countTests, planStopping, type Stopping } from '../estimate/looks.ts'
import { numberNames, type Observation, type State } from '../estimate/observations.ts'
import { chooseMethod, type JudgeError, type Method, weighFor } from '../estimate/rate.ts'
import { findCalibration, type Plan, type PlannedCategory } from '../plan/plan.ts'
import type { SampledTurn } from '../sample/draw.ts'

/** What a plan is forecast from: its rule, and the turns that it draws. */
export interface ForecastSetting {
  plan: Plan
  tier: 'smoke' | 'release'
  /** The drawn turns in their order, with nothing on them yet. */
  draw: readonly Observation[]
  method: Method
  /** Of a weighted draw, made once for all that is asked of it: its conversations, and its turns by their weights. */
  index?: ClusterIndex | undefined
  order?: readonly number[] | undefined
  stopping: Stopping
}

/** Events on turns, by the arms in which they are. */
export interface PairCounts {
  candidateOnly: number
  baselineOnly: number
  both: number
}

const blank = { weight: 1, stratum: 0, baseline: 'none', candidate: 'none' } as const

/** What a comparison with the baseline counts: the turns, or the conversations where they gave several. */
export function countUnits({ draw }: Pick<ForecastSetting, 'draw'>): number {
  return new Set(draw.map(({ cluster }) => cluster)).size
}

/** As many turns as it takes to see which levels a plan has: limits are scaled to them. */
const modelTurns = 1000

/** The rule that will decide a sample. */
export function describeSetting(request: {
  plan: Plan
  tier: 'smoke' | 'release'
  turns: readonly Pick<SampledTurn, 'weight' | 'conversation' | 'stratum'>[]
}): ForecastSetting {
  const { plan, tier } = request
  const clusters = numberNames(request.turns.map(({ conversation }) => conversation))
  const strata = numberNames(request.turns.map(({ stratum }) => stratum))
  const turns = request.turns.map(
    ({ weight }, index): Observation => ({
      weight,
      cluster: clusters[index] ?? 0,
      stratum: strata[index] ?? 0,
      baseline: 'none',
      candidate: 'none',
    }),
  )
  const method = chooseMethod(turns)
  const stopping = planStopping({ plan, tier, turns })
  const draw = weighFor(method, turns)
  return { plan, tier, draw, method, ...indexDraw(draw, method), stopping }
}

/**
 * The same plan's levels with another number of turns. Whether looks pay depends on turns · limit alone, so that a
 * sample of any size is the same to it as a thousand turns against limits that are scaled to them.
 */
export function planStoppingAt(setting: ForecastSetting, turns: number): Stopping {
  const { plan, tier, method, stopping } = setting
  if (method === 'weighted') return stopping
  const scale = turns / modelTurns
  const categories = plan.policy.categories.map((category) => ({
    ...category,
    limitPer100k: category.limitPer100k === null ? null : Math.min(100_000, category.limitPer100k * scale),
  }))
  return planStopping({
    plan: { ...plan, policy: { ...plan.policy, categories } },
    tier,
    turns: Array.from({ length: modelTurns }, (_, cluster) => ({ weight: 1, cluster })),
  })
}

/** The setting of another number of turns, with weights and conversations as the drawn ones have them, over and over. */
export function resizeDraw(setting: ForecastSetting, turns: number): ForecastSetting {
  const { draw } = setting
  const resized = Array.from({ length: turns }, (_, place): Observation => {
    const turn = draw[place % draw.length] ?? { ...blank, cluster: 0 }
    return { ...turn, cluster: turn.cluster + draw.length * Math.floor(place / draw.length) }
  })
  const index = indexDraw(resized, setting.method)
  return { ...setting, draw: resized, ...index, stopping: planStoppingAt(setting, turns) }
}

function indexDraw(draw: readonly Observation[], method: Method): Pick<ForecastSetting, 'index' | 'order'> {
  if (method === 'exact') return { index: undefined, order: undefined }
  const weigh = (place: number) => draw[place]?.weight ?? 0
  const order = draw.map((_, place) => place).toSorted((a, b) => weigh(a) - weigh(b) || a - b)
  return { index: indexClusters(draw), order }
}

/** The same setting with another limit or margin for one category. */
export function changeCategory(
  setting: ForecastSetting,
  changed: Pick<PlannedCategory, 'id'> & Partial<PlannedCategory>,
): ForecastSetting {
  const { plan, tier, draw } = setting
  const categories = plan.policy.categories.map((category) =>
    category.id === changed.id ? { ...category, ...changed } : category,
  )
  const other = { ...plan, policy: { ...plan.policy, categories } }
  return { ...setting, plan: other, stopping: planStopping({ plan: other, tier, turns: draw }) }
}

/** How the errors of a category's judge enter; the flags of a run that is yet to be measured were not read. */
export function describeJudge(plan: Plan, category: PlannedCategory): JudgeError | null {
  const calibration = findCalibration(plan, category)
  return calibration === null ? null : { calibration, mode: plan.policy.gate.judgeError, flagsAudited: false }
}

/** The tests that share one error rate with a category's: all blocking ones', or a watched one's alone. */
export function countRivals(plan: Plan, { role }: PlannedCategory): number {
  return role === 'watch' ? 1 : Math.max(1, countTests(plan))
}

/**
 * The drawn turns with so many events on them, spread evenly: over the order where turns count alike, else over the
 * weights, as events that fall on any turn with the same chance are on average.
 */
export function spreadEvents(setting: ForecastSetting, counts: PairCounts): Observation[] {
  const { draw, order } = setting
  const total = counts.candidateOnly + counts.baselineOnly + counts.both
  const observations = [...draw]
  for (let event = 0; event < total; event += 1) {
    const place = Math.floor(((event + 0.5) * draw.length) / total)
    const index = order?.[place] ?? place
    const turn = draw[index]
    if (turn !== undefined) observations[index] = { ...turn, ...chooseStates(event, total, counts) }
  }
  return observations
}

// Each kind is spread over the whole, by its share of the events so far.
function chooseStates(
  event: number,
  total: number,
  { candidateOnly, baselineOnly }: PairCounts,
): Record<'candidate' | 'baseline', State> {
  const reached = (count: number) =>
    Math.floor(((event + 1) * count) / total) > Math.floor((event * count) / total)
  const differing = candidateOnly + baselineOnly
  if (!reached(differing)) return { candidate: 'event', baseline: 'event' }
  const before = Math.floor((event * differing) / total)
  const isCandidates =
    Math.floor(((before + 1) * candidateOnly) / differing) > Math.floor((before * candidateOnly) / differing)
  return isCandidates ? { candidate: 'event', baseline: 'none' } : { candidate: 'none', baseline: 'event' }
}
