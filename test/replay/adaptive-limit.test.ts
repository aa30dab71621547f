import { describe, expect, it } from '@jest/globals'
import { type AdaptiveLimit, createAdaptiveLimit, mostUnderWay } from '../../src/replay/adaptive-limit.ts'
import { makeRandom } from '../verdict/chance.ts'

interface Server {
  /** How long an answer takes, with so many under way. */
  answerMs: (underWay: number, nowMs: number) => number
  /** Answered together; others wait. */
  places?: number
}

/** Keeps as many requests under way as the limit allows, for so long; what it did, and the limits that it went through. */
function saturate(
  limit: AdaptiveLimit,
  server: Server & { fromMs?: number; forMs: number; lanes?: string[] },
) {
  const { answerMs, places = Number.POSITIVE_INFINITY, fromMs = 0, forMs, lanes = ['candidate'] } = server
  const ends: { atMs: number; sentMs: number; lane: string }[] = []
  const line: { sentMs: number; lane: string }[] = []
  const limits: number[] = []
  let [nowMs, underWay, working, answered, sent] = [fromMs, 0, 0, 0, 0]
  const start = (request: { sentMs: number; lane: string }) => {
    working += 1
    ends.push({ ...request, atMs: nowMs + answerMs(underWay, nowMs) })
  }
  while (nowMs < fromMs + forMs) {
    for (; underWay < limit.current(); sent += 1) {
      underWay += 1
      const request = { sentMs: nowMs, lane: lanes[sent % lanes.length] ?? '' }
      if (working < places) start(request)
      else line.push(request)
    }
    limit.noteUse(true, nowMs)
    ends.sort((a, b) => b.atMs - a.atMs)
    const end = ends.pop()
    if (end === undefined) throw new Error('nothing is under way')
    nowMs = end.atMs
    underWay -= 1
    working -= 1
    answered += 1
    while (line.length > 0 && working < places) start(line.shift() as { sentMs: number; lane: string })
    limit.answered({ ...end, nowMs })
    if (limits.at(-1) !== limit.current()) limits.push(limit.current())
  }
  return { perMs: answered / forMs, limits, untilMs: nowMs }
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
  it('doubles while answers take as long as before', () => {
    const limit = open()
    const { limits } = saturate(limit, { answerMs: () => 1000, forMs: 30_000 })
    expect(limits).toEqual([8, 16, 32, 64, 128, 256, mostUnderWay])
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
    saturate(limit, { answerMs: even(1000), places: 64, forMs: 100_000 })
    expect(limit.current()).toBeGreaterThan(55)
    saturate(limit, { answerMs: even(1000), places: 6, fromMs: 100_000, forMs: 600_000 })
    expect(limit.current()).toBeLessThan(30)
    saturate(limit, { answerMs: even(1000), places: 64, fromMs: 700_000, forMs: 400_000 })
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
    saturate(limit, { answerMs: times, forMs: 60_000, lanes: ['candidate'] })
    const before = limit.current()
    saturate(limit, {
      answerMs: () => 5 * times(),
      fromMs: 60_000,
      forMs: 60_000,
      lanes: ['judge'],
    })
    expect(limit.current()).toBeGreaterThanOrEqual(before / 1.5)
  })

  it('does not grow while less is under way than it allows', () => {
    const limit = open()
    limit.noteUse(false, 0)
    for (let count = 1; count <= 1000; count += 1)
      limit.answered({ lane: 'candidate', sentMs: count * 100 - 50, nowMs: count * 100 })
    expect(limit.current()).toBe(8)
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
