import type { Allowance } from './rate-limits.ts'

/** A wait for what is said to come back is cut to this: a limit that fills more slowly is for refusals to tell. */
const longestWaitMs = 60_000
/** How much the last request counts in what requests take on average. */
const weightOfLast = 0.1

/** What is known of the buckets from which a host gives out requests and tokens. */
export interface BucketView {
  /** When there is enough for one more request; a time that has passed means now. `count`: how many were sent so far. */
  opensMs(state: { nowMs: number; count: number }): number
  /** How many requests come in, per millisecond; `null` where it is not said. */
  perMs(): number | null
  /** `tokens`: what that request took. */
  heard(allowance: Allowance, request: { number: number; sentMs: number; tokens: number }): void
}

/** What was left when a request came in, of a bucket that fills steadily. */
interface Level {
  number: number
  atMs: number
  remaining: number
  limit: number
  perMs: number
}

/**
 * Reckons what is left from what answers said was left when they were asked for, less what was sent since, plus what came
 * in since. What fills steadily and is full again after a time fills by (limit − remaining) / time. What is not said (no
 * limit, or no time) is not reckoned with.
 */
export function createBucketView(): BucketView {
  const levels = new Map<Allowance['of'], Level>()
  let usualTokens = 0
  const opens = (of: Allowance['of'], level: Level, { nowMs, count }: { nowMs: number; count: number }) => {
    const cost = of === 'requests' ? 1 : usualTokens
    const balance = level.remaining + level.perMs * (nowMs - level.atMs) - cost * (count - level.number)
    const left = Math.min(level.limit, balance)
    return left >= cost ? nowMs : nowMs + Math.min(longestWaitMs, (cost - left) / level.perMs)
  }
  return {
    opensMs(state) {
      let opensMs = Number.NEGATIVE_INFINITY
      for (const [of, level] of levels) opensMs = Math.max(opensMs, opens(of, level, state))
      return opensMs
    },
    perMs: () => levels.get('requests')?.perMs ?? null,
    heard({ of, limit, remaining, resetMs }, { number, sentMs, tokens }) {
      if (of === 'tokens' && tokens > 0)
        usualTokens += (tokens - usualTokens) * (usualTokens === 0 ? 1 : weightOfLast)
      const before = levels.get(of)
      if (before !== undefined && before.number > number) return
      if (limit === null || resetMs === null || resetMs <= 0 || limit <= remaining) {
        levels.delete(of)
        return
      }
      levels.set(of, { number, atMs: sentMs, remaining, limit, perMs: (limit - remaining) / resetMs })
    },
  }
}
