import { normalDeviate } from './distributions.ts'
import type { DiscordantCounts } from './paired.ts'
import { requireAlpha, requireCount } from './preconditions.ts'
import { boundProportion } from './proportion-bounds.ts'

/** The candidate's rate over the baseline's; null where it is infinite or undefined. */
export interface RatioBounds {
  ratio: number | null
  lower: number
  /** Null without any upper bound. */
  upper: number | null
}

/** The ratios searched reach from e^−40 to e^40: further than any ratio of two counts. */
const largestLogRatio = 40

/**
 * The score of Tang, Tang & Chan (2003, Statistics in Medicine 22:1217) for the ratio: the distance of
 * `candidate − ratio·baseline` from 0 in standard errors, the baseline-only rate being at its maximum
 * likelihood under the ratio. It falls as the ratio grows.
 */
function scoreRatio(sample: DiscordantCounts & { both: number; pairs: number }, ratio: number): number {
  const { both, candidateOnly, baselineOnly, pairs } = sample
  const candidate = both + candidateOnly
  const baseline = both + baselineOnly
  const either = candidate + baselineOnly
  const square = pairs * (1 + ratio)
  const linear = baseline * ratio * ratio - candidate - 2 * baselineOnly
  const constant = (baselineOnly * (1 - ratio) * either) / pairs
  const root = Math.sqrt(Math.max(0, linear * linear - 4 * square * constant))
  // Half of root − linear is square·q, q being the larger root of square·q² + linear·q + constant.
  const variance = (root - linear) / 2 + either * (ratio - 1)
  const distance = candidate - ratio * baseline
  if (variance > 0) return distance / Math.sqrt(variance)
  return distance === 0 ? 0 : distance * Number.POSITIVE_INFINITY
}

function invertScore(isAbove: (ratio: number) => boolean): number {
  let from = -largestLogRatio
  let to = largestLogRatio
  for (let middle = (from + to) / 2; middle > from && middle < to; middle = (from + to) / 2) {
    if (isAbove(Math.exp(middle))) from = middle
    else to = middle
  }
  return Math.exp((from + to) / 2)
}

/**
 * The ratio of the two rates over the same `pairs` prefixes with score bounds, each one-sided at `alpha`. To
 * be shown, never to decide: the bounds hold their level only on average. `both` are the pairs with the event
 * in both arms. Without events of the candidate the lower bound is 0, without any of the baseline there is no
 * upper one and no ratio. Throws a RangeError unless the counts fit into the pairs and alpha lies in [1e-15,
 * ½].
 */
export function boundRatioTang(
  sample: DiscordantCounts & { both: number; pairs: number; alpha: number },
): RatioBounds {
  const { both, candidateOnly, baselineOnly, pairs, alpha } = sample
  requireAlpha(alpha)
  requireCount('both', both)
  requireCount('candidateOnly', candidateOnly)
  requireCount('baselineOnly', baselineOnly)
  requireCount('pairs', pairs)
  if (both + candidateOnly + baselineOnly > pairs) {
    throw new RangeError(`${both} + ${candidateOnly} + ${baselineOnly} pairs with an event of ${pairs}`)
  }
  const candidate = both + candidateOnly
  const baseline = both + baselineOnly
  const deviate = normalDeviate(alpha)
  return {
    ratio: baseline === 0 ? null : candidate / baseline,
    lower: candidate === 0 ? 0 : invertScore((ratio) => scoreRatio(sample, ratio) > deviate),
    upper: baseline === 0 ? null : invertScore((ratio) => scoreRatio(sample, ratio) > -deviate),
  }
}

/** The odds of a Clopper–Pearson bound: its lower bound for the events of one arm among those of both. */
function boundOdds({ events, others, alpha }: { events: number; others: number; alpha: number }): number {
  const { lower } = boundProportion({ events, trials: events + others, alpha })
  return lower / (1 - lower)
}

/**
 * The ratio of two Poisson rates with bounds conditional on the sum of the events (Przyborowski & Wilenski
 * 1940, Biometrika 31:313), each one-sided at `alpha`: the candidate's share of the events is a proportion.
 * Exact for independent arms, and cautious where the same prefixes bring out the same events. Null and 0 as
 * in `boundRatioTang`; without any event nothing is known. Throws a RangeError unless the events are counts,
 * the turns counts of at least 1, and alpha lies in [1e-15, ½].
 */
export function boundRatioConditional(sample: {
  candidateEvents: number
  baselineEvents: number
  candidateTurns: number
  baselineTurns: number
  alpha: number
}): RatioBounds {
  const { candidateEvents, baselineEvents, candidateTurns, baselineTurns, alpha } = sample
  requireAlpha(alpha)
  requireCount('candidateEvents', candidateEvents)
  requireCount('baselineEvents', baselineEvents)
  requireCount('candidateTurns', candidateTurns)
  requireCount('baselineTurns', baselineTurns)
  if (candidateTurns === 0 || baselineTurns === 0)
    throw new RangeError('a ratio of rates needs turns in both')
  const exposure = baselineTurns / candidateTurns
  // The upper bound is the lower one of the inverse ratio, inverted: so neither is 1 minus almost 1.
  const inverse = boundOdds({ events: baselineEvents, others: candidateEvents, alpha })
  return {
    ratio: baselineEvents === 0 ? null : (candidateEvents / baselineEvents) * exposure,
    lower: boundOdds({ events: candidateEvents, others: baselineEvents, alpha }) * exposure,
    upper: baselineEvents === 0 ? null : exposure / inverse,
  }
}
