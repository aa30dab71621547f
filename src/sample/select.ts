import { allocateTurns } from './allocate.ts'
import { postStratify, weightCap } from './post-stratify.ts'
import { type Candidate, chanceUnder, nameTurn, type TurnsPerConversation } from './rank.ts'
import type { DrawnTurn, StratumCounts } from './sample.ts'
import type { Stratum } from './strata.ts'
import { refuseForeignTarget, type TargetMix } from './target-mix.ts'

/** The drawn turns in their order, and what of them came from which stratum. */
export interface Selection<Place> {
  turns: DrawnTurn<Place>[]
  strata: StratumCounts[]
  uncovered: { name: string; share: number }[]
}

/**
 * A turn that was drawn, and its position in the order of all that were, from 0 to 1. By their keys alone turns of
 * long conversations and of strata that give much would come first, with the weights of a whole sample in which
 * they don't: the first turns, which may decide on their own, would be a biased sample.
 */
interface Drawn<Place> {
  turn: DrawnTurn<Place>
  position: number
}

/** Draws the turns of the smallest keys. */
export function selectTurns<Place>(request: {
  turns: number
  strata: readonly Stratum<Place>[]
  turnsPerConversation: TurnsPerConversation
}): Selection<Place> {
  const { turns, strata, turnsPerConversation } = request
  const drawn = strata.flatMap((stratum) => drawFrom({ stratum, name: null, turns, turnsPerConversation }))
  return {
    turns: drawn.sort(comparePositions).map(({ turn }) => turn),
    strata: [],
    uncovered: [],
  }
}

/** Draws from each stratum what it is to give, weighs the strata by their shares, and mixes them. */
export function selectFromStrata<Place>(request: {
  turns: number
  strata: readonly Stratum<Place>[]
  turnsPerConversation: TurnsPerConversation
  target: TargetMix | null
}): Selection<Place> {
  const { turns, strata, turnsPerConversation, target } = request
  if (strata.length === 0) return { turns: [], strata: [], uncovered: target?.listUnknown([]) ?? [] }
  const shares = readShares(strata, target)
  const counts = allocateTurns({
    turns,
    strata: strata.map(({ conversations, turnsEligible }, index) => ({
      share: shares[index] ?? 0,
      capacity: turnsPerConversation === 'one' ? conversations : turnsEligible,
    })),
  })
  const { weights } = postStratify({
    sample: counts,
    target: shares,
    // Without a target a cap would only bias what the sample says of its own corpus.
    cap: target === null ? Number.POSITIVE_INFINITY : weightCap,
  })
  const drawn = strata.flatMap((stratum, index) =>
    scaleWeights({
      drawn: drawFrom({ stratum, name: stratum.name, turns: counts[index] ?? 0, turnsPerConversation }),
      mean: weights[index] ?? 0,
    }),
  )
  const described = strata.map(({ name, turnsEligible, conversations }, index) => {
    const count = counts[index] ?? 0
    const share = shares[index] ?? 0
    const weightShare = ((weights[index] ?? 0) * count) / drawn.length
    return { name, turnsEligible, conversations, drawn: count, share, weightShare }
  })
  return {
    turns: drawn.toSorted(comparePositions).map(({ turn }) => turn),
    strata: described,
    uncovered: [
      ...(target?.listUnknown(strata) ?? []),
      // Fewer turns than strata: not every one of them gave one.
      ...described.flatMap(({ name, share, drawn: count }) =>
        share > 0 && count === 0 ? [{ name, share }] : [],
      ),
    ],
  }
}

/** The share of each stratum in the traffic. */
function readShares(strata: readonly Stratum<unknown>[], target: TargetMix | null): number[] {
  if (target === null) {
    const total = strata.reduce((sum, { turnsEligible }) => sum + turnsEligible, 0)
    return strata.map(({ turnsEligible }) => turnsEligible / total)
  }
  const shares = strata.map((stratum) => target.readShare(stratum))
  if (shares.every((share) => share === 0)) throw refuseForeignTarget(strata)
  return shares
}

/** The first of a stratum, weighed by the inverse of their chances. */
function drawFrom<Place>(request: {
  stratum: Stratum<Place>
  /** What the turns' stratum is called. */
  name: string | null
  turns: number
  turnsPerConversation: TurnsPerConversation
}): Drawn<Place>[] {
  const { stratum, name, turns, turnsPerConversation } = request
  const threshold = stratum.candidates[turns]?.key ?? 1
  return stratum.candidates.slice(0, turns).map((candidate) => {
    const { key, competitors } = candidate
    const chance = chanceUnder(threshold, competitors)
    const weight = turnsPerConversation === 'all' ? 1 : competitors / chance
    return {
      turn: toDrawnTurn({ candidate, weight, stratum: name }),
      // The chance of a key as small as this among those that are drawn is uniform, whatever the stratum and
      // the number of competitors, and grows with the key.
      position: chanceUnder(key, competitors) / chance,
    }
  })
}

function scaleWeights<Place>({
  drawn,
  mean,
}: {
  drawn: readonly Drawn<Place>[]
  mean: number
}): Drawn<Place>[] {
  const total = drawn.reduce((sum, { turn }) => sum + turn.weight, 0)
  const factor = (mean * drawn.length) / total
  return drawn.map(({ turn, position }) => ({ turn: { ...turn, weight: turn.weight * factor }, position }))
}

function comparePositions(a: Drawn<unknown>, b: Drawn<unknown>): number {
  return a.position - b.position || (a.turn.id < b.turn.id ? -1 : 1)
}

function toDrawnTurn<Place>(request: {
  candidate: Candidate<Place>
  weight: number
  stratum: string | null
}): DrawnTurn<Place> {
  const { candidate, weight, stratum } = request
  const { source, messageIndex } = candidate
  const { conversation, place, slice } = source
  return { id: nameTurn(candidate), conversation, messageIndex, place, weight, stratum, slice }
}
