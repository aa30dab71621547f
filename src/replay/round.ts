/** Requests that a round is judged by: so many at least, more where their times differ more. */
const fewestFirst = 16
const fewest = 24
const most = 192
/** As many as are under way, and so many times. */
const waves = 1.5
/** The standard error up to which the logarithm of the time of an answer has to be known: less well at first. */
const largestFirstError = 0.2
const largestError = 0.12
/**
 * A round is over when all but this share of its requests are answered, and the same share is left out at either end:
 * whoever waited for the last would wait for stragglers, and whoever took the first would take what is fast.
 */
const trimmedShare = 0.25
/** A round counts where the limit was used all but this share of the time. */
const largestUnusedShare = 0.25
/** Fewer of one endpoint don't say how long it takes. */
const fewestOfLane = 5
/** What is faster can't be told apart. */
const shortestMs = 0.05
/** Rounds are taken together until they have so many answers of an endpoint: more say nothing more. */
const mostMerged = 512

/** Requests that are sent while one limit holds. */
export interface Round {
  readonly limit: number
  readonly fromMs: number
  readonly isFirst: boolean
  /** The number of its first request; `null` before that. */
  firstNumber: number | null
  /** Who was asked, and what came of it, in the order of sending. */
  readonly requests: Sent[]
  /** How many of them count. */
  size: number
  isSecondLook: boolean
  /** While less was under way than its limit allows. */
  unusedMs: number
}

interface Sent {
  lane: string
  /** The logarithm of the time of its answer; `gone`: it has none. */
  end: number | 'gone' | null
}

/** How long the answers of a round took: by lane the mean logarithm of what is neither fast nor slow. */
export interface RoundResult {
  limit: number
  lanes: Map<string, { mean: number; count: number }>
}

/** Begins a round. `isFirst`: one of those in which a limit is found from nothing, which are short. */
export function beginRound(parts: { limit: number; fromMs: number; isFirst: boolean }): Round {
  const { limit, isFirst } = parts
  const size = Math.max(isFirst ? fewestFirst : fewest, Math.min(most, Math.ceil(waves * limit)))
  return { ...parts, firstNumber: null, requests: [], size, isSecondLook: false, unusedMs: 0 }
}

/** Notes a request; numbers of requests follow one another. */
export function addRequest(round: Round, request: { lane: string; number: number; nowMs: number }): void {
  if (request.nowMs < round.fromMs) return
  round.firstNumber ??= request.number
  round.requests.push({ lane: request.lane, end: null })
}

/**
 * Notes how a request ended, and says whether the round is over: `void` where too little was under way for it to say
 * anything. `tookMs`: `null` where it has no answer.
 */
export function addEnd(
  round: Round,
  end: { number: number; tookMs: number | null; nowMs: number },
): 'goes-on' | 'over' | 'void' {
  const { number, tookMs, nowMs } = end
  const sent = round.firstNumber === null ? undefined : round.requests[number - round.firstNumber]
  if (sent === undefined) return 'goes-on'
  sent.end = tookMs === null ? 'gone' : Math.log(Math.max(shortestMs, tookMs))
  if (round.requests.length < round.size || countOpen(round) > trimmedShare * round.size) return 'goes-on'
  if (round.unusedMs > largestUnusedShare * (nowMs - round.fromMs)) return 'void'
  const wanted = round.isSecondLook ? round.size : countNeeded(round)
  if (round.size >= wanted) return 'over'
  round.size = Math.min(wanted, round.size + fewest)
  return 'goes-on'
}

/** Lets a round go on for as many requests again, once. Says whether it does. */
export function lookAgain(round: Round): boolean {
  if (round.isSecondLook) return false
  round.isSecondLook = true
  round.size *= 2
  return true
}

/** What the answers of a round say. */
export function readRound(round: Round): RoundResult {
  const lanes: RoundResult['lanes'] = new Map()
  for (const [lane, requests] of groupByLane(round)) {
    const { times, total } = sortTimes(requests)
    const cut = Math.max(total - times.length, Math.floor(total * trimmedShare))
    const kept = times.slice(cut, total - cut)
    if (kept.length === 0) continue
    lanes.set(lane, { mean: kept.reduce((sum, time) => sum + time, 0) / kept.length, count: total })
  }
  return { limit: round.limit, lanes }
}

/** How much longer answers took than in another round: by lane, so that it does not matter who was asked how often. */
export function compareRounds(one: RoundResult, other: RoundResult): number {
  let [sum, weight] = [0, 0]
  for (const [lane, { mean, count }] of one.lanes) {
    const before = other.lanes.get(lane)
    const both = Math.min(count, before?.count ?? 0)
    if (before === undefined || both < fewestOfLane) continue
    sum += both * (mean - before.mean)
    weight += both
  }
  return weight === 0 ? 1 : Math.exp(sum / weight)
}

/** Two rounds as one: the first is not forgotten, so that nothing drifts. */
export function mergeRounds(one: RoundResult, other: RoundResult): RoundResult {
  const lanes = new Map(one.lanes)
  for (const [lane, later] of other.lanes) {
    const before = lanes.get(lane)
    if (before === undefined) lanes.set(lane, later)
    if (before === undefined || before.count >= mostMerged) continue
    const count = before.count + later.count
    lanes.set(lane, { mean: (before.mean * before.count + later.mean * later.count) / count, count })
  }
  return { ...one, lanes }
}

/** The usual time of an answer of a round, whoever gave it. */
export function findUsualMs({ lanes }: RoundResult): number {
  let [sum, weight] = [0, 0]
  for (const { mean, count } of lanes.values()) {
    sum += mean * count
    weight += count
  }
  return weight === 0 ? 0 : Math.exp(sum / weight)
}

function countOpen({ requests, size }: Round): number {
  let open = 0
  for (let index = 0; index < size; index += 1) if (requests[index]?.end === null) open += 1
  return open
}

function groupByLane({ requests, size }: Round): Map<string, Sent[]> {
  const lanes = new Map<string, Sent[]>()
  for (const sent of requests.slice(0, size)) {
    const others = lanes.get(sent.lane)
    if (others === undefined) lanes.set(sent.lane, [sent])
    else others.push(sent)
  }
  return lanes
}

/** The times of what was answered, in order; `total` has what is still open too, which takes longer. */
function sortTimes(requests: readonly Sent[]): { times: number[]; total: number } {
  const times = requests.flatMap(({ end }) => (typeof end === 'number' ? [end] : []))
  const gone = requests.filter(({ end }) => end === 'gone').length
  return { times: times.toSorted((a, b) => a - b), total: requests.length - gone }
}

/** How many answers it takes to know their time: (σ / e)² for the standard error e of the mean of logarithms. */
function countNeeded(round: Round): number {
  let [spread, weight] = [0, 0]
  for (const requests of groupByLane(round).values()) {
    const { times, total } = sortTimes(requests)
    const quartile = (share: number) =>
      times[Math.min(times.length - 1, Math.floor(share * (total - 1)))] ?? 0
    // Of a normal distribution the quartiles lie 1.349 standard deviations apart.
    spread += ((quartile(0.75) - quartile(0.25)) / 1.349) * total
    weight += total
  }
  const error = round.isFirst ? largestFirstError : largestError
  return weight === 0 ? 0 : Math.min(most, Math.ceil((spread / weight / error) ** 2))
}
