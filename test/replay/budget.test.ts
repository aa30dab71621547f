import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type BudgetLimits, createBudget, type Reservation } from '../../src/replay/budget.ts'
import type { NotAsked } from '../../src/replay/completion.ts'
import type { Spent } from '../../src/replay/spent.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const prices = { judge: { inputUsdPer1m: 1_000_000, outputUsdPer1m: 2_000_000 } }

function open(limits: Partial<BudgetLimits>, spent?: Spent) {
  const clock = createFakeClock()
  const cancel = new AbortController()
  const budget = createBudget({
    limits: { maxRequests: null, maxMinutes: null, ...limits },
    clock,
    cancelled: cancel.signal,
    prices,
    ...(spent === undefined ? {} : { spent }),
  })
  return { budget, clock, cancel }
}

/** A charge of the model `judge`, at $1 a token of a prompt and $2 one of an answer. */
const tokens = (promptTokens: number, completionTokens = 0) => ({
  model: 'judge',
  usage: { promptTokens, completionTokens },
})
const notAsked = (reason: NotAsked['reason']) => ({ kind: 'not-asked', reason })
const earlier: Spent = {
  requests: 90,
  elapsedMs: 5 * 60_000,
  promptTokens: 600,
  completionTokens: 100,
  usd: 8,
}

function take(budget: ReturnType<typeof open>['budget'], most?: ReturnType<typeof tokens>): Reservation {
  const taken = budget.take(most)
  if (taken?.kind !== 'reservation') throw new Error(`nothing was left: ${taken?.reason ?? 'for now'}`)
  return taken
}

describe('createBudget', () => {
  it('has no limits unless there are some', () => {
    const { budget, clock } = open({})
    clock.advance(1e12)
    for (let count = 0; count < 1000; count += 1) take(budget, tokens(1e9, 1e9))
    expect(budget.requests()).toBe(1000)
    expect(budget.stopped()).toBeNull()
  })

  it('says whether it matters what a request may take', () => {
    const reserves = (limits: Partial<BudgetLimits>) => open(limits).budget.reserves
    expect([{}, { maxRequests: 1, maxMinutes: 1, maxTokens: null, maxUsd: null }].map(reserves)).toEqual([
      false,
      false,
    ])
    expect([{ maxTokens: 0 }, { maxUsd: 0 }].map(reserves)).toEqual([true, true])
  })

  it('gives out exactly max_requests, and does not count what it refuses', () => {
    const { budget } = open({ maxRequests: 2 })
    take(budget)
    take(budget)
    expect(budget.ended.aborted).toBe(false)
    expect(budget.take()).toEqual(notAsked('max-requests'))
    expect([budget.requests(), budget.ended.aborted, budget.stopped()]).toEqual([2, true, 'max-requests'])
  })

  it('counts a request in another form, and has none left where it would be one too many', () => {
    const { budget } = open({ maxRequests: 2 })
    const reservation = take(budget)
    expect(reservation.takeAnother()).toBeNull()
    expect(reservation.takeAnother()).toEqual(notAsked('max-requests'))
    expect(budget.requests()).toBe(2)
  })

  it('ends when the minutes are over', () => {
    const { budget, clock } = open({ maxMinutes: 1.5 })
    clock.advance(89_999)
    take(budget)
    clock.advance(1)
    expect(budget.take()).toEqual(notAsked('max-minutes'))
  })

  it('ends with the time of its job, whatever earlier parts took', () => {
    const { budget, clock } = open({ jobMinutes: 10 }, earlier)
    clock.advance(10 * 60_000 - 1)
    take(budget)
    clock.advance(1)
    expect(budget.take()).toEqual(notAsked('job-limit'))
  })

  it('ends when the run is cancelled', () => {
    const { budget, cancel } = open({ maxRequests: 0 })
    cancel.abort()
    expect(budget.take()).toEqual(notAsked('cancelled'))
    expect(open({}).budget.ended.aborted).toBe(false)
  })

  it('stays with the reason that it ended for first', () => {
    const { budget, cancel } = open({ maxRequests: 0 })
    budget.end('endpoint-down')
    cancel.abort()
    expect(budget.take()).toEqual(notAsked('endpoint-down'))
  })
})

