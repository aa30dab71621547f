import type { Allowance } from './rate-limits.ts'

/** A wait for what is said to come back is cut to this: a limit that fills more slowly is for refusals to tell. */
const longestWaitMs = 60_000
/** So much is left in the bucket, as what is said of it is rounded and comes late: requests, and a share of the whole. */
const mostKept = 2
const keptShare = 0.02
/** What is told where nearly as much is used as ever counts. */
const nearlyShare = 0.9
/** How much the last request counts in what requests take on average. */
const weightOfLast = 0.1
/** Requests that are remembered: more than can be under way. */
const mostRemembered = 2048

/** What is known of the buckets from which a host gives out requests and tokens. */
export interface BucketView {
  /** When there is enough for one more request; a time that has passed means now. */
  opensMs(nowMs: number): number
  /** Notes a request; the first has the number 1. */
  sent(nowMs: number): void
  /** How many requests come in, per millisecond; `null` where it is not said. */
  perMs(): number | null
  /** `tokens`: what that request took. */
  heard(allowance: Allowance, request: { number: number; sentMs: number; tokens: number }): void
}

/** A bucket that fills steadily, as it was at a time. */
interface Bucket {
  /** The request that it was said of. */
  number: number
  atMs: number
  left: number
  limit: number
  perMs: number
  /** How much was used when `perMs` was told: the more, the less it matters that all of it is rounded. */
  told: number
}

/**
 * Reckons what is left from what answers said was left when they were asked for, less what was sent since, plus what came
 * in since. What fills steadily and is full again after a time fills by (limit − remaining) / time. What is not said (no
 * limit, or no time) is not reckoned with.
 */
export function createBucketView(): BucketView {
  const buckets = new Map<Allowance['of'], Bucket>()
  let times: number[] = []
  let forgotten = 0
  let usualTokens = 0
  const costOf = (of: Allowance['of']) => (of === 'requests' ? 1 : usualTokens)
  return {
    opensMs(nowMs) {
      let opensMs = Number.NEGATIVE_INFINITY
      for (const [of, bucket] of buckets)
        opensMs = Math.max(opensMs, findOpening({ bucket, cost: costOf(of), nowMs }))
      return opensMs
    },
    sent(nowMs) {
      times.push(nowMs)
      if (times.length >= 2 * mostRemembered) {
        forgotten += mostRemembered
        times = times.slice(mostRemembered)
      }
      for (const [of, bucket] of buckets) take({ bucket, cost: costOf(of), nowMs })
    },
    perMs: () => buckets.get('requests')?.perMs ?? null,
    heard({ of, limit, remaining, resetMs }, { number, sentMs, tokens }) {
      if (of === 'tokens' && tokens > 0)
        usualTokens += (tokens - usualTokens) * (usualTokens === 0 ? 1 : weightOfLast)
      const before = buckets.get(of)
      if (before !== undefined && before.number > number) return
      if (limit === null || resetMs === null || resetMs <= 0 || limit <= remaining) {
        buckets.delete(of)
        return
      }
      const used = limit - remaining
      const isBest = before === undefined || before.limit !== limit || used >= nearlyShare * before.told
      // What is left is rounded down: by up to one less may have been used.
      const perMs = Math.max(used / 2, used - 1) / resetMs
      const rate = isBest ? { perMs, told: used } : { perMs: before.perMs, told: before.told }
      const bucket = { number, atMs: sentMs, left: remaining, limit, ...rate }
      // What came in while it was full was lost: each request since is taken at its time.
      for (const nowMs of times.slice(Math.max(0, number - forgotten)))
        take({ bucket, cost: costOf(of), nowMs })
      buckets.set(of, bucket)
    },
  }
}

function take({ bucket, cost, nowMs }: { bucket: Bucket; cost: number; nowMs: number }): void {
  bucket.left = Math.min(bucket.limit, bucket.left + bucket.perMs * (nowMs - bucket.atMs)) - cost
  bucket.atMs = nowMs
}

function findOpening({ bucket, cost, nowMs }: { bucket: Bucket; cost: number; nowMs: number }): number {
  const { left, atMs, limit, perMs } = bucket
  const there = Math.min(limit, left + perMs * (nowMs - atMs))
  const needed = cost + Math.min(mostKept * cost, keptShare * limit)
  return there >= needed ? nowMs : nowMs + Math.min(longestWaitMs, (needed - there) / perMs)
}
