import {
  addEnd,
  addRequest,
  beginRound,
  compareRounds,
  findUsualMs,
  lookAgain,
  mergeRounds,
  type Round,
  type RoundResult,
  readRound,
} from './round.ts'

/** More requests than this under way help no server that is known, and cost sockets and memory. */
export const mostUnderWay = 512
/** Factors by which a limit is tried: at first, and later. */
const firstStep = 2
const laterStep = 1.5
/** The share of a step by which throughput has to grow, for the step to be kept: at first too much is soon put right. */
const firstWorthwhileShare = 0.15
const worthwhileShare = 0.4
/** The share of the throughput that a smaller limit has to keep, to be kept itself. */
const keptShare = 0.9
/** What a limit that was too much needs at the shorter time is taken where it is so much more than the limit before. */
const headroom = 1.1
/** So much slower than at the fastest, a smaller limit is tried; so much slower than that, or than a round ago, soon. */
const slowRatio = 1.4
const verySlowRatio = 4
const suddenRatio = 2
/** Rounds that differ by less are alike. */
const alikeRatio = 1.2
/** Rounds until the limit is tried again: fewer after one that helped. */
const shortHold = 2
const longHold = 16
/**
 * As many under way at so many refusals in a row, but for this share, are taken for the reason; refusals count where a
 * pace has had some time before.
 */
const sameRefusals = 3
const sameShare = 0.03
const sameAfterMs = 5000
/** No limit is raised where answers take so large a share of the deadline; where they take twice as much, it falls. */
const deadlineShare = 0.25

/** How many requests may be under way at a host. */
export interface AdaptiveLimit {
  current(): number
  /** A request is sent; numbers follow one another. */
  sent(request: { lane: string; number: number; nowMs: number }): void
  /** A request has ended: how long its answer took, or its deadline; `null`: neither. */
  ended(end: { number: number; tookMs: number | null; nowMs: number }): void
  /** Whether as much is under way as the limit allows; where mostly less is, answers say nothing about it. */
  noteUse(isFull: boolean, nowMs: number): void
  /**
   * A request was refused for want of capacity while so many others were under way, the first of those that were refused
   * together. `isMeasured`: it is known at which rate none would be.
   */
  refused(request: { isMeasured: boolean; underWay: number; nowMs: number }): void
}

interface State {
  readonly timeoutMs: number
  limit: number
  /** What is allowed of it: a larger one is let in one by one as answers come (TCP's "slow start"), not in a burst. */
  open: number
  round: Round
  /** The round that the one under way is compared with; `null` while the first at a limit is under way. */
  reference: RoundResult | null
  /** What answers took at the fastest, by all rounds that were about as fast. */
  fastest: RoundResult | null
  trying: 'more' | 'less' | null
  /** Until the first limit that is too much. */
  isStarting: boolean
  /** While it starts: a limit has seemed too much already. */
  wasTooMuch: boolean
  /** Rounds until another limit is tried, and how many there are next time. */
  hold: number
  nextHold: number
  wasMoreTried: boolean
  /** What was refused, until so many rounds are over. */
  ceiling: { limit: number; rounds: number }
  lastRefused: { underWay: number; nowMs: number; alike: number }
  unusedFromMs: number | null
}

/**
 * Finds the number of requests under way at which a host does most.
 *
 * Rounds of answers are compared by the usual time that each endpoint's answers took, so that stragglers move nothing. By
 * Little's law the throughput of a limit is the limit divided by that time. A larger limit is tried, and kept where
 * throughput grows with it; else the limit falls to what the throughput needs at the shorter time. That is the gradient
 * of Netflix's concurrency-limits (limit × time before / time now), with the comparison between neighbouring limits in
 * place of the one with an idle server: a model server that works on answers in batches gets slower long before it is
 * full. Where answers take longer than at the fastest round a smaller limit is tried too.
 *
 * Refusals are mostly about rates, which have a pace of their own (`createPace`). Where a host refuses again and again
 * with just as many under way, the limit falls to these, and no more is tried for a while; where it has taken nothing
 * since it refused before, the limit falls by half (the multiplicative decrease of RFC 5681 §3.1).
 */
