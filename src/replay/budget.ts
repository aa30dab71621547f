import { setMaxListeners } from 'node:events'
import { chooseBatchShare, findPrice, type TokenPrice } from '../policy/prices.ts'
import type { Clock } from '../ports.ts'
import type { NotAsked, Usage } from './completion.ts'
import type { Spent } from './spent.ts'

/** Hard limits of a run. `null`: none. */
export interface BudgetLimits {
  maxRequests: number | null
  maxMinutes: number | null
  maxTokens?: number | null
  maxUsd?: number | null
  /** Of this part of the run alone: the job that it runs in ends soon after. */
  jobMinutes?: number | null
}

/** Tokens, and the model by whose price they count; `inBatch`: at what a batch costs of it. */
export interface Charge {
  model: string
  usage: Usage
  inBatch?: boolean
}

/** A request that was let go. */
export interface Reservation {
  kind: 'reservation'
  /** Takes one more request for the same purpose, or says why there is none left. */
  takeAnother(): NotAsked | null
  /** Gives back what was reserved, and counts what was used; `null`: nothing. Only the first call does. */
  settle(charge: Charge | null): void
}

/** Counts what a run takes against its limits; shared by all endpoints. */
export interface Budget {
  /** Aborts when nothing more will be let go, for whatever reason. */
  readonly ended: AbortSignal
  /** Whether tokens or dollars are limited, so that what a request may use matters. */
  readonly reserves: boolean
  /**
   * Takes a request from the budget and reserves the most that it may use, or says why there is nothing left. `null`:
   * there may be, when one that is under way has taken less than was reserved for it.
   */
  take(most?: Charge): Reservation | NotAsked | null
  /** Sets aside what an earlier part of the run has asked for already, whatever is left. It counts as no request. */
  hold(most: Charge): Reservation
  /** Lets nothing more go. The first reason counts. */
  end(reason: NotAsked['reason']): void
  /** Why nothing more is let go; `null` while anything may be. */
  stopped(): NotAsked['reason'] | null
  /** How long it may still take, in milliseconds (`Infinity`: no limit). Ends when that is nothing, also if nobody asks. */
  heedTime(): number
  /** Calls back when a request that got `null` should be tried again. */
  onRelease(listener: () => void): void
  requests(): number
  /** All that was taken, with what earlier parts of the run took. */
  spent(): Spent
  /** The longest answer of a model so far, in tokens. */
  longestAnswer(model: string): number
}

const nothing: Spent = { requests: 0, elapsedMs: 0, promptTokens: 0, completionTokens: 0, usd: 0 }

