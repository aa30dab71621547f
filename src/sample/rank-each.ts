import { type CorpusThread, mostWaiting } from '../corpus/corpus-thread.ts'
import type { Drawable, RankAt } from './rank.ts'
import { createTurnRanker, readKey } from './turn-ranker.ts'

/**
 * Offers conversations with u of their turns. With a thread, batches may be held for a while and come in any order: it ranks
 * those that it has time for.
 */
export async function rankEach<Listed extends Drawable<unknown>>(request: {
  seed: string
  batches: AsyncIterable<Iterable<Listed>>
  /** Whether a conversation is offered. */
  admit: (conversation: Listed) => boolean
  offer: (conversation: Listed, rank: RankAt) => void
  thread: CorpusThread | undefined
}): Promise<void> {
  const { seed, batches, admit, offer, thread } = request
  const rank = createTurnRanker(seed)
  const offerHere = (conversation: Listed) => {
    const { id, turns } = conversation
    offer(conversation, (at) => rank(`${id}#${turns[at]}`))
  }
  const offerLater = async (conversations: readonly Listed[], asked: CorpusThread) => {
    const digests = await asked.digestTexts({ prefix: `${seed}\0`, ...writeTurns(conversations) })
    let first = 0
    const rankAt = (at: number) => readKey(digests, 8 * (first + at))
    for (const conversation of conversations) {
      offer(conversation, rankAt)
      first += conversation.turns.length
    }
  }
  const later: Promise<void>[] = []
  for await (const batch of batches) {
    if (thread === undefined) {
      for (const conversation of batch) if (admit(conversation)) offerHere(conversation)
      continue
    }
    const conversations = [...batch].filter(admit)
    if (thread.waiting() < mostWaiting) {
      const offered = offerLater(conversations, thread)
      // It is looked at when all have been read, unless that fails.
      offered.catch(() => undefined)
      later.push(offered)
    } else for (const conversation of conversations) offerHere(conversation)
  }
  await Promise.all(later)
}

/** The ids of all turns, one after the other. */
function writeTurns(conversations: readonly Drawable<unknown>[]): { texts: string; ends: Uint32Array } {
  const ids: string[] = []
  const ends: number[] = []
  let end = 0
  for (const { id, turns } of conversations) {
    for (const index of turns) {
      const turn = `${id}#${index}`
      ids.push(turn)
      end += turn.length
      ends.push(end)
    }
  }
  return { texts: ids.join(''), ends: Uint32Array.from(ends) }
}
