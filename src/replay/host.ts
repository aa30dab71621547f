import type { Clock } from '../ports.ts'
import { type AdaptiveLimit, createAdaptiveLimit } from './adaptive-limit.ts'
import type { Reservation } from './budget.ts'
import type { NotAsked } from './completion.ts'
import { createPace, type Pace } from './pace.ts'
import type { Allowance } from './rate-limits.ts'

/** Where `auto` begins, for each endpoint; it only finds out what is more, or less, while it is used. */
export const firstConcurrency = 8

/** What lets a request go: a reservation, a refusal for good, or `null` for "not while others are under way". */
export type Admit = () => Reservation | NotAsked | null

/** A request that may be sent now. */
export interface Ticket {
  kind: 'ticket'
  reservation: Reservation
  sentMs: number
  number: number
}

/** How a request ended, as far as it says something of the host. */
export type Ending =
  /** An answer, or none within the deadline. */
  { kind: 'answered' | 'failed' } | { kind: 'refused'; retryAfterMs: number | null }

/** One endpoint's way to its host. */
export interface Lane {
  /** Waits for a place, for the end of a pause and for the budget. `isRetry`: before those that were never sent. */
  enter(request: { admit: Admit; isRetry: boolean }): Promise<Ticket | NotAsked>
  /** Gives the place back. */
  leave(ticket: Ticket, ending: Ending): void
  /** Waits before a request is tried again, without a place. */
  rest(ms: number): Promise<void>
  /** What an answer's headers say of what is left. */
  heard(ticket: Ticket, allowances: readonly Allowance[], tokens: number): void
  /** Waits until the host is not paused: for a request that keeps its place. */
  waitForPause(): Promise<void>
  /** Whether it is tried with one request at a time, the next not before so long, and first with what it failed before. */
  setTrial(trial: { pauseMs: number } | null): void
}

/** What serves one origin: all its endpoints share its pauses, its pace and, where that is found out, its limit. */
export interface Host {
  /** Adds an endpoint. A number is its own limit; with `auto` those of a host share one that grows and shrinks. */
  join(settings: { name: string; concurrency: number | 'auto' }): Lane
  /** Looks again whether somebody may go: the budget has changed. */
  wake(): void
}

interface LaneState {
  readonly name: string
  readonly limit: number
  underWay: number
  isOnTrial: boolean
  /** When the next request of a trial may be sent. */
  trialFromMs: number
  /** Requests that wait to be tried again. */
  resting: number
  readonly retries: Waiting[]
  readonly fresh: Waiting[]
}

interface Waiting {
  admit: Admit
  go: (result: Ticket | NotAsked) => void
}

interface HostState {
  readonly clock: Clock
  readonly ended: AbortSignal
  readonly timeoutMs: number
  readonly pace: Pace
  readonly lanes: LaneState[]
  /** `null` where each endpoint has a limit of its own. */
  adaptive: AdaptiveLimit | null
  underWay: number
  /** The endpoint whose turn it is. */
  turn: number
  /** When somebody looks again by itself. */
  wakeMs: number
}

/**
 * Makes a host. Endpoints take turns, and at each goes who has waited longest: neither arm starves the other, nor the
 * grading. A pause holds no place, and a slow request only its own.
 */
export function createHost(settings: {
  clock: Clock
  random: () => number
  /** Aborts when nothing is to be sent any more: whoever waits is told by its `admit`. */
  ended: AbortSignal
  timeoutMs: number
}): Host {
  const { random, ...given } = settings
  const host: HostState = {
    ...given,
    pace: createPace({ random }),
    lanes: [],
    adaptive: null,
    underWay: 0,
    turn: 0,
    wakeMs: Number.POSITIVE_INFINITY,
  }
  host.ended.addEventListener('abort', () => letGo(host))
  return { wake: () => letGo(host), join: (lane) => createLane(host, lane) }
}

