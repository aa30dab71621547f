import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Clock } from '../../src/ports.ts'

/** A clock that stands still but for `advance` and for sleeps, which take no time and are written down. */
export interface FakeClock extends Clock {
  /** The lengths of the sleeps so far, in order. */
  readonly sleptMs: number[]
  advance(ms: number): void
}

/** Starts a clock at a date. */
export function createFakeClock(start = new Date('2026-11-02T08:00:00Z')): FakeClock {
  const sleptMs: number[] = []
  let elapsedMs = 0
  return {
    sleptMs,
    advance(ms) {
      elapsedMs += ms
    },
    monotonicMs: () => elapsedMs,
    now: () => new Date(start.getTime() + elapsedMs),
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      sleptMs.push(ms)
      elapsedMs += ms
      await yieldToOthers()
      signal?.throwIfAborted()
    },
  }
}
