import { hash } from 'node:crypto'
import { z } from 'zod'

const contentSchema = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  z.null(),
])

const toolCallSchema = z.looseObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
})

const messageSchema = z.looseObject({
  role: z.string(),
  content: contentSchema.optional(),
  tool_calls: z.array(toolCallSchema).nullish(),
  tool_call_id: z.string().optional(),
})

const toolSchema = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string(),
    description: z.string().optional(),
    parameters: z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() }).optional(),
  }),
})

/**
 * The part of an OpenAI chat completion request that the simulation reads. Keys it doesn't know (temperature,
 * seed, response_format, …) are accepted and have no effect: a simulated model is always deterministic.
 */
export const chatRequestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(messageSchema).min(1),
  tools: z.array(toolSchema).nullish(),
  tool_choice: z.unknown().optional(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  stream: z.literal(false).nullish(),
  n: z.literal(1).nullish(),
})

export type ChatRequest = z.infer<typeof chatRequestSchema>
export type ChatMessage = z.infer<typeof messageSchema>
export type Tool = z.infer<typeof toolSchema>
export type ToolCall = { id: string; type: 'function'; function: { name: string; arguments: string } }

/** What a simulated model says: text, or tool calls and no text. */
export type Completion = {
  content: string | null
  toolCalls: ToolCall[]
  finishReason: 'stop' | 'tool_calls' | 'length'
}

/** The text of a message; the parts of a multi-part one are joined by line feeds, other media are left out. */
export function readText(message: ChatMessage): string {
  const content = message.content ?? ''
  if (typeof content === 'string') return content
  return content.map((part) => part.text ?? '').join('\n')
}

/** The texts of all messages with this role, a line each. */
export function readAllText(messages: readonly ChatMessage[], role: string): string {
  return messages
    .filter((message) => message.role === role)
    .map(readText)
    .join('\n')
}

/** The text of the last message with this role, or '' when there is none. */
export function readLastText(messages: readonly ChatMessage[], role: string): string {
  const message = messages.findLast((candidate) => candidate.role === role)
  return message === undefined ? '' : readText(message)
}

/**
 * The hex SHA-256 of what a prefix says. Only role, text, tool calls and tool call ids count, so clients that
 * write the same messages with other key orders or extra keys get the same answers.
 */
export function digestPrefix(messages: readonly ChatMessage[]): string {
  const said = messages.map((message) => [
    message.role,
    readText(message),
    (message.tool_calls ?? []).map((call) => [call.id, call.function.name, call.function.arguments]),
    message.tool_call_id ?? null,
  ])
  return hash('sha256', JSON.stringify(said))
}

/** Four characters a token, rounded up: the usual rule of thumb for English text. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4)
}
