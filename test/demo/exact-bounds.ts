import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'

/** The two tail probabilities of a count under Binomial(n, rate): at most this many, at least this many. */
export function findTails(count: number, under: { n: number; rate: number }): { low: number; high: number } {
  const { n, rate } = under
  return {
    low: binomialCdf(count, n, rate),
    high: count === 0 ? 1 : 1 - binomialCdf(count - 1, n, rate),
  }
}

/** Whether a count lies within the exact two-sided bounds that a correct rate leaves in 1 of 5,000 cases. */
export function isNear(count: number, under: { n: number; rate: number }): boolean {
  const { low, high } = findTails(count, under)
  return low > 1e-4 && high > 1e-4
}
