import { createHash } from 'node:crypto'
import { type Conversation, findTurns, type Message, type Tool } from '../corpus/conversation.ts'

/** Whether a conversation can give one turn at most, or all that it has. */
export type TurnsPerConversation = 'one' | 'all'

/** What is kept of a conversation: nothing after the last turn that may be drawn. */
export interface Source {
  conversation: string
  messages: Message[]
  tools: Tool[] | null
  slice: Record<string, string>
}

/** A turn that may be drawn. */
export interface Candidate {
  /** The smallest of the u of the turns that compete for this place. */
  key: number
  messageIndex: number
  /** How many turns compete for this place: with one turn a conversation all of its turns, otherwise one. */
  competitors: number
  source: Source
}

/** u = the first 52 bits of SHA-256(seed ‖ turn id), as a number in [0, 1). */
export function rankTurn(seed: string, turnId: string): number {
  const digest = createHash('sha256').update(`${seed}\0${turnId}`).digest()
  return (digest.readUIntBE(0, 6) * 16 + (digest.readUInt8(6) >> 4)) / 2 ** 52
}

/** The eligible turns of a conversation with the u of each. */
export interface RankedTurn {
  messageIndex: number
  key: number
}

/** Ranks the eligible turns of a conversation. */
export function rankConversation(seed: string, conversation: Conversation): RankedTurn[] {
  return findTurns(conversation).map((messageIndex) => ({
    messageIndex,
    key: rankTurn(seed, `${conversation.id}#${messageIndex}`),
  }))
}

/** The turns of a conversation that may be drawn, those with keys above the cutoff left out. */
export function listCandidates(request: {
  conversation: Conversation
  ranked: RankedTurn[]
  turnsPerConversation: TurnsPerConversation
  slices: readonly string[]
  cutoff: number
}): Candidate[] {
  const { conversation, ranked, turnsPerConversation, slices, cutoff } = request
  const [first] = ranked
  if (first === undefined) return []
  const smallest = ranked.reduce((best, turn) => (turn.key < best.key ? turn : best), first)
  const competing = turnsPerConversation === 'one' ? [smallest] : ranked
  const kept = competing.filter(({ key }) => key <= cutoff)
  const end = kept.reduce((last, { messageIndex }) => Math.max(last, messageIndex), 0)
  const source: Source = {
    conversation: conversation.id,
    messages: conversation.messages.slice(0, end),
    tools: conversation.tools ?? null,
    slice: readSlice(conversation, slices),
  }
  const competitors = turnsPerConversation === 'one' ? ranked.length : 1
  return kept.map((turn) => ({ ...turn, competitors, source }))
}

function readSlice(conversation: Conversation, keys: readonly string[]): Record<string, string> {
  const metadata = conversation.metadata ?? {}
  return Object.fromEntries(
    keys.map((key) => [key, Object.hasOwn(metadata, key) ? String(metadata[key]) : 'none']),
  )
}

/** The turns with the smallest keys of all that were offered, whatever the order. */
export interface Pool {
  /** A key above it is not kept any more. */
  cutoff(): number
  offer(candidates: Candidate[]): void
  /** What is left, at most the pool's size, smallest key first. */
  close(): Candidate[]
}

/** A pool of this size; until it is closed it holds at most a quarter of that and 1,000 more. */
export function createPool(size: number): Pool {
  let kept: Candidate[] = []
  let cutoff = Number.POSITIVE_INFINITY
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
function compareCandidates(a: Candidate, b: Candidate): number {
  return a.key - b.key || (nameTurn(a) < nameTurn(b) ? -1 : 1)
}

/** `<conversation id>#<message index>` */
export function nameTurn({ source, messageIndex }: Candidate): string {
  return `${source.conversation}#${messageIndex}`
}

/**
 * The chance that the smallest u of so many turns is under a threshold, 1 − (1−t)^m; 1 from the threshold 1 on.
 */
export function chanceUnder(threshold: number, competitors: number): number {
  return threshold >= 1 ? 1 : -Math.expm1(competitors * Math.log1p(-threshold))
}
