import { normalDeviate } from './distributions.ts'
import { outlineRegion, type Region, type Sample, weighRegion } from './margin-region.ts'
import { boundDifferenceTango, scoreDifference } from './paired.ts'
import { requireAlpha, requireCount, requireOpenProportion, requireProportion } from './preconditions.ts'
import type { Bounds } from './proportion-bounds.ts'

/** Added to every p value: more than rounding and the terms left out can take from it. */
const allowance = 1e-12

/** Distance between the discordant rates that are tried, in standard errors of the rate. */
const spacing = 0.5

/** Golden sections of two such distances: the place of the maximum is then known to 1e-5 of one. */
const sections = 24

/** The one-sided alpha whose bound is one standard error away. */
const errorAlpha = 0.16

/** Halvings of a step of the search for a bound. */
const halvings = 4

const goldenShare = (Math.sqrt(5) - 1) / 2

/** The largest value within one step of a local maximum of the grid, by golden sections. */
function refineMaximum(value: (angle: number) => number, peak: { angle: number; step: number }): number {
  let low = peak.angle - peak.step
  let high = peak.angle + peak.step
  let left = high - goldenShare * (high - low)
  let right = low + goldenShare * (high - low)
  let atLeft = value(left)
  let atRight = value(right)
  for (let section = 0; section < sections; section += 1) {
    if (atLeft > atRight) {
      high = right
      right = left
      atRight = atLeft
      left = high - goldenShare * (high - low)
      atLeft = value(left)
    } else {
      low = left
      left = right
      atLeft = atRight
      right = low + goldenShare * (high - low)
      atRight = value(right)
    }
  }
  return Math.max(atLeft, atRight)
}

/**
 * The supremum over the discordant rate q in [margin, 1]. The Fisher information of the pairs on the angle of
 * `weighRegion` is at most I = 4·pairs·(1 − margin) everywhere, and the slope of any probability P at most
 * √(I·P·(1 − P)) (Cauchy–Schwarz): from one step to the next arcsin √P moves by no more than spacing/2.
 * Around what may be the largest, the place between the steps is then searched.
 */
function maximize(value: (angle: number) => number, { pairs, margin }: Region): number {
  const steps = Math.ceil((Math.PI * Math.sqrt(pairs * (1 - margin))) / spacing)
  const step = Math.PI / 2 / steps
  const values = Float64Array.from({ length: steps + 1 }, (_, index) => value(index * step))
  let best = values.reduce((most, each) => Math.max(most, each), 0)
  for (const [index, middle] of values.entries()) {
    // The value is even around both ends of the range.
    const before = values[Math.abs(index - 1)] ?? middle
    const after = values[index + 1] ?? before
    // A parabola through three points peaks an eighth of their second difference above the middle at most.
    const room = (2 * middle - before - after) / 4
    if (middle < before || middle < after || room < allowance || middle + room < best) continue
    best = Math.max(best, refineMaximum(value, { angle: index * step, step }))
  }
  return best
}

function requireMargin(margin: number): void {
  if (!(margin >= 0 && margin < 1)) throw new RangeError(`margin must lie in [0, 1), got ${margin}`)
}

function requireSample({ candidateOnly, baselineOnly, pairs, margin }: Sample & { margin: number }): void {
  requireCount('candidateOnly', candidateOnly)
  requireCount('baselineOnly', baselineOnly)
  requireCount('pairs', pairs)
  requireMargin(margin)
  if (candidateOnly + baselineOnly > pairs) {
    throw new RangeError(`${candidateOnly} + ${baselineOnly} discordant pairs of ${pairs}`)
  }
}

/**
 * The p value of "the candidate is worse by the margin or more", Δ ≥ margin: small when it is within the
 * margin.
 *
 * The exact unconditional test for matched pairs (Hsueh, Liu & Chen 2001, Biometrics 57:478; Sidik 2003,
 * Statistics in Medicine 22:265), ordered by Tango's score: the probability of a table that is at least as
 * extreme, at the discordant rate q = p_b + p_c in [margin, 1] that makes it largest. Larger differences than
 * the margin can only make it smaller, because the score is monotone in both counts. The supremum is found to
 * 1e-8, and 1e-12 is added for rounding, so the result is never 0. Without pairs 1. Takes time in proportion
 * to the pairs. Throws a RangeError unless the counts fit into the pairs and the margin lies in [0, 1).
 */
export function testWithinMargin(sample: Sample & { margin: number }): number {
  requireSample(sample)
  if (sample.pairs === 0) return 1
  const region = outlineRegion(sample, 1)
  return Math.min(1, allowance + maximize((angle) => weighRegion(region, angle), region))
}

/**
 * The p value of "the candidate is worse by the margin at most", Δ ≤ margin: small when it is worse by more.
 * As `testWithinMargin`, with the tables whose score is at least the observed one.
 */
export function testOverMargin(sample: Sample & { margin: number }): number {
  requireSample(sample)
  if (sample.pairs === 0) return 1
  const region = outlineRegion(sample, -1)
  return Math.min(1, allowance + maximize((angle) => 1 - weighRegion(region, angle), region))
}

