import type { Clock } from '../ports.ts'
import type { FailureCause } from './completion.ts'

/**
 * So many requests in a row that failed in transport look like an outage: with one in a hundred failing by chance, ten in
 * a row are one in 10²⁰.
 */
export const suspectFailures = 10
/**
 * An outage as long as this ends the run. A server that restarts and loads its weights again is back within a few
 * minutes; what waits longer costs the job more than the rerun, which continues.
 */
export const downAfterMs = 300_000
/** Between two requests of an endpoint that looks down. */
const firstTrialMs = 1000
const longestTrialMs = 30_000
/** Of an endpoint that never answered: so many are enough to be suspect, and at their deadlines, over so long, to be sure. */
export const firstFailures = 5
export const hangingAfterMs = 30_000

/** What a row of failures looks like. */
export type Suspicion =
  | { kind: 'none' }
  /** To be tried with one request at a time, the next after a pause. */
  | { kind: 'trial'; pauseMs: number }
  /** It never answered, and keeps requests hanging. */
  | { kind: 'hanging'; failures: number }
  | { kind: 'down'; failures: number; forMs: number }

/** Watches one endpoint for failures in a row. */
export interface Breaker {
  /** It answered, with whatever: it is there. */
  answered(): void
  /** A request failed in transport. */
  failed(failure: { sentMs: number; cause: FailureCause }): Suspicion
}

/**
 * A circuit breaker, as M. Nygard describes it in "Release It!": after failures in a row the endpoint is tried with one
 * request at a time ("half open"), so that an outage does not use up the attempts of everything that is still to be
 * asked; when it lasts, the endpoint is down.
 */
export function createBreaker(settings: { clock: Clock; answeredBefore: boolean }): Breaker {
  const { clock } = settings
  let hasAnswered = settings.answeredBefore
  let failures = 0
  let timeouts = 0
  let sinceMs = 0
  return {
    answered() {
      hasAnswered = true
      failures = 0
      timeouts = 0
    },
    failed({ sentMs, cause }) {
      sinceMs = failures === 0 ? sentMs : Math.min(sinceMs, sentMs)
      failures += 1
      if (cause === 'timeout') timeouts += 1
      const forMs = clock.monotonicMs() - sinceMs
      if (!hasAnswered) {
        if (timeouts >= firstFailures && forMs >= hangingAfterMs) return { kind: 'hanging', failures }
        // Whether it is there at all should be known soon.
        return failures < firstFailures ? { kind: 'none' } : { kind: 'trial', pauseMs: 0 }
      }
      if (failures < suspectFailures) return { kind: 'none' }
      if (forMs >= downAfterMs) return { kind: 'down', failures, forMs }
      const doubled = firstTrialMs * 2 ** (failures - suspectFailures)
      return { kind: 'trial', pauseMs: Math.min(longestTrialMs, doubled) }
    },
  }
}
