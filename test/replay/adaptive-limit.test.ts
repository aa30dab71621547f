import { describe, expect, it } from '@jest/globals'
import { type AdaptiveLimit, createAdaptiveLimit, mostUnderWay } from '../../src/replay/adaptive-limit.ts'
import { makeRandom } from '../verdict/chance.ts'

interface Server {
  /** How long an answer takes, with so many under way. */
  answerMs: (underWay: number, nowMs: number) => number
  /** Answered together; others wait. */
  places?: number | ((nowMs: number) => number)
}

/** Keeps as many requests under way as the limit allows, for so long; what it did, and the limits that it went through. */
function saturate(
  limit: AdaptiveLimit,
  server: Server & {
    fromMs?: number
    forMs: number
    lanes?: string[]
    number?: number
    onEnd?: (nowMs: number) => void
  },
) {
  const {
    answerMs,
    places = Number.POSITIVE_INFINITY,
    fromMs = 0,
    forMs,
    lanes = ['candidate'],
    onEnd,
  } = server
  const working: { atMs: number; sentMs: number; number: number }[] = []
  const line: { sentMs: number; number: number }[] = []
  const limits: number[] = []
  let [nowMs, underWay, answered, number] = [fromMs, 0, 0, server.number ?? 0]
  while (nowMs < fromMs + forMs) {
    while (underWay < limit.current()) {
      underWay += 1
      number += 1
      limit.sent({ lane: lanes[number % lanes.length] ?? '', number, nowMs })
      line.push({ sentMs: nowMs, number })
    }
    limit.noteUse(true, nowMs)
    const free = (typeof places === 'number' ? places : places(nowMs)) - working.length
    for (const request of line.splice(0, Math.max(0, free)))
      working.push({ ...request, atMs: nowMs + answerMs(underWay, nowMs) })
    working.sort((a, b) => b.atMs - a.atMs)
    const end = working.pop()
    if (end === undefined) throw new Error('nothing is under way')
    nowMs = end.atMs
    underWay -= 1
    answered += 1
    limit.ended({ number: end.number, tookMs: nowMs - end.sentMs, nowMs })
    if (limits.at(-1) !== limit.current()) limits.push(limit.current())
    onEnd?.(nowMs)
  }
  return { perMs: answered / forMs, limits, untilMs: nowMs, number }
}

/** Times that differ a little, so that answers don't come in step. */
function even(meanMs: number): () => number {
  const random = makeRandom(1)
  return () => meanMs * (0.8 + 0.4 * random())
}

const open = (initial = 8, timeoutMs = 1e9) => createAdaptiveLimit({ initial, timeoutMs })

/** Log-normal with a median of a second; one in a hundred takes ten times as long. */
function makeTimes(seed: number, sigma = 0.6): () => number {
  const random = makeRandom(seed)
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const ms = 1000 * Math.exp(sigma * normal)
    return random() < 0.01 ? 10 * ms : ms
  }
}