/** The p value of Δ ≥ difference for any difference; under 0 the arms change places. */
function testBelow(sample: Sample, difference: number): number {
  const { candidateOnly, baselineOnly, pairs } = sample
  if (difference <= -1) return 1
  if (difference >= 1) return candidateOnly === pairs ? 1 : 0
  if (difference >= 0) return testWithinMargin({ ...sample, margin: difference })
  const mirrored = { candidateOnly: baselineOnly, baselineOnly: candidateOnly, pairs }
  return testOverMargin({ ...mirrored, margin: -difference })
}

/** The lowest of the rejected differences that follow each other below `rejected`. */
function descend(search: {
  rejected: number
  step: number
  isKept: (difference: number) => boolean
}): number {
  let { rejected } = search
  while (!search.isKept(rejected - search.step)) rejected -= search.step
  return rejected
}

function boundAbove(sample: Sample & { alpha: number }): number {
  const { candidateOnly, pairs, alpha } = sample
  if (candidateOnly === pairs) return 1
  const isKept = (difference: number) => testBelow(sample, difference) > alpha
  const { difference, upper } = boundDifferenceTango(sample)
  const error = boundDifferenceTango({ ...sample, alpha: errorAlpha }).upper - difference
  let far = Math.min(1, upper + error)
  while (isKept(far)) far = Math.min(1, far + error)
  // The scores of small samples change order more often: they get more points.
  const step = error / (16 + 2000 / pairs)
  const coarse = descend({ rejected: far, step, isKept })
  // Just above, p is so close to alpha that a smaller step back can reach it.
  const fine = descend({ rejected: coarse + 2 * step, step: step / 8, isKept })
  let kept = fine - step / 8
  let rejected = fine
  for (let halving = 0; halving < halvings; halving += 1) {
    const middle = (kept + rejected) / 2
    if (isKept(middle)) kept = middle
    else rejected = middle
  }
  return Math.max(difference, Math.min(1, rejected))
}

/**
 * Bounds for the difference (candidate − baseline) of the rates over `pairs` prefixes from the two tests
 * above, each one-sided at `alpha`, in [−1, 1]. To be shown: a margin is decided by the test at that margin.
 * The p value doesn't quite fall as the margin moves away, since the tables change order on the way. So the
 * bound is the outermost difference that isn't rejected, looked for from one standard error beyond Tango's
 * bound at 16 or more differences a standard error, over the last two of those gaps at 8 times as many, and
 * rounded outwards by up to 1/2,000 of a standard error. A narrower step back, such as a tie of scores at one
 * margin, can escape. Without pairs −1 and 1. Takes some 80 times as long as a test. Throws a RangeError
 * unless the counts fit into the pairs and alpha lies in [1e-15, ½].
 */
export function boundDifferenceExact(sample: Sample & { alpha: number }): Bounds {
  requireSample({ ...sample, margin: 0 })
  requireAlpha(sample.alpha)
  if (sample.pairs === 0) return { lower: -1, upper: 1 }
  const { candidateOnly, baselineOnly } = sample
  const mirrored = { ...sample, candidateOnly: baselineOnly, baselineOnly: candidateOnly }
  return { lower: -boundAbove(mirrored), upper: boundAbove(sample) }
}

/**
 * The pairs at which an unchanged candidate passes the margin with the wanted power, if a share `discordant`
 * of the pairs differs, half of them either way: ((z_α·√v + z_β·√discordant)/margin)², v being the variance
 * of Tango's score under the margin, and no fewer than the pairs that pass without any discordant one. A
 * normal approximation: for a power of .8, margins of .002 to .1 and discordant rates from a tenth of the
 * margin to five times it, the exact test's at the result is .797 to .855. Null when that is more than
 * `maxPairs`, and at a margin of 0. Throws a RangeError unless the margin lies in [0, 1), `discordant` in [0,
 * 1], power in (0, 1) and alpha in [1e-15, ½].
 */
export function planPairsWithinMargin(plan: {
  margin: number
  discordant: number
  power: number
  alpha: number
  maxPairs: number
}): number | null {
  const { margin, discordant, power, alpha, maxPairs } = plan
  requireMargin(margin)
  requireProportion('discordant', discordant)
  requireOpenProportion('power', power)
  requireAlpha(alpha)
  requireCount('maxPairs', maxPairs)
  if (margin === 0) return null
  // The score of n pairs is √n times that of one, and the variance of the difference is discordant/n.
  const expected = { candidateOnly: discordant / 2, baselineOnly: discordant / 2, pairs: 1 }
  const score = -scoreDifference(expected, margin)
  const deviate = power < 0.5 ? -normalDeviate(power) : normalDeviate(1 - power)
  const root = normalDeviate(alpha) / score + (deviate * Math.sqrt(discordant)) / margin
  const eventless = Math.log(alpha) / Math.log1p(-margin)
  const pairs = Math.ceil(Math.max(eventless, root > 0 ? root * root : 0))
  return pairs <= maxPairs ? pairs : null
}
