import { createTurnRanker } from './turn-ranker.ts'

/** Whether a conversation can give one turn at most, or all that it has. */
export type TurnsPerConversation = 'one' | 'all'

/** A conversation that turns may be drawn of. */
export interface Drawable<Place> {
  id: string
  /** The indices of the messages that are turns. */
  turns: readonly number[]
  metadata: Readonly<Record<string, string | number | boolean>>
  /** Where it can be had again. Asked for only while it may still be drawn. */
  locate(): Place
}

/** What is kept of a conversation: where it is, and none of its messages. */
export interface Source<Place> {
  conversation: string
  place: Place
  slice: Record<string, string>
}

/** A turn that may be drawn. */
export interface Candidate<Place> {
  /** The smallest of the u of the turns that compete for this place. */
  key: number
  messageIndex: number
  /** How many turns compete for this place: with one turn a conversation all of its turns, otherwise one. */
  competitors: number
  source: Source<Place>
}

/** u = the first 52 bits of SHA-256(seed ‖ turn id), as a number in [0, 1). */
export function rankTurn(seed: string, turnId: string): number {
  return createTurnRanker(seed)(turnId)
}

/** u of the turn at this place among a conversation's turns. */
export type RankAt = (at: number) => number

interface RankedTurn {
  messageIndex: number
  key: number
}

/** Lists the turns of a conversation that may be drawn, those with keys above the cutoff left out. */
export type CandidateLister<Place> = (
  conversation: Drawable<Place>,
  ranks: { rank: RankAt; cutoff: number },
) => Candidate<Place>[]

/** A draw goes through millions of conversations of which few have a candidate: what is made for each counts. */
export function createCandidateLister<Place>(settings: {
  turnsPerConversation: TurnsPerConversation
  readSlice: SliceReader
}): CandidateLister<Place> {
  const { turnsPerConversation, readSlice } = settings
  const one = turnsPerConversation === 'one'
  const pick = one ? takeSmallest : takeAll
  return (conversation, ranks) => {
    const kept = pick(conversation, ranks)
    if (kept.length === 0) return []
    const source: Source<Place> = {
      conversation: conversation.id,
      place: conversation.locate(),
      slice: readSlice(conversation.metadata),
    }
    const competitors = one ? conversation.turns.length : 1
    return kept.map(({ key, messageIndex }) => ({ key, messageIndex, competitors, source }))
  }
}

const noTurns: readonly RankedTurn[] = []

interface Ranks {
  rank: RankAt
  cutoff: number
}

function takeSmallest({ turns }: Drawable<unknown>, { rank, cutoff }: Ranks): readonly RankedTurn[] {
  let smallest = Number.POSITIVE_INFINITY
  let messageIndex = 0
  for (let at = 0; at < turns.length; at += 1) {
    const key = rank(at)
    if (key >= smallest) continue
    smallest = key
    messageIndex = turns[at] ?? 0
  }
  return turns.length === 0 || smallest > cutoff ? noTurns : [{ messageIndex, key: smallest }]
}

function takeAll({ turns }: Drawable<unknown>, { rank, cutoff }: Ranks): readonly RankedTurn[] {
  return turns.map((messageIndex, at) => ({ messageIndex, key: rank(at) })).filter(({ key }) => key <= cutoff)
}

/** The values of the keys that a sample is cut by, `none` for those that are missing. */
export type SliceReader = (metadata: Drawable<unknown>['metadata']) => Record<string, string>

/** Slices that are remembered, so that conversations with the same values share one. */
const mostShared = 1000

/** Reads slices by these keys. */
export function createSliceReader(keys: readonly string[]): SliceReader {
  const shared = new Map<string, Record<string, string>>()
  return (metadata) => {
    const values = keys.map((key) => (Object.hasOwn(metadata, key) ? String(metadata[key]) : 'none'))
    const name = JSON.stringify(values)
    const known = shared.get(name)
    if (known !== undefined) return known
    const slice = Object.fromEntries(keys.map((key, index) => [key, values[index] ?? 'none']))
    if (shared.size < mostShared) shared.set(name, slice)
    return slice
  }
}

/** The turns with the smallest keys of all that were offered, whatever the order. */
export interface Pool<Place> {
  /** A key above it is not kept any more. */
  cutoff(): number
  offer(candidates: Candidate<Place>[]): void
  /** What is left, at most the pool's size, smallest key first. */
  close(): Candidate<Place>[]
}

/**
 * A pool of this size; until it is closed it holds at most a quarter of that and 1,000 more. `firstCutoff`
 * may leave the pool with less than its size.
 */
export function createPool<Place>(size: number, firstCutoff = Number.POSITIVE_INFINITY): Pool<Place> {
  let kept: Candidate<Place>[] = []
  let cutoff = firstCutoff
  const shrink = () => {
    kept = kept.toSorted(compareCandidates).slice(0, size)
    if (kept.length === size) cutoff = kept.at(-1)?.key ?? cutoff
  }
  return {
    cutoff: () => cutoff,
    offer(candidates) {
      kept.push(...candidates)
      if (kept.length > 1.25 * size + 1000) shrink()
    },
    close() {
      shrink()
      return kept
    },
  }
}

// Two keys of 52 bits are never equal in practice; the id keeps the order total all the same.
function compareCandidates(a: Candidate<unknown>, b: Candidate<unknown>): number {
  return a.key - b.key || (nameTurn(a) < nameTurn(b) ? -1 : 1)
}

/** `<conversation id>#<message index>` */
export function nameTurn({ source, messageIndex }: Candidate<unknown>): string {
  return `${source.conversation}#${messageIndex}`
}

/**
 * The chance that the smallest u of so many turns is under a threshold, 1 − (1−t)^m; 1 from the threshold 1 on.
 */
export function chanceUnder(threshold: number, competitors: number): number {
  return threshold >= 1 ? 1 : -Math.expm1(competitors * Math.log1p(-threshold))
}
