import type { Clock } from '../ports.ts'
import type { NotAsked } from './completion.ts'

/** Hard limits of a run. `null`: none. */
export interface BudgetLimits {
  maxRequests: number | null
  maxMinutes: number | null
}

/** Counts requests against the limits of a run; shared by all endpoints. */
export interface Budget {
  /** Takes one request from the budget, or says why there is none left. */
  takeRequest(): NotAsked | null
  requests(): number
}

/** A budget that starts now: a continued run has its own. */
export function createBudget(request: {
  limits: BudgetLimits
  clock: Clock
  cancelled: AbortSignal
}): Budget {
  const { limits, clock, cancelled } = request
  const start = clock.monotonicMs()
  let requests = 0
  return {
    takeRequest() {
      if (cancelled.aborted) return { kind: 'not-asked', reason: 'cancelled' }
      if (limits.maxRequests !== null && requests >= limits.maxRequests)
        return { kind: 'not-asked', reason: 'max-requests' }
      if (limits.maxMinutes !== null && clock.monotonicMs() - start >= limits.maxMinutes * 60_000) {
        return { kind: 'not-asked', reason: 'max-minutes' }
      }
      requests += 1
      return null
    },
    requests: () => requests,
  }
}
