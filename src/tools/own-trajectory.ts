import type { Conversation } from '../corpus/conversation.ts'
import { collectCalls, type RecordedCall, type RecordedResponse } from './calls.ts'
import { type CallArguments, digestCall, readArguments } from './canonical-arguments.ts'

/** A call as a model makes it: `arguments` as it wrote them. */
export interface WrittenCall {
  tool: string
  arguments: string
}

/**
 * How the world that a recorded answer came from compares with the one that the replay has made for itself: whether the
 * same writing calls were made since the turn. `unknown` where it is not said which tools write.
 */
export type WorldState = 'same' | 'other' | 'unknown'

/** What the conversation's own log says to a call. */
export interface OwnAnswer extends RecordedResponse {
  state: WorldState
}

/** What the tools said in the conversation that is replayed, before the turn and after it. */
export interface OwnTrajectory {
  /** The answer to a call, after the calls that the replay has made since the turn; `null` where the log has none. */
  find(call: WrittenCall, since: readonly WrittenCall[]): OwnAnswer | null
}

/**
 * The tool calls of a conversation as answers for a replay of one of its turns.
 *
 * The first time that a call is made it gets the first answer that the log has to it at the turn or after it, the second
 * time the second, and when they are used up the last; a call that production only made before the turn gets the last
 * answer from then. Where it is known which tools write, an answer from a world in which the same writes were made since
 * the turn goes before any other: so a profile that production changed and read again is not read as changed before the
 * replay has changed it.
 */
export function readOwnTrajectory(request: {
  conversation: Conversation
  /** The message that is replayed. */
  turn: number
  isWrite?: ((tool: string) => boolean) | undefined
}): OwnTrajectory {
  const { conversation, turn, isWrite } = request
  const { calls } = collectCalls(conversation)
  const answered = new Map<string, RecordedCall[]>()
  for (const call of calls) {
    if (call.response === null) continue
    const key = nameCall(call)
    answered.set(key, [...(answered.get(key) ?? []), call])
  }
  // Each call of a replay is compared with all those before it.
  const names = new Map<string, string>()
  const nameOnce = (call: WrittenCall): string => {
    // The length says where the name of the tool ends.
    const written = `${call.tool.length} ${call.tool}${call.arguments}`
    const name = names.get(written) ?? nameWritten(call)
    names.set(written, name)
    return name
  }
  const writes = isWrite === undefined ? null : calls.filter(({ tool }) => isWrite(tool))
  const findState = (call: RecordedCall, since: readonly WrittenCall[]): WorldState => {
    if (writes === null || isWrite === undefined) return 'unknown'
    const before = writes.filter((write) => write.messageIndex >= turn && isBefore(write, call)).map(nameCall)
    const made = since.filter(({ tool }) => isWrite(tool)).map(nameOnce)
    return isSameSet(before, made) ? 'same' : 'other'
  }
  return {
    find(call, since) {
      const key = nameOnce(call)
      const found = answered.get(key) ?? []
      const after = found.filter(({ messageIndex }) => messageIndex >= turn)
      const asked = since.filter((past) => nameOnce(past) === key).length
      const due = after.slice(0, asked + 1).toReversed()
      const last = found.findLast(({ messageIndex }) => messageIndex < turn)
      const preferred = [...due, ...(last === undefined ? [] : [last]), ...after.slice(asked + 1)]
      const choices = preferred.map((each) => ({ each, state: findState(each, since) }))
      const choice = choices.find(({ state }) => state === 'same') ?? choices[0]
      if (choice === undefined || choice.each.response === null) return null
      return { ...choice.each.response, state: choice.state }
    },
  }
}

/** Calls of one message are made together: none of them is before another. */
function isBefore(write: RecordedCall, call: RecordedCall): boolean {
  return write.messageIndex < call.messageIndex
}

function nameCall({ digest }: RecordedCall): string {
  return digest.join()
}

function nameWritten({ tool, arguments: written }: WrittenCall): string {
  const read: CallArguments = readArguments(written)
  return digestCall(tool, read).join()
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const sorted = other.toSorted()
  return one.length === other.length && one.toSorted().every((name, index) => name === sorted[index])
}
