import { describe, expect, it } from '@jest/globals'
import { createBucketView } from '../../src/replay/bucket-view.ts'
import { createPace, longestPauseMs, type Pace } from '../../src/replay/pace.ts'
import type { Allowance } from '../../src/replay/rate-limits.ts'

/** Sends requests at a rate for some time; the number of the last one. */
function send(
  pace: Pace,
  { fromMs, forMs, perMs }: { fromMs: number; forMs: number; perMs: number },
): number {
  let number = 0
  for (let count = 0; count < forMs * perMs; count += 1) number = pace.sent(fromMs + count / perMs)
  return number
}

const open = () => createPace({ random: () => 0.5 })
/** How fast requests go one after the other from a time on. */
function measurePerMs(pace: Pace, fromMs: number, forMs: number): number {
  let nowMs = fromMs
  let count = 0
  while (nowMs < fromMs + forMs) {
    pace.sent(nowMs)
    count += 1
    nowMs = Math.max(nowMs + 0.01, pace.opensMs(nowMs))
  }
  return count / forMs
}

describe('a pause', () => {
  it('is as long as the host asks for, and never longer than a minute', () => {
    for (const [asked, pauseMs] of [
      [7000, 7000],
      [0, 0],
      [86_400_000, longestPauseMs],
    ] as const) {
      const pace = open()
      const number = pace.sent(0)
      pace.refused({ number, nowMs: 100, retryAfterMs: asked })
      expect(pace.pausedUntilMs()).toBe(100 + pauseMs)
    }
  })

  it('grows with each refusal in a row, also where the host asks for less, and begins anew once one is taken', () => {
    const pace = open()
    const pauses: number[] = []
    let nowMs = 0
    const refuse = (retryAfterMs: number | null) => {
      const number = pace.sent(nowMs)
      pace.refused({ number, nowMs, retryAfterMs })
      pauses.push(pace.pausedUntilMs() - nowMs)
      nowMs = pace.pausedUntilMs()
    }
    pace.taken({ number: pace.sent(0) })
    for (let count = 0; count < 10; count += 1) refuse(null)
    expect(pauses).toEqual([375, 750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000])
    refuse(10)
    expect(pauses.at(-1)).toBe(45_000)
    pace.taken({ number: pace.sent(nowMs) })
    refuse(10)
    expect(pauses.at(-1)).toBe(10)
  })

  it('stays short while the host has never taken anything: whether it ever will should be known soon', () => {
    const pace = open()
    let nowMs = 0
    for (let count = 0; count < 20; count += 1) {
      const number = pace.sent(nowMs)
      pace.refused({ number, nowMs, retryAfterMs: null })
      nowMs = pace.pausedUntilMs()
    }
    expect(nowMs).toBeLessThan(20 * 2000)
  })

  it('is one for all that were under way together, as long as the longest of them asks', () => {
    const pace = open()
    const numbers = [1, 2, 3].map(() => pace.sent(0))
    const refusals = numbers.map((number, index) =>
      pace.refused({ number, nowMs: index, retryAfterMs: [1000, 5000, 2000][index] ?? null }),
    )
    expect(refusals.map(({ isFirst }) => isFirst)).toEqual([true, false, false])
    expect(pace.pausedUntilMs()).toBe(5001)
  })

  it('is for nobody where nothing was refused', () => {
    const pace = open()
    send(pace, { fromMs: 0, forMs: 1000, perMs: 5 })
    expect(pace.opensMs(1000)).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('the pace after a refusal', () => {
  it('begins below the rate that was refused, comes back to it within 15 s and grows beyond it', () => {
    const pace = open()
    send(pace, { fromMs: 0, forMs: 5000, perMs: 0.2 })
    const first = pace.sent(5000)
    pace.refused({ number: first, nowMs: 5000, retryAfterMs: 1000 })
    const second = send(pace, { fromMs: 6000, forMs: 10_000, perMs: 0.1 })
    pace.refused({ number: second, nowMs: 16_000, retryAfterMs: 1000 })
    expect(measurePerMs(pace, 17_000, 1000)).toBeCloseTo(0.085, 1)
    expect(measurePerMs(pace, 30_000, 4000) / 0.1).toBeGreaterThan(0.9)
    expect(measurePerMs(pace, 60_000, 5000) / 0.1).toBeGreaterThan(1.3)
  })

  it('makes up for no more than a moment that was not used', () => {
    const pace = open()
    send(pace, { fromMs: 0, forMs: 5000, perMs: 0.1 })
    pace.refused({ number: pace.sent(5000), nowMs: 5000, retryAfterMs: 0 })
    send(pace, { fromMs: 5000, forMs: 10_000, perMs: 0.1 })
    // After a time without requests, not all that could have been sent meanwhile goes at once.
    let burst = 0
    while (pace.opensMs(20_000) <= 20_000) {
      pace.sent(20_000)
      burst += 1
    }
    expect(burst).toBeLessThan(10)
  })

  it('is known where something was taken since the refusal before', () => {
    const pace = open()
    const { isMeasured } = pace.refused({ number: pace.sent(0), nowMs: 10, retryAfterMs: 0 })
    expect(isMeasured).toBe(false)
    send(pace, { fromMs: 10, forMs: 1000, perMs: 0.1 })
    expect(pace.refused({ number: pace.sent(1010), nowMs: 1020, retryAfterMs: 0 }).isMeasured).toBe(true)
    expect(pace.refused({ number: pace.sent(1020), nowMs: 1030, retryAfterMs: 0 }).isMeasured).toBe(false)
  })
})

describe('createBucketView', () => {
  // One comes in each second: 95 to 96 are used. Two are kept, as what is said comes late.
  const requests = { of: 'requests' as const, limit: 100, remaining: 4, resetMs: 95_000 }

  /** A view of so many requests that were all sent at one time, and what was said of one of them. */
  function view(parts: {
    sent: number
    atMs?: number
    heard?: { allowance: Allowance; number: number; sentMs?: number; tokens?: number }[]
  }) {
    const bucket = createBucketView()
    for (let count = 0; count < parts.sent; count += 1) bucket.sent(parts.atMs ?? 0)
    for (const { allowance, number, sentMs = 0, tokens = 0 } of parts.heard ?? [])
      bucket.heard(allowance, { number, sentMs, tokens })
    return bucket
  }

  it('knows nothing before it has heard something, and nothing of what is not said', () => {
    expect(view({ sent: 5 }).opensMs(0)).toBe(Number.NEGATIVE_INFINITY)
    const silent = view({
      sent: 100,
      heard: [
        { allowance: { ...requests, limit: null }, number: 1 },
        { allowance: { ...requests, resetMs: null }, number: 1 },
      ],
    })
    expect([silent.opensMs(0), silent.perMs()]).toEqual([Number.NEGATIVE_INFINITY, null])
  })

  it('lets go what is left, and then one as each comes in', () => {
    const bucket = view({ sent: 11, heard: [{ allowance: requests, number: 10 }] })
    expect(bucket.perMs()).toBeCloseTo(1 / 1000, 12)
    expect(bucket.opensMs(0)).toBe(0)
    bucket.sent(0)
    expect(bucket.opensMs(0)).toBeCloseTo(1000, 9)
    expect(bucket.opensMs(1000)).toBe(1000)
    bucket.sent(1000)
    expect(bucket.opensMs(1000)).toBeCloseTo(2000, 9)
  })

  it('reckons from when the request was sent, however late its answer comes', () => {
    const allowance = { ...requests, remaining: 0, resetMs: 99_000 }
    const late = (sent: number) =>
      view({ sent, atMs: 31_000, heard: [{ allowance, number: 10, sentMs: 1000 }] })
    expect(late(30).opensMs(31_000)).toBe(31_000)
    expect(late(40).opensMs(31_000)).toBeCloseTo(34_000, 9)
  })

  it('does not save up more than there is room for', () => {
    const bucket = view({ sent: 10, heard: [{ allowance: requests, number: 10 }] })
    // An hour later it is full, and no fuller.
    for (let count = 0; count < 98; count += 1) {
      expect(bucket.opensMs(3_600_000)).toBe(3_600_000)
      bucket.sent(3_600_000)
    }
    expect(bucket.opensMs(3_600_000)).toBeCloseTo(3_601_000, 6)
  })

  it('goes by what was said of the latest request, in whatever order answers come', () => {
    const bucket = view({
      sent: 12,
      heard: [
        { allowance: { ...requests, remaining: 40, resetMs: 60_000 }, number: 12 },
        { allowance: { ...requests, remaining: 0, resetMs: 100_000 }, number: 10 },
      ],
    })
    expect(bucket.opensMs(0)).toBe(0)
  })

  it('counts tokens by what requests take', () => {
    const allowance = { of: 'tokens' as const, limit: 60_000, remaining: 2700, resetMs: 57_299 }
    const bucket = view({ sent: 1, heard: [{ allowance, number: 1, tokens: 1000 }] })
    expect(bucket.opensMs(0)).toBe(0)
    bucket.sent(0)
    expect(bucket.opensMs(0)).toBeCloseTo(500, 9)
  })

  it('waits for no limit longer than a minute', () => {
    const day = { of: 'requests' as const, limit: 100, remaining: 0, resetMs: 86_400_000 }
    expect(view({ sent: 1, heard: [{ allowance: day, number: 1 }] }).opensMs(0)).toBe(60_000)
  })

  it('remembers as many requests as it needs, however long it lasts', () => {
    const bucket = createBucketView()
    for (let count = 1; count <= 20_000; count += 1) bucket.sent(count)
    bucket.heard(
      { ...requests, remaining: 50, resetMs: 50_000 },
      { number: 19_990, sentMs: 19_990, tokens: 0 },
    )
    // 50, less the 10 that were sent since, and what came in within 10 ms.
    let more = 0
    for (; bucket.opensMs(20_000) <= 20_000; more += 1) bucket.sent(20_000)
    expect(more).toBe(38)
  })
})
