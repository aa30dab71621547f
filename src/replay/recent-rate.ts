/** How often something happened lately. */
export interface RecentRate {
  happened(nowMs: number): void
  /** Forgets all, and counts from a time on. */
  restart(fromMs: number): void
  perMs(nowMs: number): number
}

/** So many times that are too old are kept before they are thrown away together. */
const mostForgotten = 1024

/** Counts over a window, or over the time since it was restarted; over less than `shortestMs` nothing is a rate. */
export function createRecentRate(settings: { windowMs: number; shortestMs: number }): RecentRate {
  const { windowMs, shortestMs } = settings
  let times: number[] = []
  let first = 0
  let fromMs: number | null = null
  const forgetBefore = (ms: number) => {
    while (first < times.length && (times[first] ?? ms) <= ms) first += 1
    if (first < mostForgotten) return
    times = times.slice(first)
    first = 0
  }
  return {
    happened(nowMs) {
      fromMs ??= nowMs
      times.push(nowMs)
    },
    restart(ms) {
      times = []
      first = 0
      fromMs = ms
    },
    perMs(nowMs) {
      forgetBefore(nowMs - windowMs)
      const spanMs = Math.min(windowMs, nowMs - (fromMs ?? nowMs))
      return (times.length - first) / Math.max(shortestMs, spanMs)
    },
  }
}
