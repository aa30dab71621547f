import { type BucketView, createBucketView } from './bucket-view.ts'
import type { Allowance } from './rate-limits.ts'
import { createRecentRate, type RecentRate } from './recent-rate.ts'

/** Longer waits that an endpoint asks for are cut to this. */
export const longestPauseMs = 60_000
const firstPauseMs = 500
/** The longest pause before an endpoint has taken anything: whether it ever will should be known soon. */
const longestFirstPauseMs = 2000
/**
 * How far below the measured rate a pace begins; lower where no two refusals were there to measure between, and hardly
 * where answers say it.
 */
const shareOfPeak = 0.85
const shareOfFirstPeak = 0.7
const shareOfSaid = 0.98
/**
 * How long a pace takes back to the rate at which it was refused: at least so many pauses long, but not longer than so
 * many times what the rate was measured over.
 */
const recoveryMs = 15_000
const recoveryPauses = 10
const recoverySpans = 5
const shortestRecoveryMs = 2000
/** How far back the rate is looked at, at which a host refuses; what came within less is no rate. */
const recentMs = 2000
const shortestSpanMs = 500
/** Nothing is sent faster than so many times what was sent in these seconds: the pace is no licence for a burst. */
const mostGrowth = 2
/** A host that refuses so soon again, and so many pauses after the one before, gave out what it had saved up. */
const steadyMs = 1000
const steadyPauses = 3
/** Timers are not exact: what is late by up to this is made up for. */
const slackMs = 20
const slowestPerMs = 1 / longestPauseMs

/** When requests may be sent to a host that limits their rate. */
export interface Pace {
  /** When the next request may be sent: a time that has passed means at once. */
  opensMs(nowMs: number): number
  /** Until when the host wants to be left alone. */
  pausedUntilMs(): number
  /** Notes that a request is sent, and gives its number. */
  sent(nowMs: number): number
  /** A request was taken, whatever came of it. */
  taken(request: { number: number }): void
  /** A request was refused for want of capacity. */
  refused(request: { number: number; nowMs: number; retryAfterMs: number | null }): Refusal
  /** An answer said what was left of a limit when it was asked for. */
  heard(allowance: Allowance, request: { number: number; sentMs: number; tokens: number }): void
}

/** What a refusal is. */
export interface Refusal {
  /** It is not one of those that were under way when another was refused. */
  isFirst: boolean
  /** Something was taken since the refusal before, so that the rate which the host bears is known. */
  isMeasured: boolean
}

/** A rate that grows as a cubic function of time, flat where the host last refused. */
interface Curve {
  peakPerMs: number
  fromMs: number
  spanMs: number
  share: number
}

/** The last refusal that was the first of its kind. */
interface LastRefusal {
  atMs: number
  pauseMs: number
  /** Requests up to this one were sent before it. */
  number: number
}

interface State {
  readonly random: () => number
  readonly view: BucketView
  readonly recent: RecentRate
  pausedUntilMs: number
  /** When the pace lets the next one go. */
  nextMs: number
  /** `null` before the first refusal. */
  curve: Curve | null
  last: LastRefusal | null
  firstSentMs: number | null
  count: number
  /** How many were sent since the last refusal, without those that were refused. */
  sentSince: number
  refusalsInRow: number
  hasTaken: boolean
}

/**
 * Paces requests to a host that refuses some (429, 503), and pauses it as a whole when it does.
 *
 * The pace begins below the rate at which the host refused, comes back to it slowly and then grows faster and faster: the
 * window of CUBIC (RFC 9438 §4.2, with the time to the last peak fixed in place of the constant C), as AWS's SDKs use it
 * for rates in their "adaptive" retry mode, from which is also that it stays within twice the rate of what is sent. Before
 * the first refusal there is no pace, but for what answers say of what is left.
 */
export function createPace({ random }: { random: () => number }): Pace {
  const state: State = {
    random,
    view: createBucketView(),
    recent: createRecentRate({ windowMs: recentMs, shortestMs: shortestSpanMs }),
    pausedUntilMs: Number.NEGATIVE_INFINITY,
    nextMs: Number.NEGATIVE_INFINITY,
    curve: null,
    last: null,
    firstSentMs: null,
    count: 0,
    sentSince: 0,
    refusalsInRow: 0,
    hasTaken: false,
  }
  const { view } = state
  return {
    opensMs: (nowMs) => Math.max(state.pausedUntilMs, state.nextMs, view.opensMs(nowMs)),
    pausedUntilMs: () => state.pausedUntilMs,
    sent: (nowMs) => noteSent(state, nowMs),
    taken({ number }) {
      state.hasTaken = true
      if (number > (state.last?.number ?? 0)) state.refusalsInRow = 0
    },
    refused: (request) => takeRefusal(state, request),
    heard: (allowance, request) => view.heard(allowance, request),
  }
}