export function createAdaptiveLimit(settings: { initial: number; timeoutMs: number }): AdaptiveLimit {
  const limit = Math.max(1, settings.initial)
  const state: State = {
    timeoutMs: settings.timeoutMs,
    limit,
    open: limit,
    round: beginRound({ limit, fromMs: Number.NEGATIVE_INFINITY, isFirst: true }),
    reference: null,
    fastest: null,
    trying: null,
    isStarting: true,
    wasTooMuch: false,
    hold: 0,
    nextHold: shortHold,
    wasMoreTried: false,
    ceiling: { limit: Number.POSITIVE_INFINITY, rounds: 0 },
    lastRefused: { underWay: Number.NaN, nowMs: 0, alike: 0 },
    unusedFromMs: null,
  }
  return {
    current: () => Math.min(state.open, state.limit),
    sent(request) {
      if (state.open >= state.limit) addRequest(state.round, request)
    },
    ended(end) {
      if (state.open < state.limit) state.open += 1
      noteUse(state, state.unusedFromMs === null, end.nowMs)
      const isOver = addEnd(state.round, end)
      if (isOver === 'void') moveTo(state, state.limit, end.nowMs)
      if (isOver === 'over') endRound(state, end.nowMs)
    },
    noteUse: (isFull, nowMs) => noteUse(state, isFull, nowMs),
    refused: (request) => takeRefusal(state, request),
  }
}

function noteUse(state: State, isFull: boolean, nowMs: number): void {
  if (state.round.fromMs === Number.NEGATIVE_INFINITY) state.round = { ...state.round, fromMs: nowMs }
  const { round, unusedFromMs } = state
  if (unusedFromMs !== null) round.unusedMs += Math.max(0, nowMs - Math.max(unusedFromMs, round.fromMs))
  state.unusedFromMs = isFull ? null : nowMs
}

/** What to do at the end of a round. */
type Action = 'try-more' | 'try-less' | 'settle' | 'stay' | 'look-again'

function endRound(state: State, nowMs: number): void {
  const { fastest, reference, trying, ceiling } = state
  const result = readRound(state.round)
  if (ceiling.rounds > 0) ceiling.rounds -= 1
  if (ceiling.rounds === 0) ceiling.limit = Number.POSITIVE_INFINITY
  state.fastest = fastest === null ? result : takeFaster(fastest, result)
  const choose = () => {
    if (reference === null || trying === null) return keepWatch(state, result)
    return trying === 'more' ? judgeMore(state, result, reference) : judgeLess(state, result, reference)
  }
  carryOut({ state, result, action: choose(), nowMs })
}

function carryOut(parts: { state: State; result: RoundResult; action: Action; nowMs: number }): void {
  const { state, result, action, nowMs } = parts
  if (action === 'look-again') return
  const usualMs = findUsualMs(result)
  const wanted = chooseLimit(state, action, usualMs)
  if (action === 'settle' || (wanted === state.limit && action !== 'stay')) {
    state.trying = null
    state.isStarting = false
    state.hold = state.nextHold
    state.nextHold = Math.min(longHold, state.nextHold * 2)
  } else if (action !== 'stay') {
    state.trying = action === 'try-more' ? 'more' : 'less'
    state.wasMoreTried = action === 'try-more'
  }
  // What was under way, or in line, before the limit changed makes answers late for about as long as they take.
  const settlingMs = state.isStarting || wanted === result.limit ? 0 : usualMs
  moveTo(state, wanted, nowMs + settlingMs)
}

function chooseLimit(state: State, action: Action, usualMs: number): number {
  const { limit, ceiling, isStarting, timeoutMs } = state
  if (action === 'try-less') return Math.max(1, Math.min(limit - 1, Math.round(limit / laterStep)))
  if (action !== 'try-more' || usualMs > deadlineShare * timeoutMs) return limit
  const wanted = Math.max(limit + 1, Math.round(limit * (isStarting ? firstStep : laterStep)))
  return Math.max(limit, Math.min(wanted, ceiling.limit, mostUnderWay))
}

