import type { Marginal } from './marginal.ts'

/** A value of an uncertain quantity and the probability that it stands for. */
export interface Node {
  value: number
  weight: number
}

/** Newton's method doubles the digits at every step; from the neighbouring root it takes about eight. */
const mostSteps = 50

/** Where the density is e^−34 of its peak, what lies beyond can't be seen in a double. */
const negligibleLogDensity = 34

/** After so many the ends are neighbouring doubles. */
const halvings = 60

/** P_n and its derivative at x in (−1, 1), by the three-term recurrence. */
function evaluateLegendre(n: number, x: number): { value: number; slope: number } {
  let before = 1
  let value = x
  for (let k = 2; k <= n; k += 1) {
    const next = ((2 * k - 1) * x * value - (k - 1) * before) / k
    before = value
    value = next
  }
  return { value, slope: (n * (x * value - before)) / (x * x - 1) }
}

/**
 * The Gauss–Legendre rule for [0, 1] with an even number of nodes: the roots of P_n, found from the outermost
 * inwards by Newton's method with the found ones divided out. The usual starting points are cosines, whose last
 * digits differ between versions of Node.
 */
export function computeLegendreRule(count: number): Node[] {
  const roots: number[] = []
  const nodes: Node[] = []
  while (roots.length < count / 2) {
    let x = (roots.at(-1) ?? 1) - 1 / (count * count)
    for (let step = 0; step < mostSteps; step += 1) {
      const { value, slope } = evaluateLegendre(count, x)
      const found = roots.reduce((sum, root) => sum + 1 / (x - root), 0)
      const move = value / (slope - value * found)
      x -= move
      if (Math.abs(move) < 1e-15) break
    }
    roots.push(x)
    const { slope } = evaluateLegendre(count, x)
    const weight = 1 / ((1 - x * x) * slope * slope)
    nodes.push({ value: (1 + x) / 2, weight }, { value: (1 - x) / 2, weight })
  }
  return nodes
}

type Continuous = Exclude<Marginal, { kind: 'point' }>

/** Up to a constant. */
function computeLogDensity(marginal: Continuous, x: number): number {
  if (marginal.kind === 'gamma') return weighLog(marginal.shape - 1, x) - x / marginal.scale
  const { a, b } = marginal
  return weighLog(a - 1, x) + (b === 1 ? 0 : (b - 1) * Math.log1p(-x))
}

/** power·ln x, with 0·ln 0 = 0. */
function weighLog(power: number, x: number): number {
  return power === 0 ? 0 : power * Math.log(x)
}

function findMode(marginal: Continuous): number {
  if (marginal.kind === 'gamma') return (marginal.shape - 1) * marginal.scale
  const { a, b } = marginal
  return a + b === 2 ? 0.5 : Math.min(1, Math.max(0, (a - 1) / (a + b - 2)))
}

/** From the mode towards an end of the support: where the density becomes negligible, or the end itself. */
function findEnd(marginal: Continuous, mode: number, end: number): number {
  const least = computeLogDensity(marginal, mode) - negligibleLogDensity
  if (computeLogDensity(marginal, end) >= least) return end
  let inside = mode
  let outside = end
  for (let halving = 0; halving < halvings; halving += 1) {
    const middle = (inside + outside) / 2
    if (computeLogDensity(marginal, middle) >= least) inside = middle
    else outside = middle
  }
  return outside
}

/** An end of a gamma's support that it never reaches: 34 + √(2·34·shape) beyond the mode are enough. */
function findSupport(marginal: Continuous): number {
  if (marginal.kind === 'beta') return 1
  return (marginal.shape + 100 + 20 * Math.sqrt(marginal.shape)) * marginal.scale
}

function takeCubeRoot(x: number): number {
  return Math.exp(Math.log(x) / 3)
}

/**
 * Nodes that stand for a marginal: Gauss–Legendre over the range that it can't be told from leaving, weighted by the
 * density. On the scale of cube roots, on which these distributions are nearly normal (Wilson & Hilferty 1931)
 * and which looks closely at rates near 0. No quantiles are needed, and the tails are reached: nodes in probability
 * space end at 2e-4, and give p values of 1e-5 that are many times too small. Shapes have to be at least 1, as
 * the density must be finite. A point has one node. The weights add up to 1.
 */
export function placeNodes(marginal: Marginal, count: number): Node[] {
  if (marginal.kind === 'point') return [{ value: marginal.value, weight: 1 }]
  const mode = findMode(marginal)
  const peak = computeLogDensity(marginal, mode)
  const from = takeCubeRoot(findEnd(marginal, mode, 0))
  const to = takeCubeRoot(findEnd(marginal, mode, findSupport(marginal)))
  const nodes = computeLegendreRule(count).map(({ value: share, weight }) => {
    const root = from + (to - from) * share
    const value = root * root * root
    return { value, weight: weight * root * root * Math.exp(computeLogDensity(marginal, value) - peak) }
  })
  const total = nodes.reduce((sum, { weight }) => sum + weight, 0)
  return nodes.map(({ value, weight }) => ({ value, weight: weight / total }))
}
