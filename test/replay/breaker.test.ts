import { describe, expect, it } from '@jest/globals'
import {
  createBreaker,
  downAfterMs,
  firstFailures,
  hangingAfterMs,
  suspectFailures,
} from '../../src/replay/breaker.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

function open(answeredBefore: boolean) {
  const clock = createFakeClock()
  const breaker = createBreaker({ clock, answeredBefore })
  const fail = (times: number, cause: 'timeout' | 'connection-refused' = 'connection-refused') =>
    Array.from({ length: times }, () => breaker.failed({ sentMs: clock.monotonicMs(), cause })).at(-1)
  return { breaker, clock, fail }
}

describe('an endpoint that has answered', () => {
  it('is tried with one request at a time from the tenth failure in a row on, each later than the one before', () => {
    const { fail } = open(true)
    expect(fail(suspectFailures - 1)).toEqual({ kind: 'none' })
    const pauses = Array.from({ length: 8 }, () => fail(1))
    expect(pauses).toEqual(
      [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000].map((pauseMs) => ({ kind: 'trial', pauseMs })),
    )
  })

  it('is down when it has answered nothing for five minutes, and not before', () => {
    const { clock, fail } = open(true)
    fail(suspectFailures)
    clock.advance(downAfterMs - 1)
    expect(fail(1)).toMatchObject({ kind: 'trial' })
    clock.advance(1)
    expect(fail(1)).toEqual({ kind: 'down', failures: suspectFailures + 2, forMs: downAfterMs })
  })

  it('is not down for a few failures, however far apart they are', () => {
    const { clock, fail } = open(true)
    for (let count = 1; count < suspectFailures; count += 1) {
      expect(fail(1)).toEqual({ kind: 'none' })
      clock.advance(downAfterMs)
    }
  })

  it('begins anew with each answer, whatever it says', () => {
    const { breaker, clock, fail } = open(true)
    for (let round = 0; round < 5; round += 1) {
      expect(fail(suspectFailures - 1)).toEqual({ kind: 'none' })
      clock.advance(downAfterMs)
      breaker.answered()
    }
  })

  it('counts from when the first of them was sent: one that hangs has failed since then', () => {
    const { breaker, clock, fail } = open(true)
    const sentMs = clock.monotonicMs()
    clock.advance(downAfterMs)
    for (let count = 1; count < suspectFailures; count += 1) breaker.failed({ sentMs, cause: 'timeout' })
    expect(fail(1, 'timeout')).toMatchObject({ kind: 'down' })
  })
})

describe('an endpoint that never answered', () => {
  it('is tried with one request at a time from the fifth failure on, without a pause', () => {
    const { fail } = open(false)
    expect(fail(firstFailures - 1)).toEqual({ kind: 'none' })
    expect(fail(1)).toEqual({ kind: 'trial', pauseMs: 0 })
  })

  it('hangs when five requests came to their deadline, over half a minute', () => {
    const { breaker, clock, fail } = open(false)
    const sentMs = clock.monotonicMs()
    clock.advance(hangingAfterMs)
    for (let count = 1; count < firstFailures; count += 1)
      expect(breaker.failed({ sentMs, cause: 'timeout' })).toEqual({ kind: 'none' })
    expect(fail(1, 'timeout')).toEqual({ kind: 'hanging', failures: firstFailures })
  })

  it('does not hang where its deadlines are short, nor where it refuses connections', () => {
    const short = open(false)
    short.clock.advance(hangingAfterMs - 1)
    expect(short.fail(20, 'timeout')).toMatchObject({ kind: 'trial' })
    const refusing = open(false)
    refusing.fail(1)
    refusing.clock.advance(downAfterMs)
    expect(refusing.fail(20)).toMatchObject({ kind: 'trial' })
  })

  it('is one that has answered, once it has', () => {
    const { breaker, fail } = open(false)
    breaker.answered()
    expect(fail(firstFailures)).toEqual({ kind: 'none' })
    expect(fail(suspectFailures - firstFailures)).toEqual({ kind: 'trial', pauseMs: 1000 })
  })
})
