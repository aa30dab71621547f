import {
  type Candidate,
  createCandidateLister,
  createPool,
  createSliceReader,
  type Drawable,
  type Pool,
  type RankAt,
  type TurnsPerConversation,
} from './rank.ts'
import { checkStrataCount, identifyStratum, type StratumIdentity } from './stratum.ts'
import type { TargetMix } from './target-mix.ts'

/** What a corpus has of one stratum. */
export interface Stratum<Place> extends StratumIdentity {
  conversations: number
  turnsEligible: number
  /** The turns of the smallest keys, one more than can be drawn; none if nothing may be drawn. */
  candidates: Candidate<Place>[]
}

/** Sorts conversations into strata. */
export interface Strata<Place> {
  offer(conversation: Drawable<Place>, rank: RankAt): void
  /** By name. */
  close(): Stratum<Place>[]
}

interface OpenStratum<Place> {
  identity: StratumIdentity
  conversations: number
  turnsEligible: number
  /** `null`: the target mix doesn't want this stratum. */
  pool: Pool<Place> | null
}

/** Sorts conversations into strata by their metadata; without keys, all into one. */
export function createStrata<Place>(settings: {
  turns: number
  slices: readonly string[]
  keys: readonly string[]
  turnsPerConversation: TurnsPerConversation
  target: TargetMix | null
  /** Keys above it are not kept. */
  cutoff?: number
}): Strata<Place> {
  const { cutoff: firstCutoff, turns, slices, keys, turnsPerConversation, target } = settings
  const open = new Map<string, OpenStratum<Place>>()
  const readSlice = createSliceReader(slices)
  const list = createCandidateLister<Place>({ turnsPerConversation, readSlice })
  /** Without keys there is one, whatever the metadata. */
  let only: OpenStratum<Place> | null = null
  const find = (conversation: Drawable<Place>): OpenStratum<Place> => {
    if (only !== null) return only
    const identity = identifyStratum(keys.length === 0 ? {} : conversation, keys)
    const known = open.get(identity.name)
    if (known !== undefined) return known
    const isWanted = target === null || target.readShare(identity) > 0
    const fresh: OpenStratum<Place> = {
      identity,
      conversations: 0,
      turnsEligible: 0,
      // The first key that is not drawn is needed for the weights.
      pool: isWanted ? createPool(turns + 1, firstCutoff) : null,
    }
    open.set(identity.name, fresh)
    if (keys.length === 0) only = fresh
    checkStrataCount(
      [...open.values()].map((stratum) => stratum.identity),
      keys,
    )
    return fresh
  }
  return {
    offer(conversation, rank) {
      const { length } = conversation.turns
      if (length === 0) return
      const stratum = find(conversation)
      stratum.conversations += 1
      stratum.turnsEligible += length
      const { pool } = stratum
      if (pool !== null) pool.offer(list(conversation, { rank, cutoff: pool.cutoff() }))
    },
    close() {
      return [...open.values()]
        .map(({ identity, conversations, turnsEligible, pool }) => ({
          ...identity,
          conversations,
          turnsEligible,
          candidates: pool?.close() ?? [],
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    },
  }
}
