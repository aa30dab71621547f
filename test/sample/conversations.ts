import type { Conversation } from '../../src/corpus/conversation.ts'
import { type DrawRequest, drawSample, type Sample } from '../../src/sample/draw.ts'

/** A conversation of this many questions, each with its answer: its turns are the messages 1, 3, 5 … */
export function converse(id: string, turns: number, more: Partial<Conversation> = {}): Conversation {
  const messages: Conversation['messages'] = Array.from({ length: turns }, (_, index) => [
    { role: 'user' as const, content: `question ${index} of ${id}` },
    { role: 'assistant' as const, content: `answer ${index} of ${id}` },
  ]).flat()
  return { id, messages, ...more }
}

/** Conversations `c-0`, `c-1` …, each with a number of turns. */
export function converseAll(lengths: readonly number[]): Conversation[] {
  return lengths.map((turns, index) => converse(`c-${index}`, turns))
}

/** What a test says of a draw; the rest is as it doesn't matter. */
export type DrawOptions = Partial<Omit<DrawRequest, 'corpus'>>

/** Draws from conversations in memory. */
export function draw(conversations: readonly Conversation[], options: DrawOptions = {}): Promise<Sample> {
  async function* stream() {
    yield* conversations
  }
  const now = new Date('2026-11-02T00:00:00Z')
  return drawSample({ corpus: stream(), seed: 'seed', turns: 10, slices: [], now, ...options })
}

/** The ids of the drawn turns, in their order. */
export async function drawIds(...parameters: Parameters<typeof draw>): Promise<string[]> {
  return (await draw(...parameters)).turns.map((turn) => turn.id)
}

/** A list in the order of the keys that come with its entries. */
export function shuffle<Entry>(entries: readonly Entry[], keys: Iterator<number>): Entry[] {
  return entries
    .map((entry) => ({ entry, key: Number(keys.next().value ?? 0) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ entry }) => entry)
}

/** How many are in one list and not in the other. */
export function countOnly(list: readonly string[], other: readonly string[]): number {
  const known = new Set(other)
  return list.filter((id) => !known.has(id)).length
}

/** The number of a conversation's turns that can be drawn. */
export function countTurns({ messages }: Conversation): number {
  return messages.filter(({ role }) => role === 'assistant').length
}
