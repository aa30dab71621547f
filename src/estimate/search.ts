/**
 * The smallest whole number in (`below`, `reached`] for which `isReached` holds, by bisection. Precondition:
 * it fails at `below`, holds at `reached`, and never fails again once it holds.
 */
export function findFirst(range: {
  below: number
  reached: number
  isReached: (value: number) => boolean
}): number {
  let { below, reached } = range
  while (reached - below > 1) {
    const middle = Math.floor((below + reached) / 2)
    if (range.isReached(middle)) reached = middle
    else below = middle
  }
  return reached
}

/**
 * As `findFirst`, over [`least`, `most`], searching outwards from a guess in growing steps; null when
 * `isReached` fails at `most` too.
 */
export function findFirstNear(range: {
  guess: number
  least: number
  most: number
  isReached: (value: number) => boolean
}): number | null {
  const { least, most, isReached } = range
  if (least > most) return null
  const guess = Math.min(Math.max(range.guess, least), most)
  let step = 1
  if (isReached(guess)) {
    let reached = guess
    while (reached > least && isReached(Math.max(least, reached - step))) {
      reached = Math.max(least, reached - step)
      step *= 2
    }
    return findFirst({ below: Math.max(least - 1, reached - step), reached, isReached })
  }
  let below = guess
  while (below < most && !isReached(Math.min(most, below + step))) {
    below = Math.min(most, below + step)
    step *= 2
  }
  if (below >= most) return null
  return findFirst({ below, reached: Math.min(most, below + step), isReached })
}

const smallestAlpha = 1e-12
const largestAlpha = 0.5

/** Halvings of the range of log alpha: after 60 the ends are neighbouring doubles. */
const halvings = 60

/**
 * The p value of what a bound shows: the smallest alpha at which it does, by bisection on log alpha, for bounds
 * that have no p value in closed form. It lies in [1e-12, ½]; 1 when no alpha up to ½ does it. Precondition: shown at
 * an alpha, it is shown at every larger one.
 */
export function findSmallestAlpha(isShown: (alpha: number) => boolean): number {
  if (!isShown(largestAlpha)) return 1
  if (isShown(smallestAlpha)) return smallestAlpha
  let below = Math.log(smallestAlpha)
  let above = Math.log(largestAlpha)
  for (let halving = 0; halving < halvings; halving += 1) {
    const middle = (below + above) / 2
    if (isShown(Math.exp(middle))) above = middle
    else below = middle
  }
  // The upper end of what is left: an alpha at which it is shown. exp may round past ½.
  return Math.min(largestAlpha, Math.exp(above))
}
