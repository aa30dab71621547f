import { betaCdf, betaQuantile, gammaQuantile } from './distributions.ts'
import { gammaCdf } from './gamma-cdf.ts'

/** What a sample says of one proportion: half of a confidence distribution (Fay, Proschan & Brittain 2015, Biometrics 71:146). */
export type Marginal =
  | { kind: 'point'; value: number }
  | { kind: 'beta'; a: number; b: number }
  | { kind: 'gamma'; shape: number; scale: number }

/** Some events of a number of trials; both may be real numbers. */
export interface Tally {
  events: number
  trials: number
}

/** Whose α quantile is the lower bound of Clopper & Pearson: Beta(x, n−x+1), all at 0 without events. */
export function describeLower({ events, trials }: Tally): Marginal {
  return events === 0
    ? { kind: 'point', value: 0 }
    : { kind: 'beta', a: events, b: Math.max(0, trials - events) + 1 }
}

/** Whose 1−α quantile is the upper bound of Clopper & Pearson: Beta(x+1, n−x), all at 1 with events only. */
export function describeUpper({ events, trials }: Tally): Marginal {
  return events >= trials ? { kind: 'point', value: 1 } : { kind: 'beta', a: events + 1, b: trials - events }
}

/** A probability of e^−37 can't be seen beside 1. */
const invisible = 37

/**
 * Whether P(Beta(a, b) > x) can't be seen beside 1, by the Chernoff bound exp(−(nx−k)²/2nx) for P(Binomial(n, x) ≤ k)
 * with n = a + b − 1 and k = a − 1. Far out there the library would add up as many terms as there are turns.
 */
function isBeyond({ a, b }: { a: number; b: number }, x: number): boolean {
  const expected = (a + b - 1) * x
  const excess = expected - (a - 1)
  return excess > 0 && excess * excess > 2 * expected * invisible
}

/** P(value ≤ x). */
export function accumulate(marginal: Marginal, x: number): number {
  switch (marginal.kind) {
    case 'point':
      return x >= marginal.value ? 1 : 0
    case 'beta':
      if (x <= 0) return 0
      return x >= 1 || isBeyond(marginal, x) ? 1 : betaCdf({ x, a: marginal.a, b: marginal.b })
    case 'gamma':
      return gammaCdf({ x: x / marginal.scale, shape: marginal.shape })
  }
}

export function computeQuantile(marginal: Marginal, probability: number): number {
  switch (marginal.kind) {
    case 'point':
      return marginal.value
    case 'beta':
      return betaQuantile({ probability, a: marginal.a, b: marginal.b })
    case 'gamma':
      return marginal.scale * gammaQuantile({ probability, shape: marginal.shape })
  }
}

export function computeMean(marginal: Marginal): number {
  switch (marginal.kind) {
    case 'point':
      return marginal.value
    case 'beta':
      return marginal.a / (marginal.a + marginal.b)
    case 'gamma':
      return marginal.shape * marginal.scale
  }
}

/** The standard deviation. */
export function computeSpread(marginal: Marginal): number {
  switch (marginal.kind) {
    case 'point':
      return 0
    case 'beta': {
      const { a, b } = marginal
      return Math.sqrt((a * b) / (a + b + 1)) / (a + b)
    }
    case 'gamma':
      return Math.sqrt(marginal.shape) * marginal.scale
  }
}
