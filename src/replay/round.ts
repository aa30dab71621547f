/** Answers that a round is judged by: so many at least, more where they differ more. */
const fewestFirstAnswers = 16
const fewestAnswers = 24
const mostAnswers = 192
const mostMerged = 512
/** The standard error up to which the logarithm of the time of an answer has to be known: less well at first. */
const largestFirstError = 0.2
const largestError = 0.12
/** The share of a round's answers that is left out at either end: stragglers, and errors that came at once. */
const trimmedShare = 0.1
/** A round counts where the limit was used all but this share of the time. */
const largestUnusedShare = 0.25
/** Fewer of one endpoint don't say how long it takes. */
const fewestOfLane = 5
/** What is faster can’t be told apart. */
const shortestMs = 0.05

/** Answers to requests that were sent while one limit held. */
export interface Round {
  readonly limit: number
  readonly fromMs: number
  readonly isFirst: boolean
  /** Logarithms of how long answers took, by lane. */
  readonly times: Map<string, number[]>
  count: number
  /** How many answers it takes. */
  size: number
  isSecondLook: boolean
  /** While less was under way than its limit allows. */
  unusedMs: number
}

/** Begins a round. `isFirst`: one of those in which a limit is found from nothing, which are short. */
export function beginRound(parts: { limit: number; fromMs: number; isFirst: boolean }): Round {
  const fewest = parts.isFirst ? fewestFirstAnswers : fewestAnswers
  const size = Math.max(Math.min(parts.limit, mostAnswers), fewest)
  return { ...parts, times: new Map(), count: 0, size, isSecondLook: false, unusedMs: 0 }
}

/** Adds an answer, and says whether the round is over: `void` where too little was under way for it to say anything. */
export function addAnswer(
  round: Round,
  answer: { lane: string; sentMs: number; nowMs: number },
): 'goes-on' | 'over' | 'void' {
  const { lane, sentMs, nowMs } = answer
  if (sentMs < round.fromMs) return 'goes-on'
  const times = round.times.get(lane) ?? []
  times.push(Math.log(Math.max(shortestMs, nowMs - sentMs)))
  round.times.set(lane, times)
  round.count += 1
  if (round.count < round.size) return 'goes-on'
  if (round.unusedMs > largestUnusedShare * (nowMs - round.fromMs)) return 'void'
  const wanted = round.isSecondLook ? round.size : countNeeded(round)
  if (round.count >= wanted) return 'over'
  round.size = Math.min(wanted, round.count + fewestAnswers)
  return 'goes-on'
}

/** Lets a round go on for as many answers again, once. Says whether it does. */
export function lookAgain(round: Round): boolean {
  if (round.isSecondLook) return false
  round.isSecondLook = true
  round.size = 2 * round.count
  return true
}

/** How much longer answers took than in another round: by lane, so that it does not matter who was asked how often. */
export function compareRounds(one: Round, other: Round): number {
  let [sum, weight] = [0, 0]
  for (const [lane, times] of one.times) {
    const before = other.times.get(lane) ?? []
    const count = Math.min(times.length, before.length)
    if (count < fewestOfLane) continue
    sum += count * (trimMean(times) - trimMean(before))
    weight += count
  }
  return weight === 0 ? 1 : Math.exp(sum / weight)
}

/** A round of the answers of two: of each lane as many as say enough, the first of them, so that it does not drift. */
export function mergeRounds(one: Round, other: Round): Round {
  const times = new Map(one.times)
  for (const [lane, later] of other.times) {
    times.set(lane, [...(times.get(lane) ?? []), ...later].slice(0, mostMerged))
  }
  return { ...one, times }
}

/** The usual time of an answer of a round, whoever gave it. */
export function findUsualMs({ times }: Round): number {
  return Math.exp(trimMean([...times.values()].flat()))
}

/** How many answers it takes to know their time: (σ / e)² for the standard error e of the mean of logarithms. */
function countNeeded({ times: byLane, count, isFirst }: Round): number {
  let spread = 0
  for (const times of byLane.values()) {
    const sorted = times.toSorted((a, b) => a - b)
    const quartile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
    // Of a normal distribution the quartiles lie 1.349 standard deviations apart.
    spread += (((quartile(0.75) - quartile(0.25)) / 1.349) * times.length) / count
  }
  const error = isFirst ? largestFirstError : largestError
  return Math.min(mostAnswers, Math.ceil((spread / error) ** 2))
}

function trimMean(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const cut = Math.floor(sorted.length * trimmedShare)
  const kept = sorted.slice(cut, sorted.length - cut)
  return kept.reduce((sum, value) => sum + value, 0) / Math.max(1, kept.length)
}
