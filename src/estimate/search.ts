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
