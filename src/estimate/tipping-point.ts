import type { Levels } from './levels.ts'
import { isWithinMargin } from './margin.ts'
import type { Observation } from './observations.ts'
import { boundGraded, type RateQuestion } from './rate.ts'
import { type Assumption, isClustered, readAsGraded, testWorseBy } from './regression.ts'
import { roundBound } from './rounding.ts'
import { findFirst } from './search.ts'

/** What a tipping point is looked for in. */
export interface TippingQuestion extends RateQuestion {
  levels: Levels
  limitPer100k: number | null
  marginPer100k: number | null
  /** Whether being worse than the baseline keeps it from passing. */
  regression: boolean
}

const asGraded: Assumption = { read: readAsGraded, extra: { candidateOnly: 0, baselineOnly: 0 } }

/**
 * The smallest k such that k of the candidate's missing turns present, whichever they are, and all other missing
 * turns absent in both arms would put its upper bound over the limit, make it worse than the baseline or leave it not
 * shown to be within the margin. `null` where no number does, or none is needed.
 */
export function findTippingPoint(question: TippingQuestion): number | null {
  const { levels, limitPer100k, marginPer100k, regression } = question
  const observations = separateMissing(question.observations)
  if (!observations.some(isMissing)) return null
  const clustered = isClustered(question)
  // In a weighted sample every observation is one turn, whose place and weight stay as they are.
  const index = observations.length === question.observations.length ? question.index : undefined
  const isWorse = (assumed: Observation[]) =>
    regression &&
    testWorseBy({ observations: assumed, assumption: asGraded, clustered }) <= levels.notWorseAlpha
  const isOver = (assumed: Observation[]) =>
    limitPer100k !== null &&
    roundBound(boundGraded({ ...question, observations: assumed, index }).upper * 100_000) > limitPer100k
  const isNotWithin = (assumed: Observation[]) =>
    marginPer100k !== null && !isWithinMargin({ ...question, observations: assumed, index, marginPer100k })
  // Of two ways to the same excess over the baseline, the one with fewer pairs that differ has the lower p.
  const evensOut = ({ baseline }: Observation) => Number(baseline === 'event')
  const first = [
    countUntil({ observations, order: (a, b) => evensOut(b) - evensOut(a), isReached: isWorse }),
    countUntil({ observations, order: (a, b) => b.weight - a.weight, isReached: isOver }),
    countUntil({ observations, order: (a, b) => evensOut(a) - evensOut(b), isReached: isNotWithin }),
  ].reduce((least, count) => Math.min(least, count))
  return first === 0 || first === Number.POSITIVE_INFINITY ? null : first
}

function isMissing({ candidate }: Observation): boolean {
  return candidate === 'content-missing' || candidate === 'transport-missing'
}

/** Each missing turn by itself, where equal ones were pooled. */
function separateMissing(observations: readonly Observation[]): Observation[] {
  return observations.flatMap((entry) =>
    isMissing(entry) ? Array.from({ length: entry.count ?? 1 }, () => ({ ...entry, count: 1 })) : [entry],
  )
}

/** How many of the candidate's missing turns, in an order, have to be present; infinity if all are not enough. */
function countUntil(search: {
  observations: readonly Observation[]
  order: (a: Observation, b: Observation) => number
  isReached: (assumed: Observation[]) => boolean
}): number {
  const missing = search.observations
    .flatMap((entry, place) => (isMissing(entry) ? [{ entry, place }] : []))
    .toSorted((a, b) => search.order(a.entry, b.entry))
  const isReached = (present: number): boolean => {
    const assumed = search.observations.slice()
    missing.forEach(({ entry, place }, rank) => {
      assumed[place] = { ...entry, candidate: rank < present ? 'event' : 'none' }
    })
    return search.isReached(assumed)
  }
  if (!isReached(missing.length)) return Number.POSITIVE_INFINITY
  if (isReached(0)) return 0
  return findFirst({ below: 0, reached: missing.length, isReached })
}
