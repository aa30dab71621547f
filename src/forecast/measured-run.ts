import { estimateCategories } from '../estimate/estimate.ts'
import { sumUses } from '../grade/usage.ts'
import type { Arm } from '../ports.ts'
import type { RunRecord } from '../record/schema.ts'
import type { Usage } from '../replay/completion.ts'
import { estimateIndependence } from './pair-rates.ts'

/** What an earlier run tells of the next one. */
export interface MeasuredRun {
  baseline: string
  /** Turns that it asked in both arms. */
  turns: number
  /** The categories that it was graded in. */
  asked: string[]
  /** By category; none of those without a graded turn of the baseline. */
  categories: Map<string, MeasuredCategory>
  /** Tokens of all its turns. */
  usage: Record<Arm, Usage> & { judge: Usage }
  /** `null` where it was continued: what its first part took is not in its record. */
  requests: number | null
  elapsedMs: number | null
  /** Where its tool calls were answered. */
  trajectories?: MeasuredTrajectories | null
}

/** What trajectories took. */
export interface MeasuredTrajectories {
  /** Requests of one, on the average, and calls of tools in it. */
  requestsEach: number
  callsEach: number
  /** The share of the calls that a model stood in for. */
  simulatedShare: number
}

/** What was seen of a category. */
export interface MeasuredCategory {
  /** The baseline's, a proportion of its graded turns. */
  baselineRate: number
  /** How independently events fell in the two arms (`joinRates`). */
  independence: number
  /** The share of the pairs that differed, a proportion. */
  discordant: number
}

/** Reads a record for what it says of a next run against the same baseline. */
export function readMeasuredRun(record: RunRecord): MeasuredRun {
  const { summary } = record
  const asked = new Set<string>()
  for (const { turn, completion } of record.completions) if (completion.kind !== 'not-asked') asked.add(turn)
  const categories = estimateCategories(record).flatMap(({ category, baseline, regression }) => {
    if (baseline.ratePer100k === null) return []
    const baselineRate = baseline.ratePer100k / 100_000
    const { observed, pairs } = regression
    const differing = observed.candidateOnly + observed.baselineOnly
    const measured: MeasuredCategory = {
      baselineRate,
      independence: estimateIndependence({ differing, pairs, rate: baselineRate }),
      discordant: pairs === 0 ? 0 : differing / pairs,
    }
    return [[category, measured] as const]
  })
  // Each arm of each turn takes a request at least.
  const reused = summary.arms.baseline.reused?.units ?? 0
  const isWhole = summary.cost.requests >= 2 * asked.size && asked.size > 0 && reused === 0
  // The next run may find nothing to reuse: what this one did not ask for would have taken as much as what it did.
  const ofBaseline = asked.size / Math.max(1, asked.size - reused)
  const ofBoth = (2 * asked.size) / Math.max(1, 2 * asked.size - reused)
  return {
    baseline: summary.plan.baseline,
    turns: asked.size,
    asked: summary.plan.policy.categories.map(({ id }) => id),
    categories: new Map(categories),
    usage: {
      baseline: scaleUsage(summary.arms.baseline.usage, ofBaseline),
      candidate: summary.arms.candidate.usage,
      judge: scaleUsage(sumUses(summary.graders), ofBoth),
    },
    requests: isWhole ? summary.cost.requests : null,
    elapsedMs: isWhole ? summary.timing.elapsedMs : null,
    trajectories: measureTrajectories(record),
  }
}

function measureTrajectories({ completions }: Pick<RunRecord, 'completions'>): MeasuredTrajectories | null {
  const trajectories = [...completions].flatMap(({ completion }) =>
    completion.kind === 'completed' && completion.trajectory !== undefined ? [completion.trajectory] : [],
  )
  if (trajectories.length === 0) return null
  const answered = trajectories.flatMap((trajectory) => trajectory.answered)
  const count = (rows: typeof answered) => rows.reduce((sum, { calls }) => sum + calls, 0)
  const calls = count(answered)
  const simulated = count(answered.filter(({ source }) => source === 'simulated' || source === 'similar'))
  const requests = trajectories.reduce((sum, { steps }) => sum + steps + 1, 0)
  return {
    requestsEach: requests / trajectories.length,
    callsEach: calls / trajectories.length,
    simulatedShare: calls === 0 ? 0 : simulated / calls,
  }
}

function scaleUsage({ promptTokens, completionTokens }: Usage, factor: number): Usage {
  return {
    promptTokens: Math.round(promptTokens * factor),
    completionTokens: Math.round(completionTokens * factor),
  }
}
