/** The relative size under which a further term can no longer change a sum. */
const negligible = 1e-17

/** Newton's method squares its error at every step; from a start within a standard deviation 5 suffice. */
const mostSteps = 20

/**
 * x^a·e^(−x)/Γ(a+1), from Stirling's series for ln Γ (Abramowitz & Stegun 6.1.40) around the mode, where the
 * large terms cancel before they are rounded. For shapes a of at least 100: the first omitted term is
 * 1/(1680·a⁷).
 */
function weighPoint(shape: number, x: number): number {
  const offset = (x - shape) / shape
  const square = shape * shape
  const correction = (1 / 12 - (1 / 360 - 1 / (1260 * square)) / square) / shape
  const deviance = shape * (offset - Math.log1p(offset))
  return Math.exp(-deviance - correction) / Math.sqrt(2 * Math.PI * shape)
}

/** Σ_k x^k/((a+1)…(a+k)), which makes P(a, x) from `weighPoint` (Abramowitz & Stegun 6.5.29). */
export function sumBelow(shape: number, x: number): number {
  let term = 1
  let sum = 1
  for (let k = 1; term > negligible * sum; k += 1) {
    term *= x / (shape + k)
    sum += term
  }
  return sum
}

/**
 * (a/x)·Σ_k (a−1)…(a−k)/x^k, which makes Q(a, x) from `weighPoint` (Abramowitz & Stegun 6.5.32). At shapes of
 * at least 100 and x around a or above, the terms fall as exp(−k²/2a), so the sum ends before k reaches a,
 * where it would start to diverge.
 */
function sumAbove(shape: number, x: number): number {
  let term = shape / x
  let sum = term
  for (let k = 1; k < shape && term > negligible * sum; k += 1) {
    term *= (shape - k) / x
    sum += term
  }
  return sum
}

/**
 * The quantile of the gamma distribution with unit scale, by Newton's method on the logarithm of the smaller
 * tail (a concave function, so the steps can't run away). For shapes of at least 100, and a start within a few
 * standard deviations of the quantile.
 */
export function refineGammaQuantile(quantile: { probability: number; shape: number; start: number }): number {
  const { probability, shape } = quantile
  const isLower = probability <= 0.5
  const target = isLower ? probability : 1 - probability
  let x = quantile.start
  for (let step = 0; step < mostSteps; step += 1) {
    const sum = isLower ? sumBelow(shape, x) : sumAbove(shape, x)
    const tail = weighPoint(shape, x) * sum
    // tail / density = x·sum/a, as the density is weighPoint·a/x.
    const move = (Math.log(tail / target) * x * sum) / shape
    x = isLower ? x - move : x + move
    if (Math.abs(move) <= 1e-15 * x) break
  }
  return x
}
