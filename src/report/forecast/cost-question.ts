import type { MeasuredRun } from '../../forecast/measured-run.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Policy } from '../../policy/schema.ts'
import { firstConcurrency } from '../../replay/host.ts'
import type { Sample } from '../../sample/draw.ts'
import type { RunSets } from './graded-items.ts'
import type { ModelPrice } from './price.ts'

/** What is expected, and the most that there can be; `null` where it is not known. Retries are not counted. */
export interface Amount {
  expected: number | null
  at_most: number | null
}

/** What a cost is forecast from. */
export interface CostQuestion {
  plan: Plan
  sample: Sample
  policy: Pick<Policy, 'budget'> & {
    prices: Readonly<Record<string, ModelPrice>>
    replay: Pick<Policy['replay'], 'concurrency'> & Partial<Pick<Policy['replay'], 'via'>>
    judge?: { via: 'live' | 'batch' } | null
  }
  labelledSets: RunSets
  /** The mean of the turns that are asked; `null` where nothing is predicted. */
  expectedTurns: number | null
  /** The share of the turns that a category's first grader flags, by category; 1 where it is not known. */
  flagged: ReadonlyMap<string, number>
  measured: MeasuredRun | null
}

/** How many requests are taken to be under way at an endpoint; what `auto` will find is not known. */
export function reckonConcurrency(concurrency: Policy['replay']['concurrency']): number {
  return concurrency === 'auto' ? firstConcurrency : concurrency
}

/** Whether the arms, and the judges, are asked live or in batches. */
export function describeVia({ policy }: CostQuestion): { arms: 'live' | 'batch'; judges: 'live' | 'batch' } {
  return { arms: policy.replay.via ?? 'live', judges: policy.judge?.via ?? 'live' }
}

/** Of a completion that nothing is known of. */
export const answerTokens = 250
export const latencyMs = 5000
