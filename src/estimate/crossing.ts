/** Where a search has got to: the function is negative at `below`, and not at `above`. */
export interface Bracket {
  below: number
  above: number
}

/** Chandrupatla's method takes under ten steps for smooth functions, and halves at worst. */
const mostSteps = 200

/**
 * Narrows a bracket of an increasing function's zero to twice the tolerance: inverse quadratic interpolation where
 * the last three points bear it, else halving (Chandrupatla 1997, Advances in Engineering Software 28:145). The
 * values at the ends must be finite.
 */
export function findCrossing(
  search: Bracket & { evaluate: (x: number) => number; tolerance: number },
): Bracket {
  const { evaluate, tolerance } = search
  let near = { x: search.above, y: evaluate(search.above) }
  let far = { x: search.below, y: evaluate(search.below) }
  let share = 0.5
  for (let step = 0; step < mostSteps; step += 1) {
    const x = near.x + share * (far.x - near.x)
    const point = { x, y: evaluate(x) }
    let last = near
    if (point.y < 0 !== near.y < 0) {
      last = far
      far = near
    }
    near = point
    const least = tolerance / Math.abs(far.x - near.x)
    if (!(least < 0.5)) break
    share = Math.min(1 - least, Math.max(least, interpolate(near, far, last)))
  }
  return near.y < 0 ? { below: near.x, above: far.x } : { below: far.x, above: near.x }
}

interface Point {
  x: number
  y: number
}

/** The zero as a share of the way from `near` to `far`; ½ where the curve bends too much to be trusted. */
function interpolate(near: Point, far: Point, last: Point): number {
  const place = (near.x - far.x) / (last.x - far.x)
  const height = (near.y - far.y) / (last.y - far.y)
  if (!(height * height < place && (1 - height) * (1 - height) < 1 - place)) return 0.5
  const first = (near.y / (far.y - near.y)) * (last.y / (far.y - last.y))
  const slope = (last.x - near.x) / (far.x - near.x)
  const second = slope * (near.y / (last.y - near.y)) * (far.y / (last.y - far.y))
  return first + second
}