describe('createAdaptiveLimit', () => {
  it('doubles while answers take as long as before, one more with each answer', () => {
    const limit = open()
    const { limits } = saturate(limit, { answerMs: even(1000), forMs: 60_000 })
    expect(limits.at(-1)).toBe(mostUnderWay)
    for (const [index, one] of limits.slice(1).entries()) expect(one).toBe((limits[index] ?? 0) + 1)
  })

  it('settles at what a server answers at once, and not far above it', () => {
    const limit = open()
    const { perMs, limits } = saturate(limit, { answerMs: even(1000), places: 64, forMs: 200_000 })
    expect(perMs * 1000).toBeGreaterThan(0.9 * 64)
    expect(limit.current()).toBeGreaterThanOrEqual(55)
    expect(limit.current()).toBeLessThanOrEqual(110)
    expect(Math.max(...limits)).toBeLessThanOrEqual(256)
  })

  it.each([1, 2, 3, 4, 5])('does so whatever the times of answers, stragglers included: seed %d', (seed) => {
    const limit = open()
    const times = makeTimes(seed)
    let total = 0
    const answerMs = () => {
      const ms = times()
      total += ms
      return ms
    }
    const { perMs, untilMs } = saturate(limit, { answerMs, places: 64, forMs: 400_000 })
    // What 64 places could have done in this time.
    const ideal = 64 / (total / (perMs * untilMs))
    expect(perMs / ideal).toBeGreaterThan(0.9)
    expect(limit.current()).toBeLessThan(200)
  })

  it('keeps growing where a server gets slower and does more all the same', () => {
    const limit = open()
    const { perMs } = saturate(limit, { answerMs: (underWay) => 1000 * (1 + underWay / 100), forMs: 300_000 })
    // At 8 it would do 7.4 a second, without any limit 100.
    expect(perMs * 1000).toBeGreaterThan(55)
  })

  it('stays where it began with a server that answers one after the other', () => {
    const limit = open()
    const { limits } = saturate(limit, { answerMs: even(1000), places: 1, forMs: 600_000 })
    expect(Math.max(...limits)).toBeLessThanOrEqual(16)
    expect(limit.current()).toBeLessThanOrEqual(12)
  })

  it('is not moved by slow requests now and then', () => {
    const settle = (slow: number) => {
      const limit = open()
      let count = 0
      const answerMs = () => {
        count += 1
        return count % 50 === 25 ? slow : 1000
      }
      saturate(limit, { answerMs, forMs: 60_000 })
      return limit.current()
    }
    expect(settle(90_000)).toBe(settle(1000))
  })

  it('goes down when a server gets tenfold slower by what is under way, and up again when it is better', () => {
    const limit = open()
    const answerMs = even(1000)
    const places = (nowMs: number) => (nowMs >= 100_000 && nowMs < 700_000 ? 6 : 64)
    const seen = { before: 0, during: 0 }
    const onEnd = (nowMs: number) => {
      if (nowMs < 100_000) seen.before = limit.current()
      else if (nowMs < 700_000) seen.during = limit.current()
    }
    saturate(limit, { answerMs, places, forMs: 1_100_000, onEnd })
    expect(seen.before).toBeGreaterThan(55)
    expect(seen.during).toBeLessThan(30)
    expect(limit.current()).toBeGreaterThan(45)
  })

  it('does not go down when a server gets tenfold slower whatever is under way', () => {
    const limit = open()
    const slowdown = (_: number, nowMs: number) => (nowMs < 20_000 ? 1000 : 10_000)
    saturate(limit, { answerMs: slowdown, forMs: 900_000 })
    expect(limit.current()).toBeGreaterThan(200)
  })

  it('does not grow where answers take a large part of the deadline', () => {
    const limit = open(8, 3000)
    saturate(limit, { answerMs: () => 1000, forMs: 60_000 })
    expect(limit.current()).toBe(8)
  })

  it('compares each endpoint with itself: one that is slower is no slowdown', () => {
    const limit = open()
    const times = makeTimes(7)
    const { number } = saturate(limit, { answerMs: times, forMs: 60_000, lanes: ['candidate'] })
    const before = limit.current()
    const later = { answerMs: () => 5 * times(), fromMs: 60_000, forMs: 60_000, lanes: ['judge'], number }
    saturate(limit, later)
    expect(limit.current()).toBeGreaterThanOrEqual(before / 1.5)
  })

  it('does not grow while less is under way than it allows', () => {
    const limit = open()
    for (let number = 1; number <= 1000; number += 1) {
      const sentMs = number * 100
      limit.noteUse(false, sentMs)
      limit.sent({ lane: 'candidate', number, nowMs: sentMs })
      limit.ended({ number, tookMs: 50, nowMs: sentMs + 50 })
    }
    expect(limit.current()).toBe(8)
  })

  it('goes on where requests end without an answer', () => {
    const limit = open()
    for (let number = 1; number <= 200; number += 1) {
      limit.noteUse(true, number)
      limit.sent({ lane: 'candidate', number, nowMs: number })
      limit.ended({ number, tookMs: number % 2 === 0 ? null : 50, nowMs: number + 50 })
    }
    expect(limit.current()).toBeGreaterThan(8)
  })
})

describe('a refusal', () => {
  const refuse = (limit: AdaptiveLimit, parts: Partial<Parameters<AdaptiveLimit['refused']>[0]>) =>
    limit.refused({ isMeasured: true, underWay: 40, nowMs: 0, ...parts })

  it('halves the limit each time where nothing was taken since, down to one', () => {
    const limit = open(64)
    const limits = Array.from({ length: 8 }, () => {
      refuse(limit, { isMeasured: false })
      return limit.current()
    })
    expect(limits).toEqual([32, 16, 8, 4, 2, 1, 1, 1])
  })

  it('leaves it to the pace where the rate is known', () => {
    const limit = open(64)
    for (const [index, underWay] of [10, 30, 22, 41].entries())
      refuse(limit, { underWay, nowMs: index * 10_000 })
    expect(limit.current()).toBe(64)
  })

  it('takes what was under way for the limit where it is the same three times, and tries no more for a while', () => {
    const limit = open(64)
    for (const nowMs of [10_000, 20_000]) refuse(limit, { nowMs })
    expect(limit.current()).toBe(64)
    refuse(limit, { nowMs: 30_000 })
    expect(limit.current()).toBe(40)
    const { limits } = saturate(limit, { answerMs: () => 1000, fromMs: 30_000, forMs: 8000 })
    expect(Math.max(...limits)).toBe(40)
  })

  it('does not count those that come at once one after the other', () => {
    const limit = open(64)
    for (const nowMs of [10_000, 11_000, 12_000, 13_000]) refuse(limit, { nowMs })
    expect(limit.current()).toBe(64)
  })
})
