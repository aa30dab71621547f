import { type Message, readText, type Tool } from '../corpus/conversation.ts'
import type { ChatRequest } from './completion.ts'

/** Where requests of a file go that are in the form of the Responses API. */
export const responsesUrl = '/v1/responses'

/** The body of a request to OpenAI's Responses API, as far as a turn needs it. */
export interface ResponsesBody {
  model: string
  input: ResponsesItem[]
  tools?: ResponsesTool[]
  temperature?: number
  max_output_tokens?: number
  text?: {
    format: { type: 'json_schema'; name: string; schema: Record<string, unknown>; strict: true }
  }
  /** The conversation is the corpus', and stays nowhere else. */
  store: false
}

/** One item of the input. */
export type ResponsesItem =
  | { role: 'system' | 'developer' | 'user' | 'assistant'; content: string }
  | { type: 'function_call'; call_id: string; name: string; arguments: string }
  | { type: 'function_call_output'; call_id: string; output: string }

interface ResponsesTool {
  type: 'function'
  name: string
  description?: string
  parameters: Record<string, unknown>
  strict: boolean
}

/**
 * A request for one turn in the form of the Responses API: messages as items, calls and their results as items of their
 * own, tools without the object around them. It says the same as the chat API's, but for participants' names, which that
 * API does not have.
 */
export function toResponsesBody(chat: ChatRequest): ResponsesBody {
  const { model, messages, tools, temperature, maxTokens, responseFormat } = chat
  return {
    model,
    input: messages.flatMap(toItems),
    ...(tools === undefined ? {} : { tools: tools.map(flattenTool) }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_output_tokens: maxTokens }),
    ...(responseFormat === undefined
      ? {}
      : { text: { format: { type: 'json_schema', ...responseFormat, strict: true } } }),
    store: false,
  }
}

function toItems(message: Message): ResponsesItem[] {
  const text = readText(message.content)
  if (message.role === 'tool')
    return [{ type: 'function_call_output', call_id: message.tool_call_id, output: text }]
  if (message.role !== 'assistant') return [{ role: message.role, content: text }]
  const calls = (message.tool_calls ?? []).map(
    ({ id, function: called }): ResponsesItem => ({ type: 'function_call', call_id: id, ...called }),
  )
  // A refusal is what the assistant said: an item for it alone would need the id of a stored answer.
  const said = [text, message.refusal ?? ''].filter((part) => part !== '').join('\n')
  return said === '' ? calls : [{ role: 'assistant', content: said }, ...calls]
}

// The chat API takes a function without parameters for one that has none, and is not strict unless told to be; the
// Responses API would be.
function flattenTool({ function: { name, description, parameters, strict } }: Tool): ResponsesTool {
  return {
    type: 'function',
    name,
    ...(description === undefined ? {} : { description }),
    parameters: parameters ?? { type: 'object', properties: {} },
    strict: strict ?? false,
  }
}
