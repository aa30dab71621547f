import type { Budget, Charge, Reservation } from './budget.ts'
import {
  type Completed,
  type Completion,
  type Exchange,
  type Failed,
  isTransportFailure,
  type NotAsked,
  type Posted,
} from './completion.ts'
import type { Deadlines } from './deadlines.ts'
import type { Ending, Lane, Ticket } from './host.ts'
import { longestPauseMs } from './pace.ts'
import type { Allowance } from './rate-limits.ts'

const firstDelayMs = 500

/** How one request is asked, as often as it takes. */
export interface Attempt<Answer> {
  /** The most that it may take; `undefined` where that is limited by nothing. */
  most(): Charge | undefined
  send(signal: AbortSignal, exchange: Exchange): Promise<Exclude<Answer, NotAsked>>
  /** What it took. */
  charge(answer: Exclude<Answer, NotAsked>): Charge
}

/** What requests of one endpoint have in common. */
export interface Asking {
  lane: Lane
  budget: Budget
  cancelled: AbortSignal
  random: () => number
  maxAttempts: number
  timeoutMs: number
  deadlines: Deadlines
  /**
   * Draws conclusions about the endpoint from an answer.
   * @throws GateError when it has answered nothing yet and keeps requests hanging
   */
  judge: (answer: Completed | Failed | Posted, ticket: Ticket) => void
}

/**
 * Asks until there is an answer, retries are used up, or nothing more may be asked. What failed before is kept then.
 */
export async function askWithRetries<Answer extends Completion | Posted>(
  asking: Asking,
  attemptOnce: Attempt<Answer>,
): Promise<Answer | Failed | NotAsked> {
  const { lane, budget, cancelled, random, maxAttempts } = asking
  let last: Failed | null = null
  for (let attempt = 1; attempt <= maxAttempts && !cancelled.aborted; attempt += 1) {
    const admit = () => budget.take(attemptOnce.most())
    const ticket: Ticket | NotAsked = await lane.enter({ admit, isRetry: attempt > 1 })
    if (ticket.kind === 'not-asked') {
      if (cancelled.aborted) break
      return last ?? ticket
    }
    const answer: Exclude<Answer, NotAsked> | NotAsked = await askOnce(asking, ticket, attemptOnce)
    if (answer.kind === 'not-asked') return last ?? answer
    if (!isTransportFailure(answer)) return answer
    last = answer
    // Its host is paused, which it waits for with all the others.
    if (isRefusal(answer)) continue
    if (attempt === maxAttempts) break
    await lane.rest(chooseDelay({ attempt, failed: answer, random }))
  }
  if (cancelled.aborted) return { kind: 'not-asked', reason: 'cancelled' }
  return last ?? { kind: 'not-asked', reason: 'cancelled' }
}

/** Asks while it holds a place, which it gives back whatever happens. Not asked: its other form was one too many. */
async function askOnce<Answer>(
  asking: Asking,
  ticket: Ticket,
  attempt: Attempt<Answer>,
): Promise<Exclude<Answer, NotAsked> | NotAsked> {
  const { lane, judge, deadlines, timeoutMs } = asking
  const exchange = new TicketExchange(lane, ticket.reservation)
  const deadline = deadlines.begin(timeoutMs)
  let ending: Ending = { kind: 'failed' }
  let charge: Charge | null = null
  try {
    const answer = await attempt.send(deadline.signal, exchange)
    if (exchange.refused !== null) return exchange.refused
    charge = attempt.charge(answer)
    ending = describeEnding(answer as Completed | Failed | Posted)
    judge(answer as Completed | Failed | Posted, ticket)
    return answer
  } finally {
    deadline.end()
    ticket.reservation.settle(charge)
    const tokens = charge === null ? 0 : charge.usage.promptTokens + charge.usage.completionTokens
    lane.heard(ticket, exchange.allowances, tokens)
    lane.leave(ticket, ending)
  }
}

/** What passes between a client and the holder of a place. */
class TicketExchange implements Exchange {
  readonly allowances: Allowance[] = []
  refused: NotAsked | null = null
  readonly #lane: Lane
  readonly #reservation: Reservation

  constructor(lane: Lane, reservation: Reservation) {
    this.#lane = lane
    this.#reservation = reservation
  }

  heard(heard: readonly Allowance[]): void {
    for (const allowance of heard) this.allowances.push(allowance)
  }

  async mayAskAgain(): Promise<boolean> {
    await this.#lane.waitForPause()
    this.refused = this.#reservation.takeAnother()
    return this.refused === null
  }
}

function describeEnding(answer: Completed | Failed | Posted): Ending {
  if (answer.kind !== 'failed' || answer.cause === 'timeout') return { kind: 'answered' }
  return isRefusal(answer) ? { kind: 'refused', retryAfterMs: answer.retryAfterMs } : { kind: 'failed' }
}

/** Whether a failure means that the host takes no more for now: 429, and 503 or 529. */
function isRefusal(failed: Failed): boolean {
  return failed.cause === 'rate-limited' || failed.overloaded === true
}

/**
 * Milliseconds until the next attempt: what the endpoint asked for, else exponential with jitter; never more
 * than a minute, whatever the endpoint asked for.
 */
export function chooseDelay(request: { attempt: number; failed: Failed; random: () => number }): number {
  const { attempt, failed, random } = request
  const backoff = firstDelayMs * 2 ** (attempt - 1) * (0.5 + random() / 2)
  return Math.min(longestPauseMs, Math.max(failed.retryAfterMs ?? 0, backoff))
}