describe('tokens and dollars', () => {
  it('ends before the request that could exceed the tokens, and not before', () => {
    const { budget } = open({ maxTokens: 100 })
    take(budget, tokens(30, 20)).settle(tokens(30, 20))
    take(budget, tokens(30, 20)).settle(tokens(30, 19))
    expect(budget.take(tokens(1, 1))).toEqual(notAsked('max-tokens'))
    expect(budget.spent()).toMatchObject({ requests: 2, promptTokens: 60, completionTokens: 39 })
  })

  it('ends before the request that could exceed the dollars, at the price of its model', () => {
    const { budget } = open({ maxUsd: 100 })
    take(budget, tokens(10, 20)).settle(tokens(10, 20))
    expect(budget.spent().usd).toBe(50)
    take(budget, tokens(10, 20)).settle(null)
    expect(budget.take(tokens(11, 20))).toEqual(notAsked('max-usd'))
  })

  it('waits for what is under way, gives back what was reserved too much, and then lets the next go', () => {
    const { budget } = open({ maxTokens: 100 })
    let released = 0
    budget.onRelease(() => {
      released += 1
    })
    const first = take(budget, tokens(60))
    expect(budget.take(tokens(60))).toBeNull()
    expect(budget.ended.aborted).toBe(false)
    first.settle(tokens(40))
    expect(released).toBe(1)
    take(budget, tokens(60)).settle(tokens(60))
    expect(budget.take(tokens(1))).toEqual(notAsked('max-tokens'))
  })

  it('calls nobody back where nobody was told to wait', () => {
    const { budget } = open({ maxTokens: 100 })
    let released = 0
    budget.onRelease(() => {
      released += 1
    })
    take(budget, tokens(60)).settle(tokens(40))
    expect(released).toBe(0)
  })

  it('counts once what is settled twice', () => {
    const { budget } = open({})
    const reservation = take(budget, tokens(10))
    reservation.settle(tokens(10))
    reservation.settle(tokens(10))
    expect(budget.spent().promptTokens).toBe(10)
  })

  it('does not know the dollars once tokens were used that have no price; tokens that are none need none', () => {
    const { budget } = open({})
    take(budget).settle({ model: 'other', usage: { promptTokens: 0, completionTokens: 0 } })
    expect(budget.spent().usd).toBe(0)
    take(budget).settle({ model: 'other', usage: { promptTokens: 1, completionTokens: 0 } })
    take(budget).settle(tokens(1))
    expect(budget.spent().usd).toBeNull()
  })

  it('remembers the longest answer of each model', () => {
    const { budget } = open({})
    take(budget).settle(tokens(1, 50))
    take(budget).settle(tokens(1, 20))
    expect([budget.longestAnswer('judge'), budget.longestAnswer('other')]).toEqual([50, 0])
  })

  it('is never exceeded where no request takes more than was reserved for it', () => {
    const request = fc.record({ most: fc.nat(50), share: fc.double({ min: 0, max: 1, noNaN: true }) })
    const limit = fc.integer({ min: 1, max: 500 })
    fc.assert(
      fc.property(
        limit,
        fc.array(request, { maxLength: 60 }),
        fc.infiniteStream(fc.nat(8)),
        (max, all, pick) => {
          const { budget } = open({ maxTokens: max, maxUsd: max })
          const underWay: (() => void)[] = []
          for (const { most, share } of all) {
            const taken = budget.take(tokens(most))
            if (taken?.kind === 'not-asked') expect(underWay).toEqual([])
            if (taken?.kind === 'reservation')
              underWay.push(() => taken.settle(tokens(Math.floor(most * share))))
            const index = pick.next().value
            underWay.splice(index, 1)[0]?.()
            const { promptTokens, usd } = budget.spent()
            expect(promptTokens).toBeLessThanOrEqual(max)
            expect(usd).toBeLessThanOrEqual(max)
          }
        },
      ),
    )
  })
})

describe('a run that is continued', () => {
  it.each([
    [{ maxRequests: 91 }, 'max-requests'],
    [{ maxTokens: 701 }, 'max-tokens'],
    [{ maxUsd: 9 }, 'max-usd'],
  ] as const)('counts what earlier parts took: %j', (limits, reason) => {
    const { budget } = open(limits, earlier)
    take(budget, tokens(1)).settle(tokens(1))
    expect(budget.take(tokens(1))).toEqual(notAsked(reason))
  })

  it('counts their minutes, and not the time between', () => {
    const { budget, clock } = open({ maxMinutes: 6 }, earlier)
    clock.advance(59_999)
    take(budget)
    expect(budget.spent().elapsedMs).toBe(5 * 60_000 + 59_999)
    clock.advance(1)
    expect(budget.take()).toEqual(notAsked('max-minutes'))
  })

  it('adds to what they took', () => {
    const { budget } = open({}, earlier)
    take(budget).settle(tokens(2, 1))
    const sums = { requests: 91, promptTokens: 602, completionTokens: 101, usd: 12 }
    expect(budget.spent()).toEqual({ ...sums, elapsedMs: 5 * 60_000 })
  })
})
