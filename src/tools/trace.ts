import { type Message, readText, type ToolCall } from '../corpus/conversation.ts'

/** A call of a tool; `arguments` as the model wrote them, JSON or not. */
export interface TracedCall {
  tool: string
  arguments: string
  id: string
  /** Which message of the prefix makes it; its length for calls of the completion. */
  messageIndex: number
}

/** What a tool gave back; `tool` is empty where no call in the prefix has its id. */
export interface TracedResult {
  tool: string
  /** The arguments of the call that it answers. */
  arguments: string
  text: string
  /** Which message with calls it answers: results of calls that were made together have the same number. */
  batch: number
  /** Which of the calls it answers; `null` where no call in the prefix has its id. */
  call: number | null
  /** Which message of the prefix it is. */
  messageIndex: number
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
  const asked = new Map<string, number>()
  let batch = 0
  for (const [messageIndex, message] of prefix.entries()) {
    if (message.role === 'assistant' && message.tool_calls !== undefined) {
      batch += 1
      for (const call of message.tool_calls) {
        asked.set(call.id, trace.calls.length)
        trace.calls.push(traceCall(call, messageIndex))
      }
    }
    if (message.role === 'tool') {
      const number = asked.get(message.tool_call_id) ?? null
      const call = number === null ? undefined : trace.calls[number]
      const { tool, arguments: written } = call ?? { tool: message.name ?? '', arguments: '' }
      const text = readText(message.content)
      trace.results.push({ tool, arguments: written, text, batch, call: number, messageIndex })
    }
  }
  const messageIndex = prefix.length
  trace.calls.push(...toolCalls.map((call) => traceCall(call, messageIndex)))
  return trace
}

function traceCall(
  { id, function: { name, arguments: written } }: ToolCall,
  messageIndex: number,
): TracedCall {
  return { tool: name, arguments: written, messageIndex, id }
}
