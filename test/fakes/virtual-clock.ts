import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Clock } from '../../src/ports.ts'

/** A clock whose sleeps end in the order of time, as soon as nothing else is left to do. */
export interface VirtualClock extends Clock {
  /** Lets time pass until the work is done. Rejects when it waits for something that is no sleep of this clock. */
  run<T>(work: Promise<T>): Promise<T>
}

interface Timer {
  atMs: number
  order: number
  end: () => void
}

/** Starts a clock at a date: hours of a run take no time, and what happens at once happens at once. */
export function createVirtualClock(start = new Date('2026-11-02T08:00:00Z')): VirtualClock {
  const timers: Timer[] = []
  let nowMs = 0
  let order = 0
  const add = (timer: Timer) => {
    let [low, high] = [0, timers.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = timers[middle] as Timer
      if (other.atMs < timer.atMs || (other.atMs === timer.atMs && other.order < timer.order))
        low = middle + 1
      else high = middle
    }
    timers.splice(low, 0, timer)
  }
  return {
    monotonicMs: () => nowMs,
    now: () => new Date(start.getTime() + nowMs),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const leave = () => {
          const index = timers.indexOf(timer)
          if (index >= 0) timers.splice(index, 1)
          reject(signal?.reason)
        }
        const end = () => {
          signal?.removeEventListener('abort', leave)
          resolve()
        }
        order += 1
        const timer = { atMs: nowMs + Math.max(0, ms), order, end }
        signal?.addEventListener('abort', leave)
        add(timer)
      }),
    async run(work) {
      let isDone = false
      const finish = () => {
        isDone = true
      }
      work.then(finish, finish)
      for (;;) {
        await yieldToOthers()
        if (isDone) return work
        const timer = timers.shift()
        if (timer === undefined) throw new Error('the work waits for something that is no sleep')
        nowMs = timer.atMs
        timer.end()
      }
    },
  }
}
