/** GitHub's clock, for the stand-ins: it moves on by a minute with all that it dates, so that no two times are the same. */
export type ServerClock = {
  /** The time of what happens now, ISO 8601 in whole seconds. */
  tick: () => string
}

export function createServerClock(start = '2026-11-02T08:00:00Z'): ServerClock {
  let minutes = 0
  return {
    tick: () => {
      minutes++
      return new Date(Date.parse(start) + minutes * 60_000).toISOString().replace('.000', '')
    },
  }
}
