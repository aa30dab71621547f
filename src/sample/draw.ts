import { createHash } from 'node:crypto'
import { type Conversation, findTurns, type Message, type Tool } from '../corpus/conversation.ts'

/** One drawn turn: what is sent, and how much it stands for. */
export interface SampledTurn {
  /** `<conversation id>#<message index>` */
  id: string
  conversation: string
  /** The messages before the assistant turn, and nothing of it or after it. */
  prefix: Message[]
  tools: Tool[] | null
  /** The inverse of the chance with which this turn of its conversation was drawn, up to a factor. */
  weight: number
  /** Values of the metadata keys that the policy names. */
  slice: Record<string, string>
}

/** The drawn turns in seeded order, with what the table says about the draw. */
export interface Sample {
  turns: SampledTurn[]
  counts: SampleCounts
}

/** What a draw was taken from. */
export interface SampleCounts {
  turnsAsked: number
  turnsDrawn: number
  conversations: number
  turnsEligible: number
  conversationsExpired: number
}

interface Candidate {
  key: number
  messageIndex: number
  turnsEligible: number
  conversation: Conversation
}

/**
 * Draws turns, at most one a conversation, the same ones whatever the order of the corpus.
 *
 * Each turn has u = H(seed ‖ turn id) in [0, 1). A conversation's key is its smallest u; the n smallest keys
 * are drawn. With τ the (n+1)-th smallest key (1 if all are drawn), a turn of a conversation with m turns was
 * drawn with the chance (1 − (1−τ)^m)/m, and weighs its inverse: bottom-k sampling, unbiased at every n
 * (Cohen & Kaplan 2007, "Summarizing data using bottom-k sketches", rank conditioning).
 *
 * Memory grows with the turns asked, not with the corpus.
 */
export async function drawSample(request: {
  corpus: AsyncIterable<Conversation>
  seed: string
  turns: number
  slices: string[]
  now: Date
}): Promise<Sample> {
  const { corpus, seed, turns, slices, now } = request
  let kept: Candidate[] = []
  let cutoff = Number.POSITIVE_INFINITY
  const counts = { conversations: 0, turnsEligible: 0, conversationsExpired: 0 }
  const shrink = () => {
    kept = kept.toSorted(compareCandidates).slice(0, turns + 1)
    if (kept.length > turns) cutoff = kept.at(-1)?.key ?? cutoff
  }
  for await (const conversation of corpus) {
    if (conversation.expires_at !== undefined && new Date(conversation.expires_at) <= now) {
      counts.conversationsExpired += 1
      continue
    }
    const candidate = rankConversation(seed, conversation)
    counts.conversations += 1
    counts.turnsEligible += candidate.turnsEligible
    if (candidate.key > cutoff) continue
    kept.push(candidate)
    if (kept.length > 2 * turns + 1000) shrink()
  }
  shrink()
  const threshold = kept.length > turns ? (kept[turns]?.key ?? 1) : 1
  const drawn = kept.slice(0, turns).map((candidate) => toSampledTurn({ candidate, threshold, slices }))
  return { turns: drawn, counts: { turnsAsked: turns, turnsDrawn: drawn.length, ...counts } }
}

/** u = the first 52 bits of SHA-256(seed ‖ turn id), as a number in [0, 1). */
export function rankTurn(seed: string, turnId: string): number {
  const digest = createHash('sha256').update(`${seed}\0${turnId}`).digest()
  return (digest.readUIntBE(0, 6) * 16 + (digest.readUInt8(6) >> 4)) / 2 ** 52
}

function rankConversation(seed: string, conversation: Conversation): Candidate {
  const ranked = findTurns(conversation).map((messageIndex) => ({
    messageIndex,
    key: rankTurn(seed, `${conversation.id}#${messageIndex}`),
  }))
  const smallest = ranked.reduce((best, turn) => (turn.key < best.key ? turn : best))
  return { ...smallest, turnsEligible: ranked.length, conversation }
}

// Two keys of 52 bits are never equal in practice; the id keeps the order total all the same.
function compareCandidates(a: Candidate, b: Candidate): number {
  return a.key - b.key || (a.conversation.id < b.conversation.id ? -1 : 1)
}

function toSampledTurn(request: { candidate: Candidate; threshold: number; slices: string[] }): SampledTurn {
  const { candidate, threshold, slices } = request
  const { conversation, messageIndex, turnsEligible } = candidate
  const chance = threshold >= 1 ? 1 : -Math.expm1(turnsEligible * Math.log1p(-threshold))
  const metadata = conversation.metadata ?? {}
  return {
    id: `${conversation.id}#${messageIndex}`,
    conversation: conversation.id,
    prefix: conversation.messages.slice(0, messageIndex),
    tools: conversation.tools ?? null,
    weight: turnsEligible / chance,
    slice: Object.fromEntries(
      slices.map((key) => [key, Object.hasOwn(metadata, key) ? String(metadata[key]) : 'none']),
    ),
  }
}