function noteSent(state: State, nowMs: number): number {
  const { curve, recent } = state
  state.firstSentMs ??= nowMs
  recent.happened(nowMs)
  state.view.sent(nowMs)
  state.sentSince += 1
  state.count += 1
  if (curve !== null) {
    const most = Math.max(findStart(curve), mostGrowth * recent.perMs(nowMs))
    state.nextMs = Math.max(state.nextMs, nowMs - slackMs) + 1 / Math.min(findRate(curve, nowMs), most)
  }
  return state.count
}

function takeRefusal(state: State, request: Parameters<Pace['refused']>[0]): Refusal {
  const { number, nowMs, retryAfterMs } = request
  if (state.last !== null && number <= state.last.number) {
    const asked = Math.min(longestPauseMs, retryAfterMs ?? 0)
    state.pausedUntilMs = Math.max(state.pausedUntilMs, nowMs + asked)
    return { isFirst: false, isMeasured: true }
  }
  state.sentSince -= 1
  state.refusalsInRow += 1
  const pauseMs = choosePause(state, retryAfterMs)
  state.pausedUntilMs = Math.max(state.pausedUntilMs, nowMs + pauseMs)
  const isMeasured = state.sentSince > 0
  if (isMeasured) state.curve = chooseCurve(state, { nowMs, pauseMs })
  state.nextMs = Math.max(state.nextMs, state.pausedUntilMs)
  state.last = { atMs: nowMs, pauseMs, number: state.count }
  state.recent.restart(state.pausedUntilMs)
  state.sentSince = 0
  return { isFirst: true, isMeasured }
}

function choosePause({ hasTaken, refusalsInRow, random }: State, retryAfterMs: number | null): number {
  const longest = hasTaken ? longestPauseMs : longestFirstPauseMs
  const backoff = Math.min(longest, firstPauseMs * 2 ** (refusalsInRow - 1)) * (0.5 + random() / 2)
  if (retryAfterMs === null) return backoff
  // One that asks for no wait and refuses again is not asked as often as it likes.
  return Math.min(longestPauseMs, refusalsInRow > 1 ? Math.max(retryAfterMs, backoff) : retryAfterMs)
}

/**
 * The rate that a host bears lies between two others: that of what it took since the refusal before, since some of what
 * came in may have been lost to a bucket that was full; and that at which requests were sent when it refused, since they
 * may have used up what was saved. The latter is near where the time between was long; else the geometric mean of the two
 * is wrong by the same factor either way. What answers say of it goes before all this.
 */
function chooseCurve(state: State, { nowMs, pauseMs }: { nowMs: number; pauseMs: number }): Curve {
  const { last, sentSince, firstSentMs, pausedUntilMs, view } = state
  const recentPerMs = state.recent.perMs(nowMs)
  const wholeMs = nowMs - (last?.atMs ?? firstSentMs ?? nowMs)
  const wholePerMs = sentSince / Math.max(shortestSpanMs, wholeMs)
  const isSteady = last !== null && wholeMs >= steadyMs + steadyPauses * last.pauseMs
  const measured = isSteady ? recentPerMs : Math.sqrt(wholePerMs * recentPerMs)
  const trustedMs = Math.max(shortestRecoveryMs, recoverySpans * wholeMs)
  const said = view.perMs()
  return {
    peakPerMs: Math.max(slowestPerMs, said ?? measured),
    share: said !== null ? shareOfSaid : last === null ? shareOfFirstPeak : shareOfPeak,
    spanMs: Math.min(trustedMs, Math.max(recoveryMs, recoveryPauses * pauseMs)),
    fromMs: pausedUntilMs,
  }
}

function findStart({ peakPerMs, share }: Curve): number {
  return Math.max(slowestPerMs, peakPerMs * share)
}

function findRate({ peakPerMs, fromMs, spanMs, share }: Curve, nowMs: number): number {
  const distance = Math.max(0, nowMs - fromMs) / spanMs - 1
  return Math.max(slowestPerMs, peakPerMs * (1 + (1 - share) * distance * distance * distance))
}
