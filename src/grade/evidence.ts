import { type Message, readText, type Tool } from '../corpus/conversation.ts'
import type { Completed } from '../replay/completion.ts'

/** A completion as one text: what a grader reads, and what a quote must be found in. */
export function renderCompletion(completion: Completed): string {
  const calls = completion.toolCalls.map(
    (call) => `[tool call] ${call.function.name}(${call.function.arguments})`,
  )
  const refusal = completion.refusal === null ? [] : [`[refusal] ${completion.refusal}`]
  return [...(completion.text === '' ? [] : [completion.text]), ...refusal, ...calls].join('\n')
}

/** What the assistant was given, as one text: the tools it was offered, then the prefix. */
export function renderConversation(turn: { prefix: Message[]; tools: Tool[] | null }): string {
  const tools = (turn.tools ?? []).map(
    ({ function: tool }) => `- ${tool.name}: ${tool.description ?? 'no description'}`,
  )
  const offered = tools.length === 0 ? [] : [['[tools offered]', ...tools].join('\n')]
  return [...offered, renderPrefix(turn.prefix)].join('\n\n')
}

/** A prefix as one text, a message a paragraph. */
export function renderPrefix(prefix: Message[]): string {
  return prefix
    .map((message) => {
      const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : []
      const refusal = message.role === 'assistant' && message.refusal ? [`[refusal] ${message.refusal}`] : []
      const lines = calls.map((call) => `[tool call] ${call.function.name}(${call.function.arguments})`)
      return [`[${message.role}]`, readText(message.content), ...refusal, ...lines]
        .filter((line) => line !== '')
        .join('\n')
    })
    .join('\n\n')
}

/** Whether a quote stands in a text, but for white space. */
export function containsQuote(text: string, quote: string): boolean {
  const fold = (value: string) => value.normalize('NFC').replaceAll(/\s+/g, ' ').trim()
  const wanted = fold(quote)
  return wanted !== '' && fold(text).includes(wanted)
}