function createLane(host: HostState, { name, concurrency }: Parameters<Host['join']>[0]): Lane {
  const { clock, ended, pace, lanes, timeoutMs } = host
  const isAuto = concurrency === 'auto'
  const lane: LaneState = {
    name,
    limit: isAuto ? Number.POSITIVE_INFINITY : concurrency,
    underWay: 0,
    isOnTrial: false,
    trialFromMs: 0,
    resting: 0,
    retries: [],
    fresh: [],
  }
  lanes.push(lane)
  if (isAuto) host.adaptive = createAdaptiveLimit({ initial: firstConcurrency * lanes.length, timeoutMs })
  return {
    enter: ({ admit, isRetry }) =>
      new Promise((go) => {
        const queue = isRetry ? lane.retries : lane.fresh
        queue.push({ admit, go })
        letGo(host)
      }),
    leave: (ticket, ending) => leave({ host, lane, ticket, ending }),
    async rest(ms) {
      lane.resting += 1
      await clock.sleep(ms, ended).catch(() => undefined)
      lane.resting -= 1
    },
    heard({ sentMs, number }, allowances, tokens) {
      for (const allowance of allowances) pace.heard(allowance, { sentMs, number, tokens })
    },
    async waitForPause() {
      for (;;) {
        const restMs = pace.pausedUntilMs() - clock.monotonicMs()
        if (restMs <= 0 || ended.aborted) return
        await clock.sleep(Math.ceil(restMs), ended).catch(() => undefined)
      }
    },
    setTrial(trial) {
      lane.isOnTrial = trial !== null
      lane.trialFromMs = trial === null ? 0 : clock.monotonicMs() + trial.pauseMs
    },
  }
}

function leave(parts: { host: HostState; lane: LaneState; ticket: Ticket; ending: Ending }): void {
  const { host, lane, ticket, ending } = parts
  const { pace, adaptive } = host
  const nowMs = host.clock.monotonicMs()
  lane.underWay -= 1
  host.underWay -= 1
  if (ending.kind === 'refused') {
    const { isFirst, isMeasured } = pace.refused({ ...ticket, ...ending, nowMs })
    if (isFirst) adaptive?.refused({ isMeasured, underWay: host.underWay, nowMs })
  } else pace.taken(ticket)
  const tookMs = ending.kind === 'answered' ? nowMs - ticket.sentMs : null
  adaptive?.ended({ number: ticket.number, tookMs, nowMs })
  letGo(host)
}

/** Lets go whoever may go now, and sees to it that somebody looks again when the next one may. */
function letGo(host: HostState): void {
  const { ended, lanes, clock, adaptive, pace } = host
  if (ended.aborted) {
    dismissAll(lanes)
    return
  }
  for (;;) {
    const nowMs = clock.monotonicMs()
    const isFull = adaptive !== null && host.underWay >= adaptive.current()
    const opensMs = pace.opensMs(nowMs)
    const index = isFull ? -1 : findLane(host, nowMs)
    const lane = lanes[index]
    if (lane === undefined || opensMs > nowMs) {
      adaptive?.noteUse(isFull, nowMs)
      if (lane !== undefined) wakeAt(host, opensMs, nowMs)
      return
    }
    if (!send(host, lane, nowMs)) return
    host.turn = index + 1
  }
}

/** The next endpoint in turn that has somebody waiting, and a place for it; -1: none. */
function findLane(host: HostState, nowMs: number): number {
  const { lanes, turn } = host
  for (let offset = 0; offset < lanes.length; offset += 1) {
    const index = (turn + offset) % lanes.length
    const lane = lanes[index] as LaneState
    if (lane.retries.length + lane.fresh.length === 0) continue
    if (lane.underWay >= (lane.isOnTrial ? 1 : lane.limit)) continue
    if (!lane.isOnTrial) return index
    if (lane.retries.length === 0 && lane.resting > 0) continue
    if (lane.trialFromMs <= nowMs) return index
    wakeAt(host, lane.trialFromMs, nowMs)
  }
  return -1
}

/** Sends the next request of an endpoint, or tells it that it will not be; false where it has to wait for the budget. */
function send(host: HostState, lane: LaneState, nowMs: number): boolean {
  const queue = lane.retries.length > 0 ? lane.retries : lane.fresh
  const [waiting] = queue
  const admitted = waiting?.admit() ?? null
  if (waiting === undefined || admitted === null) return false
  queue.shift()
  if (admitted.kind === 'not-asked') {
    waiting.go(admitted)
    return true
  }
  lane.underWay += 1
  host.underWay += 1
  const number = host.pace.sent(nowMs)
  host.adaptive?.sent({ lane: lane.name, number, nowMs })
  waiting.go({ kind: 'ticket', reservation: admitted, sentMs: nowMs, number })
  return true
}

function wakeAt(host: HostState, ms: number, nowMs: number): void {
  if (ms >= host.wakeMs) return
  host.wakeMs = ms
  const wake = () => {
    if (host.wakeMs === ms) host.wakeMs = Number.POSITIVE_INFINITY
    letGo(host)
  }
  host.clock.sleep(Math.ceil(ms - nowMs), host.ended).then(wake, () => undefined)
}

function dismissAll(lanes: readonly LaneState[]): void {
  for (const lane of lanes)
    for (const waiting of [...lane.retries.splice(0), ...lane.fresh.splice(0)]) {
      const refused = waiting.admit()
      if (refused?.kind !== 'not-asked') throw new Error('a request was let go after the end')
      waiting.go(refused)
    }
}
