import { summarizeClusters } from '../estimate/cluster-summary.ts'
import { boundSummary } from '../estimate/clustered-bounds.ts'
import { type Bounds, boundProportion } from '../estimate/proportion-bounds.ts'
import { roundBound } from '../estimate/rounding.ts'
import { testUnequalClustered } from '../estimate/sign-flip.ts'

/**
 * How often the simulated rollout of a pair was taken for the real one. A pair is one observation however often it was judged:
 * each of the two orders is half of it, so that it is 0, ½ or 1 where both have an answer.
 */
export interface PairOutcome {
  conversation: string
  /** By order: whether the simulated rollout was taken for the real one; `null` where that is missing. */
  taken: readonly [boolean | null, boolean | null]
}

/** The share of pairs in which the simulated rollout is taken for the real one, ties as half. */
export interface WinRate extends Bounds {
  pairs: number
  conversations: number
  /** Pairs in which it was taken for the real one both times, once, and never. */
  won: number
  tied: number
  lost: number
  /** Pairs with an order that has no answer: they are in the bounds at their worst, and not in the rate. */
  missing: number
  /** `null` without a complete pair. */
  rate: number | null
  /** The exact two-sided p value of "either is taken for the real one as often". */
  p: number
  /** How many independent pairs the bounds count. */
  effectivePairs: number
  /** `exact`: Clopper & Pearson over the pairs. `clustered`: at the effective size of Korn & Graubard, by conversation. */
  method: 'exact' | 'clustered'
}

/**
 * The win rate of the simulated rollouts with bounds, each one-sided at `alpha`. A missing order counts as lost in the lower
 * bound and as won in the upper one. With one pair a conversation the bounds are Clopper & Pearson's, whose `events` may be
 * halves: a value between 0 and 1 spreads less than a coin of the same mean. Otherwise they are those of clustered samples.
 * The p value is the exact sign-flip test over conversations (`testUnequalClustered`), which is the two-sided binomial test
 * against ½ where every conversation has one pair and no pair is tied. Throws a RangeError for an alpha outside (1e-15, ½].
 */
export function estimateWinRate(request: { outcomes: readonly PairOutcome[]; alpha: number }): WinRate {
  const { outcomes, alpha } = request
  const complete = outcomes.filter(({ taken }) => !taken.includes(null))
  const count = (wins: number) => complete.filter(({ taken }) => sumTaken(taken, false) === wins).length
  const [lost, tied, won] = [count(0), count(1), count(2)]
  const conversations = new Set(outcomes.map(({ conversation }) => conversation)).size
  const method = conversations === outcomes.length ? 'exact' : 'clustered'
  const low = boundOutcomes({ outcomes, alpha, method, fill: false })
  const high = boundOutcomes({ outcomes, alpha, method, fill: true })
  return {
    pairs: outcomes.length,
    conversations,
    won,
    tied,
    lost,
    missing: outcomes.length - complete.length,
    rate: complete.length === 0 ? null : roundBound((won + tied / 2) / complete.length),
    lower: roundBound(low.lower),
    upper: roundBound(high.upper),
    p: roundBound(testEven(complete)),
    effectivePairs: roundBound(Math.min(low.effectiveSize, high.effectiveSize)),
    method,
  }
}

function sumTaken(taken: PairOutcome['taken'], fill: boolean): number {
  return taken.reduce((sum, own) => sum + Number(own ?? fill), 0)
}

function boundOutcomes(request: {
  outcomes: readonly PairOutcome[]
  alpha: number
  method: WinRate['method']
  fill: boolean
}): Bounds & { effectiveSize: number } {
  const { outcomes, alpha, method, fill } = request
  const pairs = outcomes.length
  if (method === 'exact') {
    const halves = outcomes.reduce((sum, { taken }) => sum + sumTaken(taken, fill), 0)
    return { ...boundProportion({ events: halves / 2, trials: pairs, alpha }), effectiveSize: pairs }
  }
  const units = outcomes.flatMap(({ conversation, taken }) =>
    taken.map((own) => ({ event: own ?? fill, weight: 1, cluster: conversation })),
  )
  const summary = summarizeClusters(units)
  // Two orders of a pair are no two observations, however little they differ.
  const asPairs = { ...summary, turns: pairs, effectiveTurns: Math.min(pairs, summary.effectiveTurns) }
  return boundSummary({ summary: asPairs, alpha })
}

/** Over conversations: won orders less lost ones. */
function testEven(complete: readonly PairOutcome[]): number {
  const differences = new Map<string, number>()
  for (const { conversation, taken } of complete) {
    const own = sumTaken(taken, false) - 1
    differences.set(conversation, (differences.get(conversation) ?? 0) + own)
  }
  return testUnequalClustered([...differences.values()])
}
