import type { Conversation } from '../corpus/conversation.ts'
import { type CallArguments, type DigestWords, digestCall, readArguments } from './canonical-arguments.ts'
import { looksLikeError } from './error-result.ts'
import { readTrace } from './trace.ts'

/** What a tool gave back. */
export interface RecordedResponse {
  text: string
  /** By its form: see `looksLikeError`. */
  isError: boolean
  messageIndex: number
}

/** A call in a conversation, and what came of it. */
export interface RecordedCall {
  tool: string
  /** As the model wrote them. */
  written: string
  arguments: CallArguments
  digest: DigestWords
  /** The assistant message that makes it: what came before is the messages before this index. */
  messageIndex: number
  /** `null`: the log has none. */
  response: RecordedResponse | null
  /** How long the tool took; `null` where the log doesn't say. */
  latencyMs: number | null
}

/** The calls of a conversation, in order. */
export interface CollectedCalls {
  calls: RecordedCall[]
  /** Results that answer no call, or one that has its result already. */
  strayResults: number
}

/**
 * The calls of a conversation with their responses. A result answers the newest call before it that has its id, whatever
 * stands between them, so that the results of parallel calls may come in any order; the first result of a call counts.
 */
export function collectCalls(conversation: Conversation): CollectedCalls {
  const trace = readTrace({ prefix: conversation.messages, toolCalls: [] })
  const responses = new Map<number, RecordedResponse>()
  let strayResults = 0
  for (const { call, text, messageIndex } of trace.results) {
    if (call === null || responses.has(call)) strayResults += 1
    else responses.set(call, { text, isError: looksLikeError(text), messageIndex })
  }
  const latencies = conversation.tool_latency_ms ?? {}
  const calls = trace.calls.map(({ tool, arguments: written, id, messageIndex }, index): RecordedCall => {
    const read = readArguments(written)
    return {
      tool,
      written,
      arguments: read,
      digest: digestCall(tool, read),
      messageIndex,
      response: responses.get(index) ?? null,
      latencyMs: Object.hasOwn(latencies, id) ? (latencies[id] ?? null) : null,
    }
  })
  return { calls, strayResults }
}

/**
 * The calls of a conversation that no other conversation of its log has too. A log of single model calls repeats what was
 * said before with each of them: new in it are the results since the last answer before its own, and the calls of its own
 * answer have their results in another.
 */
export function collectNewCalls(conversation: Conversation): CollectedCalls {
  const collected = collectCalls(conversation)
  const { messages, firstTurn } = conversation
  if (firstTurn === undefined) return collected
  const before = messages.slice(0, firstTurn).findLastIndex(({ role }) => role === 'assistant')
  const calls = collected.calls.filter(({ response }) => response !== null && response.messageIndex > before)
  return { calls, strayResults: 0 }
}
