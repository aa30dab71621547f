import { describe, expect, it } from '@jest/globals'
import { createBudget } from '../../src/replay/budget.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

function open(limits: { maxRequests?: number; maxMinutes?: number }) {
  const clock = createFakeClock()
  const cancel = new AbortController()
  const budget = createBudget({
    limits: { maxRequests: limits.maxRequests ?? null, maxMinutes: limits.maxMinutes ?? null },
    clock,
    cancelled: cancel.signal,
  })
  return { budget, clock, cancel }
}

describe('createBudget', () => {
  it('has no limits unless there are some', () => {
    const { budget, clock } = open({})
    clock.advance(1e12)
    for (let count = 0; count < 1000; count += 1) expect(budget.takeRequest()).toBeNull()
    expect(budget.requests()).toBe(1000)
  })

  it('gives out exactly max_requests, and does not count what it refuses', () => {
    const { budget } = open({ maxRequests: 2 })
    expect([budget.takeRequest(), budget.takeRequest()]).toEqual([null, null])
    expect(budget.takeRequest()).toEqual({ kind: 'not-asked', reason: 'max-requests' })
    expect(budget.requests()).toBe(2)
  })

  it('ends when the minutes are over', () => {
    const { budget, clock } = open({ maxMinutes: 1.5 })
    clock.advance(89_999)
    expect(budget.takeRequest()).toBeNull()
    clock.advance(1)
    expect(budget.takeRequest()).toEqual({ kind: 'not-asked', reason: 'max-minutes' })
  })

  it('ends when the run is cancelled', () => {
    const { budget, cancel } = open({ maxRequests: 0 })
    cancel.abort()
    expect(budget.takeRequest()).toEqual({ kind: 'not-asked', reason: 'cancelled' })
  })
})
