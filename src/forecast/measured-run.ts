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
  const asked = new Set(
    record.completions.flatMap(({ turn, completion }) => (completion.kind === 'not-asked' ? [] : [turn])),
  )
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
  const isWhole = summary.cost.requests >= 2 * asked.size && asked.size > 0
  return {
    baseline: summary.plan.baseline,
    turns: asked.size,
    asked: summary.plan.policy.categories.map(({ id }) => id),
    categories: new Map(categories),
    usage: {
      baseline: summary.arms.baseline.usage,
      candidate: summary.arms.candidate.usage,
      judge: sumUses(summary.graders),
    },
    requests: isWhole ? summary.cost.requests : null,
    elapsedMs: isWhole ? summary.timing.elapsedMs : null,
  }
}