/** A budget that starts now, with what earlier parts of the run have `spent`. */
export function createBudget(settings: {
  limits: BudgetLimits
  clock: Clock
  cancelled: AbortSignal
  prices?: Readonly<Record<string, TokenPrice>>
  spent?: Spent
}): Budget {
  const { limits, clock, cancelled, prices = {}, spent: before = nothing } = settings
  const startMs = clock.monotonicMs()
  const used = { ...before }
  const reserved = { tokens: 0, usd: 0, requests: 0 }
  const longest = new Map<string, number>()
  const listeners: (() => void)[] = []
  const ending = new AbortController()
  let reason: NotAsked['reason'] | null = null
  let isAwaited = false
  // Every host and every pause before a retry listens to it.
  setMaxListeners(0, ending.signal)

  const end = (because: NotAsked['reason']) => {
    reason ??= because
    ending.abort()
  }
  if (cancelled.aborted) end('cancelled')
  cancelled.addEventListener('abort', () => end('cancelled'))

  const elapsedMs = () => before.elapsedMs + clock.monotonicMs() - startMs
  const leave = (minutes: number | null | undefined, ms: number) =>
    typeof minutes === 'number' ? minutes * 60_000 - ms : Number.POSITIVE_INFINITY
  const listTimes = () => ({
    'max-minutes': leave(limits.maxMinutes, elapsedMs()),
    'job-limit': leave(limits.jobMinutes, clock.monotonicMs() - startMs),
  })
  const hasTimeLimit = limits.maxMinutes !== null || typeof limits.jobMinutes === 'number'
  const findTimeOver = (): NotAsked['reason'] | null => {
    if (!hasTimeLimit) return null
    const left = listTimes()
    if (left['max-minutes'] <= 0) return 'max-minutes'
    return left['job-limit'] <= 0 ? 'job-limit' : null
  }
  const findEnd = (): NotAsked['reason'] | null => {
    if (reason !== null) return reason
    if (limits.maxRequests !== null && used.requests >= limits.maxRequests) return 'max-requests'
    return findTimeOver()
  }
  const { maxTokens = null, maxUsd = null } = limits
  const findExcess = (tokens: number, usd: number): 'max-tokens' | 'max-usd' | null => {
    const usedTokens = used.promptTokens + used.completionTokens
    if (maxTokens !== null && usedTokens + reserved.tokens + tokens > maxTokens) return 'max-tokens'
    return maxUsd !== null && (used.usd ?? 0) + reserved.usd + usd > maxUsd ? 'max-usd' : null
  }
  const count = (charge: Charge) => {
    const { model, usage } = charge
    used.promptTokens += usage.promptTokens
    used.completionTokens += usage.completionTokens
    const usd = priceTokens(prices, charge)
    used.usd = used.usd === null || usd === null ? null : used.usd + usd
    longest.set(model, Math.max(longest.get(model) ?? 0, usage.completionTokens))
  }
  const measure = (most: Charge) => ({
    tokens: most.usage.promptTokens + most.usage.completionTokens,
    usd: priceTokens(prices, most) ?? 0,
  })
  const stop = (because: NotAsked['reason']): NotAsked => {
    end(because)
    return { kind: 'not-asked', reason: reason ?? because }
  }
  const reserve = ({ tokens, usd }: { tokens: number; usd: number }): Reservation => {
    let isOpen = true
    reserved.requests += 1
    reserved.tokens += tokens
    reserved.usd += usd
    return {
      kind: 'reservation',
      takeAnother() {
        const over = findEnd()
        if (over !== null) return stop(over)
        used.requests += 1
        return null
      },
      settle(charge) {
        if (!isOpen) return
        isOpen = false
        reserved.requests -= 1
        // With nothing under way nothing is reserved: sums of dollars leave rests.
        reserved.tokens = reserved.requests === 0 ? 0 : reserved.tokens - tokens
        reserved.usd = reserved.requests === 0 ? 0 : reserved.usd - usd
        if (charge !== null) count(charge)
        if (!isAwaited) return
        isAwaited = false
        for (const listener of listeners) listener()
      },
    }
  }
  return {
    ended: ending.signal,
    reserves: maxTokens !== null || maxUsd !== null,
    take(most) {
      const over = findEnd()
      if (over !== null) return stop(over)
      const amount = most === undefined ? { tokens: 0, usd: 0 } : measure(most)
      const excess = findExcess(amount.tokens, amount.usd)
      if (excess === null) {
        used.requests += 1
        return reserve(amount)
      }
      if (reserved.requests > 0) {
        isAwaited = true
        return null
      }
      return stop(excess)
    },
    hold: (most) => reserve(measure(most)),
    end,
    stopped: () => reason,
    heedTime() {
      const over = findTimeOver()
      if (over !== null) end(over)
      return Math.max(0, Math.min(...Object.values(listTimes())))
    },
    onRelease: (listener) => listeners.push(listener),
    requests: () => used.requests,
    spent: () => ({ ...used, elapsedMs: elapsedMs() }),
    longestAnswer: (model) => longest.get(model) ?? 0,
  }
}

/** US dollars; `null` where tokens were used whose price is not known. */
function priceTokens(prices: Readonly<Record<string, TokenPrice>>, charge: Charge): number | null {
  const { model, usage, inBatch = false } = charge
  if (usage.promptTokens + usage.completionTokens === 0) return 0
  const price = findPrice(prices, model)
  if (price === undefined) return null
  const share = inBatch ? chooseBatchShare(price) : 1
  return (
    (share * (usage.promptTokens * price.inputUsdPer1m + usage.completionTokens * price.outputUsdPer1m)) / 1e6
  )
}
