import stdlibBetaCdf from '@stdlib/stats-base-dists-beta-cdf'
import stdlibBetaQuantile from '@stdlib/stats-base-dists-beta-quantile'
import stdlibBinomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import stdlibGammaQuantile from '@stdlib/stats-base-dists-gamma-quantile'
import stdlibTQuantile from '@stdlib/stats-base-dists-t-quantile'
import { refineGammaQuantile } from './incomplete-gamma.ts'

/** From this shape on the library's gamma quantile is refined: past x ≈ 1,000 it is off by up to 2e-3. */
const refinedShape = 100

/** A shape under it is 0 as far as doubles can tell, and too small for the library. */
const vanishingShape = 1e-300

function isVanishing(shape: number): boolean {
  return shape >= 0 && shape < vanishingShape
}

/** A NaN would compare false with every limit and so decide silently. */
function requireDefined(value: number, where: string): number {
  if (Number.isNaN(value)) throw new RangeError(`undefined: ${where}`)
  return value
}

/**
 * The quantile of Beta(a, b). A shape of 0 is the limit: all mass at 0 for a = 0, at 1 for b = 0. The relative
 * error is under 1e-11 for a + b up to 1e6, and grows to 1e-7 at a = 1,000 of 2e7 (measured against 40
 * digits). Throws a RangeError outside the parameters' range.
 */
export function betaQuantile(beta: { probability: number; a: number; b: number }): number {
  const { probability, a, b } = beta
  if (isVanishing(a) && b >= vanishingShape) return 0
  if (isVanishing(b) && a >= vanishingShape) return 1
  return requireDefined(stdlibBetaQuantile(probability, a, b), `quantile ${probability} of Beta(${a}, ${b})`)
}

/** P(Beta(a, b) ≤ x), with the same limits and errors as `betaQuantile`. */
export function betaCdf(beta: { x: number; a: number; b: number }): number {
  const { x, a, b } = beta
  if (isVanishing(a) && b >= vanishingShape) return x >= 0 ? 1 : 0
  if (isVanishing(b) && a >= vanishingShape) return x >= 1 ? 1 : 0
  return requireDefined(stdlibBetaCdf(x, a, b), `P(Beta(${a}, ${b}) <= ${x})`)
}

/** P(X ≤ events) for X ~ Binomial(trials, rate). Throws a RangeError outside the parameters' range. */
export function binomialCdf(binomial: { events: number; trials: number; rate: number }): number {
  const { events, trials, rate } = binomial
  return requireDefined(
    stdlibBinomialCdf(events, trials, rate),
    `P(Binomial(${trials}, ${rate}) <= ${events})`,
  )
}

/**
 * P(X ≥ events) for X ~ Binomial(trials, rate), as the beta tail I_rate(events, trials − events + 1) (Abramowitz
 * & Stegun 26.5.24): not 1 − P(X < events), which loses the digits of a small p value. Both numbers may be real.
 */
export function binomialUpperTail(binomial: { events: number; trials: number; rate: number }): number {
  const { events, trials, rate } = binomial
  if (events <= 0) return 1
  if (events > trials) return 0
  return betaCdf({ x: rate, a: events, b: trials - events + 1 })
}

/** The quantile of Gamma(shape) with unit scale. Throws a RangeError outside the parameters' range. */
export function gammaQuantile(gamma: { probability: number; shape: number }): number {
  const { probability, shape } = gamma
  const start = requireDefined(
    stdlibGammaQuantile(probability, shape, 1),
    `quantile ${probability} of Gamma(${shape})`,
  )
  if (shape < refinedShape || probability <= 0 || probability >= 1) return start
  return refineGammaQuantile({ probability, shape, start })
}

/** The quantile of Student's t. Throws a RangeError outside the parameters' range. */
export function tQuantile(t: { probability: number; degreesOfFreedom: number }): number {
  const { probability, degreesOfFreedom } = t
  return requireDefined(
    stdlibTQuantile(probability, degreesOfFreedom),
    `quantile ${probability} of t(${degreesOfFreedom})`,
  )
}

/**
 * The standard normal deviate exceeded with probability `alpha` in (0, ½]: the square root of the chi-square
 * quantile with one degree of freedom, which is twice a Gamma(½). Loses digits for alpha under 1e-9.
 */
export function normalDeviate(alpha: number): number {
  return Math.sqrt(2 * gammaQuantile({ probability: 1 - 2 * alpha, shape: 0.5 }))
}
