import type { Conversation } from '../../src/corpus/conversation.ts'
import { drawSample, type Sample } from '../../src/sample/draw.ts'

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

/** Draws from conversations in memory. */
export function draw(
  conversations: readonly Conversation[],
  options: { seed?: string; turns?: number; slices?: string[]; now?: Date } = {},
): Promise<Sample> {
  const { seed = 'seed', turns = 10, slices = [], now = new Date('2026-11-02T00:00:00Z') } = options
  async function* stream() {
    yield* conversations
  }
  return drawSample({ corpus: stream(), seed, turns, slices, now })
}

/** The ids of the drawn turns, in their order. */
export async function drawIds(...parameters: Parameters<typeof draw>): Promise<string[]> {
  return (await draw(...parameters)).turns.map((turn) => turn.id)
}