function moveTo(state: State, limit: number, fromMs: number): void {
  state.limit = limit
  state.open = Math.min(state.open, limit)
  state.round = beginRound({ limit, fromMs, isFirst: state.isStarting && !state.wasTooMuch })
}

/** Nothing goes down by one look: chance can make a round slow. */
function judgeMore(state: State, result: RoundResult, before: RoundResult): Action {
  const { round, limit, isStarting } = state
  const step = limit / before.limit
  const ratio = compareRounds(result, before)
  const share = isStarting ? firstWorthwhileShare : worthwhileShare
  if (step / ratio >= 1 + share * (step - 1)) {
    state.reference = result
    state.nextHold = shortHold
    return 'try-more'
  }
  if (lookAgain(round)) return 'look-again'
  if (isStarting && !state.wasTooMuch) {
    // The rounds before were short, and the fastest of them may have been so by chance: the last one is measured again.
    state.wasTooMuch = true
    state.fastest = null
    state.trying = null
    state.limit = before.limit
    state.reference = null
    return 'stay'
  }
  const needed = Math.min(limit, Math.round(limit / ratio))
  state.limit = needed > before.limit * headroom ? needed : before.limit
  state.reference = null
  return 'settle'
}

function judgeLess(state: State, result: RoundResult, before: RoundResult): Action {
  const { round, limit } = state
  if (limit / before.limit / compareRounds(result, before) >= keptShare) {
    if (lookAgain(round)) return 'look-again'
    state.reference = result
    state.nextHold = shortHold
    return isSlow(state, result) ? 'try-less' : 'settle'
  }
  // Slower for another reason than for what is under way: that is how long its answers take now.
  if (isSlow(state, before)) state.fastest = null
  state.limit = before.limit
  state.reference = null
  return 'settle'
}

function keepWatch(state: State, result: RoundResult): Action {
  const { reference, timeoutMs } = state
  const isSudden = reference !== null && compareRounds(result, reference) > suddenRatio
  const isLate = findUsualMs(result) > 2 * deadlineShare * timeoutMs
  state.reference = result
  state.hold -= 1
  if (isLate) return 'try-less'
  if (isSudden || (state.hold > 1 && isSlow(state, result, verySlowRatio))) {
    // In this round some were still fast: the next says how long they take now.
    state.hold = 1
    state.wasMoreTried = true
  }
  if (state.hold > 0) return 'stay'
  return state.wasMoreTried && isSlow(state, result) ? 'try-less' : 'try-more'
}

/** Rounds that are about as fast are taken together: the fastest alone would be one that was fast by chance. */
function takeFaster(fastest: RoundResult, result: RoundResult): RoundResult {
  const ratio = compareRounds(result, fastest)
  if (ratio > alikeRatio) return fastest
  return ratio < 1 / alikeRatio ? result : mergeRounds(fastest, result)
}

function isSlow({ fastest }: State, result: RoundResult, ratio = slowRatio): boolean {
  return fastest !== null && compareRounds(result, fastest) > ratio
}

function takeRefusal(state: State, request: Parameters<AdaptiveLimit['refused']>[0]): void {
  const { isMeasured, underWay, nowMs } = request
  const last = state.lastRefused
  const isAlike =
    nowMs - last.nowMs >= sameAfterMs && Math.abs(underWay - last.underWay) <= 1 + sameShare * last.underWay
  const alike = isAlike ? last.alike + 1 : 1
  state.lastRefused = { underWay, nowMs, alike }
  if (isMeasured && alike < sameRefusals) return
  state.ceiling = { limit: Math.max(1, underWay), rounds: longHold }
  state.reference = null
  state.trying = null
  state.isStarting = false
  state.hold = longHold
  const wanted = isMeasured ? Math.min(state.limit, underWay) : Math.floor(state.limit / 2)
  moveTo(state, Math.max(1, wanted), nowMs)
}
