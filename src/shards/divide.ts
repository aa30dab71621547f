import type { BudgetPolicy } from '../policy/budget-policy.ts'
import type { Policy } from '../policy/schema.ts'
import type { Spent } from '../replay/spent.ts'

const nothing: Spent = { requests: 0, elapsedMs: 0, promptTokens: 0, completionTokens: 0, usd: 0 }

/**
 * A policy whose limits are one shard's: of what is left of requests, tokens and dollars, and of a fixed concurrency, its
 * share; of the time all of it, since shards measure side by side.
 */
export function divideLimits(policy: Policy, parts: { of: number; spent: Spent | null }): Policy {
  const { of, spent } = parts
  const { concurrency } = policy.replay
  return {
    ...policy,
    budget: divideBudget(policy.budget, { of, spent: spent ?? nothing }),
    replay: {
      ...policy.replay,
      concurrency: concurrency === 'auto' ? concurrency : Math.max(1, Math.floor(concurrency / of)),
    },
  }
}

function divideBudget(budget: BudgetPolicy, { of, spent }: { of: number; spent: Spent }): BudgetPolicy {
  const share = (limit: number | null, taken: number) =>
    limit === null ? null : Math.max(0, limit - taken) / of
  const whole = (limit: number | null) => (limit === null ? null : Math.floor(limit))
  return {
    maxRequests: whole(share(budget.maxRequests, spent.requests)),
    maxTokens: whole(share(budget.maxTokens, spent.promptTokens + spent.completionTokens)),
    maxUsd: share(budget.maxUsd, spent.usd ?? 0),
    maxMinutes: budget.maxMinutes === null ? null : Math.max(0, budget.maxMinutes - spent.elapsedMs / 60_000),
  }
}

/** What jobs took together: those of a wave measured side by side, so that the longest time of each is the wave's. */
export function addSpent(taken: readonly { wave: number; spent: Spent | null }[]): Spent | null {
  const known = taken.flatMap(({ wave, spent }) => (spent === null ? [] : [{ wave, spent }]))
  if (known.length === 0) return null
  const sum = (read: (spent: Spent) => number) => known.reduce((total, { spent }) => total + read(spent), 0)
  const longest = new Map<number, number>()
  for (const { wave, spent } of known) {
    longest.set(wave, Math.max(longest.get(wave) ?? 0, spent.elapsedMs))
  }
  return {
    requests: sum((spent) => spent.requests),
    elapsedMs: [...longest.values()].reduce((total, ms) => total + ms, 0),
    promptTokens: sum((spent) => spent.promptTokens),
    completionTokens: sum((spent) => spent.completionTokens),
    usd: known.some(({ spent }) => spent.usd === null) ? null : sum((spent) => spent.usd ?? 0),
  }
}
