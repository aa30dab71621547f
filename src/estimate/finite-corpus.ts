import { requireAlpha, requireCount } from './preconditions.ts'
import type { Bounds } from './proportion-bounds.ts'
import { findFirst } from './search.ts'

/** `drawn` turns out of `corpus`, of which `present` are events. */
interface Urn {
  present: number
  drawn: number
  corpus: number
}

/** Terms under this share of the largest are left out: their sum changes no digit of a tail of 1e-15. */
const negligible = 1e-35

/** P(X = count + 1) / P(X = count). */
function growTerm(count: number, { present, drawn, corpus }: Urn): number {
  return ((present - count) * (drawn - count)) / ((count + 1) * (corpus - present - drawn + count + 1))
}

/**
 * P(X ≤ events) and P(X ≥ events) for the hypergeometric number X of events among the drawn. The terms are built
 * from the likeliest count outwards by the ratio of neighbours, the likeliest set to 1, and divided by their sum.
 * For 1e7 turns this keeps 14 digits, where differences of log-gammas (which are near 1e8) keep 9, and one event
 * more in the corpus may change a tail in its sixth. It takes a step per count within some 13 standard deviations.
 */
export function measureTails(events: number, urn: Urn): { lower: number; upper: number } {
  const { present, drawn, corpus } = urn
  const fewest = Math.max(0, drawn + present - corpus)
  const most = Math.min(drawn, present)
  const likeliest = Math.floor(((drawn + 1) * (present + 1)) / (corpus + 2))
  let below = 0
  let at = 0
  let above = 0
  const add = (count: number, term: number) => {
    if (count < events) below += term
    else if (count > events) above += term
    else at += term
  }
  for (let count = likeliest, term = 1; count <= most && term > negligible; count += 1) {
    add(count, term)
    term *= growTerm(count, urn)
  }
  for (let count = likeliest, term = 1; count > fewest && term > negligible; count -= 1) {
    term /= growTerm(count - 1, urn)
    add(count - 1, term)
  }
  const total = below + at + above
  return { lower: (below + at) / total, upper: (at + above) / total }
}

/**
 * The bounds, each one-sided at `alpha`, for the number of events in a corpus of `corpus` turns of which `drawn`
 * were drawn at random without replacement: the exact inversion of the hypergeometric tails (Buonaccorsi 1987,
 * The American Statistician 41:215), whole numbers between `events` and `corpus − (drawn − events)`. A number of
 * events is within the bounds if the tail from what was seen is above alpha. Nothing left to draw makes both
 * `events`. Throws a RangeError unless the three are counts, events ≤ drawn ≤ corpus, and alpha lies in
 * [1e-15, ½].
 */
export function boundFiniteCorpus(sample: {
  events: number
  drawn: number
  corpus: number
  alpha: number
}): Bounds {
  const { events, drawn, corpus, alpha } = sample
  requireAlpha(alpha)
  requireCount('events', events)
  requireCount('drawn', drawn)
  requireCount('corpus', corpus)
  if (events > drawn || drawn > corpus) {
    throw new RangeError(`${events} events of ${drawn} drawn from ${corpus}`)
  }
  const most = corpus - (drawn - events)
  const firstTooMany = findFirst({
    below: events,
    reached: most + 1,
    isReached: (present) => measureTails(events, { present, drawn, corpus }).lower <= alpha,
  })
  const lower = findFirst({
    below: events - 1,
    reached: most,
    isReached: (present) => measureTails(events, { present, drawn, corpus }).upper > alpha,
  })
  return { lower, upper: firstTooMany - 1 }
}
