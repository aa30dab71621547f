/** Rows of differences, real less simulated, one a pair; all of one length. */
export type Rows = readonly Float64Array[]

/** Newton's steps at most; the penalty makes the problem strictly convex, and five to eight are enough. */
const mostSteps = 25
const smallestStep = 1e-8
/** Halvings of a step that does not improve. */
const mostHalvings = 20

/**
 * A logistic regression that picks the real one of two rollouts: P(real is A) = 1/(1 + exp(−w·(x_A − x_B))), without an
 * intercept, for which of the two is named A means nothing. w maximises Σ log P − penalty/2·|w|² over the pairs, `signs[i]·rows[i]`
 * being real less simulated, by Newton's method (iteratively reweighted least squares; Hoerl & Kennard 1970 for the penalty, le
 * Cessie & van Houwelingen 1992 in logistic regression). Deterministic. Throws a RangeError unless the penalty is above 0.
 */
export function fitLogistic(problem: {
  rows: Rows
  signs: readonly number[]
  penalty: number
}): Float64Array {
  const { rows, penalty } = problem
  if (!(penalty > 0)) throw new RangeError(`the penalty must be above 0, got ${penalty}`)
  const size = rows[0]?.length ?? 0
  let weights = new Float64Array(size)
  let height = evaluate(problem, weights)
  for (let step = 0; step < mostSteps && size > 0; step += 1) {
    const { gradient, hessian } = differentiate(problem, weights)
    const direction = solve(hessian, gradient)
    let share = 1
    let next = addScaled(weights, { direction, share })
    let reached = evaluate(problem, next)
    for (let halving = 0; reached < height && halving < mostHalvings; halving += 1) {
      share /= 2
      next = addScaled(weights, { direction, share })
      reached = evaluate(problem, next)
    }
    if (reached < height) break
    weights = next
    height = reached
    const moved = direction.reduce((most, value) => Math.max(most, Math.abs(value * share)), 0)
    if (moved < smallestStep) break
  }
  return weights
}

/** w·x */
export function project(weights: Float64Array, row: Float64Array): number {
  let sum = 0
  for (let index = 0; index < weights.length; index += 1) sum += (weights[index] ?? 0) * (row[index] ?? 0)
  return sum
}

type Problem = Parameters<typeof fitLogistic>[0]

function evaluate({ rows, signs, penalty }: Problem, weights: Float64Array): number {
  let height = (-penalty / 2) * project(weights, weights)
  for (const [index, row] of rows.entries()) {
    const score = (signs[index] ?? 1) * project(weights, row)
    // log(1/(1 + exp(−s))) without an overflow.
    height -= Math.max(0, -score) + Math.log1p(Math.exp(-Math.abs(score)))
  }
  return height
}

/** The gradient, and the negative Hessian, whose upper triangle is filled. */
function differentiate({ rows, signs, penalty }: Problem, weights: Float64Array) {
  const size = weights.length
  const gradient = weights.map((weight) => -penalty * weight)
  const hessian = Array.from({ length: size }, (_, index) => {
    const line = new Float64Array(size)
    line[index] = penalty
    return line
  })
  for (const [index, row] of rows.entries()) {
    const sign = signs[index] ?? 1
    const missed = 1 / (1 + Math.exp(sign * project(weights, row)))
    const weight = missed * (1 - missed)
    for (let first = 0; first < size; first += 1) {
      const own = row[first] ?? 0
      if (own === 0) continue
      gradient[first] = (gradient[first] ?? 0) + sign * missed * own
      const line = hessian[first] ?? new Float64Array(size)
      const part = weight * own
      for (let second = first; second < size; second += 1) {
        line[second] = (line[second] ?? 0) + part * (row[second] ?? 0)
      }
    }
  }
  return { gradient, hessian }
}

/** Solves a symmetric positive definite system by Cholesky's decomposition; of the matrix the upper triangle is read. */
function solve(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length
  const factor = matrix.map((line) => Float64Array.from(line))
  for (let pivot = 0; pivot < size; pivot += 1) {
    const own = factor[pivot] ?? new Float64Array(size)
    const root = Math.sqrt(own[pivot] ?? 0)
    for (let column = pivot; column < size; column += 1) own[column] = (own[column] ?? 0) / root
    for (let row = pivot + 1; row < size; row += 1) {
      const below = factor[row] ?? new Float64Array(size)
      const part = own[row] ?? 0
      if (part === 0) continue
      for (let column = row; column < size; column += 1)
        below[column] = (below[column] ?? 0) - part * (own[column] ?? 0)
    }
  }
  const at = (row: number, column: number) => factor[row]?.[column] ?? 0
  const solution = Float64Array.from(right)
  for (let row = 0; row < size; row += 1) {
    let sum = solution[row] ?? 0
    for (let column = 0; column < row; column += 1) sum -= at(column, row) * (solution[column] ?? 0)
    solution[row] = sum / at(row, row)
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = solution[row] ?? 0
    for (let column = row + 1; column < size; column += 1) sum -= at(row, column) * (solution[column] ?? 0)
    solution[row] = sum / at(row, row)
  }
  return solution
}

function addScaled(
  weights: Float64Array,
  { direction, share }: { direction: Float64Array; share: number },
): Float64Array<ArrayBuffer> {
  return weights.map((weight, index) => weight + share * (direction[index] ?? 0)) as Float64Array<ArrayBuffer>
}
