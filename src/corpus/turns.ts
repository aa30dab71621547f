import type { Conversation } from './conversation.ts'

/**
 * The indices of the assistant messages that can be replayed: those that answer a user or a tool directly.
 * An assistant message after another one is a part of the same turn.
 */
export function findTurns({ messages, firstTurn = 0 }: Conversation): number[] {
  const turns: number[] = []
  for (let index = Math.max(1, firstTurn); index < messages.length; index += 1) {
    const before = messages[index - 1]?.role
    const answers = before === 'user' || before === 'tool'
    if (messages[index]?.role === 'assistant' && answers) turns.push(index)
  }
  return turns
}
