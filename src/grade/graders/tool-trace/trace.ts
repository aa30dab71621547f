import { type Message, readText, type ToolCall } from '../../../corpus/conversation.ts'

/** A call of a tool; `arguments` as the model wrote them, JSON or not. */
export interface TracedCall {
  tool: string
  arguments: string
  /** Whether the completion makes it, so that it has no result yet. */
  pending: boolean
}

/** What a tool gave back; `tool` is empty where no call in the prefix has its id. */
export interface TracedResult {
  tool: string
  /** The arguments of the call that it answers. */
  arguments: string
  text: string
  /** Which message with calls it answers: results of calls that were made together have the same number. */
  batch: number
}

/** Calls and results, in order. */
export interface Trace {
  calls: TracedCall[]
  results: TracedResult[]
}

/** The calls and results of messages, then the completion's own calls. */
export function readTrace({ prefix, toolCalls }: { prefix: Message[]; toolCalls: ToolCall[] }): Trace {
  const trace: Trace = { calls: [], results: [] }
  // Ids need not be unique in a log: a result answers the newest call that has its id.
  const asked = new Map<string, { name: string; arguments: string }>()
  let batch = 0
  for (const message of prefix) {
    if (message.role === 'assistant' && message.tool_calls !== undefined) {
      batch += 1
      for (const call of message.tool_calls) {
        asked.set(call.id, call.function)
        trace.calls.push({ tool: call.function.name, arguments: call.function.arguments, pending: false })
      }
    }
    if (message.role === 'tool') {
      const call = asked.get(message.tool_call_id) ?? { name: message.name ?? '', arguments: '' }
      const text = readText(message.content)
      trace.results.push({ tool: call.name, arguments: call.arguments, text, batch })
    }
  }
  trace.calls.push(
    ...toolCalls.map(({ function: { name, arguments: written } }) => ({
      tool: name,
      arguments: written,
      pending: true,
    })),
  )
  return trace
}
