import { describeCalls } from './grade/grade.ts'
import type { Plan } from './plan/plan.ts'
import type { Policy } from './policy/schema.ts'
import type { Sample } from './sample/draw.ts'

/** What a run will ask, in words, before it asks anything. */
export function quoteRun(request: {
  plan: Plan
  sample: Sample
  budget: Policy['budget']
  /** Completions of an earlier part. */
  done: number
  /** Known items to grade. */
  known: number
  /** Why the results can't end the run; `null` where they can. */
  off: string | null
}): string {
  const { plan, sample, done, known, off } = request
  const units = sample.turns.length * 2 - done
  const before = done === 0 ? '' : ` (${done} completions of an earlier part of this run are there)`
  const { maxRequests, maxMinutes } = request.budget
  const limits = [
    ...(maxRequests === null ? [] : [`${maxRequests} requests`]),
    ...(maxMinutes === null ? [] : [`${maxMinutes} minutes`]),
  ]
  const budget = limits.length === 0 ? 'no budget is set' : `the budget is ${limits.join(' and ')}`
  const ending =
    off === null ? 'It ends as soon as the results decide.' : `It does not end early by its results: ${off}.`
  const items = known === 0 ? '' : ` and ${known} known items to grade`
  return `${sample.turns.length} turns in two arms: ${units} completions to ask for${items}, ${describeCalls(plan.policy.categories)}, retries not counted${before}; ${budget}. ${ending}`
}
