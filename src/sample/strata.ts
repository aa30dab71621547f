import type { Conversation } from '../corpus/conversation.ts'
import {
  type Candidate,
  createPool,
  listCandidates,
  type Pool,
  rankConversation,
  type TurnsPerConversation,
} from './rank.ts'
import { checkStrataCount, identifyStratum, type StratumIdentity } from './stratum.ts'
import type { TargetMix } from './target-mix.ts'

/** What a corpus has of one stratum. */
export interface Stratum extends StratumIdentity {
  conversations: number
  turnsEligible: number
  /** The turns of the smallest keys, one more than can be drawn; none if nothing may be drawn. */
  candidates: Candidate[]
}

/** Sorts conversations into strata. */
export interface Strata {
  offer(conversation: Conversation): void
  /** By name. */
  close(): Stratum[]
}

interface OpenStratum {
  identity: StratumIdentity
  conversations: number
  turnsEligible: number
  /** `null`: the target mix doesn't want this stratum. */
  pool: Pool | null
}

/** Sorts conversations into strata by their metadata; without keys, all into one. */
export function createStrata(settings: {
  seed: string
  turns: number
  slices: readonly string[]
  keys: readonly string[]
  turnsPerConversation: TurnsPerConversation
  target: TargetMix | null
}): Strata {
  const { seed, turns, slices, keys, turnsPerConversation, target } = settings
  const open = new Map<string, OpenStratum>()
  const find = (conversation: Conversation): OpenStratum => {
    const identity = identifyStratum(conversation, keys)
    const known = open.get(identity.name)
    if (known !== undefined) return known
    const isWanted = target === null || target.readShare(identity) > 0
    const fresh = {
      identity,
      conversations: 0,
      turnsEligible: 0,
      // The first key that is not drawn is needed for the weights.
      pool: isWanted ? createPool(turns + 1) : null,
    }
    open.set(identity.name, fresh)
    checkStrataCount(
      [...open.values()].map((stratum) => stratum.identity),
      keys,
    )
    return fresh
  }
  return {
    offer(conversation) {
      const ranked = rankConversation(seed, conversation)
      if (ranked.length === 0) return
      const stratum = find(conversation)
      stratum.conversations += 1
      stratum.turnsEligible += ranked.length
      const { pool } = stratum
      if (pool === null) return
      const cutoff = pool.cutoff()
      pool.offer(listCandidates({ conversation, ranked, turnsPerConversation, slices, cutoff }))
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
