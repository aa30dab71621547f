import { type Message, readText, type Tool, type ToolCall } from '../corpus/conversation.ts'
import type { Rubric } from '../policy/rubric.ts'
import type { Completed } from '../replay/completion.ts'
import { normalizeText } from './normalize-text.ts'

/** A piece of a completion: what the model said and called, or what a tool gave back to it. */
export interface CompletionPart {
  by: 'model' | 'tool'
  text: string
}

/** A completion in pieces, in order; what tools gave back stands between the steps of a trajectory. */
export function listParts(completion: Completed): CompletionPart[] {
  const say = (text: string): CompletionPart => ({ by: 'model', text })
  if (completion.steps === undefined) return renderAnswer(completion).map(say)
  const steps = completion.steps.flatMap((step) => [
    ...renderAnswer({ ...step, refusal: null }).map(say),
    ...step.results.map(({ text }): CompletionPart => ({ by: 'tool', text })),
  ])
  return [...steps, ...renderAnswer(completion).map(say)]
}

/** What the model said and called, as one text: what a grader reads, and what a quote must be found in. */
export function renderCompletion(completion: Completed): string {
  return listParts(completion)
    .flatMap(({ by, text }) => (by === 'model' ? [text] : []))
    .join('\n')
}

function renderAnswer(answer: Pick<Completed, 'text' | 'reasoning' | 'refusal' | 'toolCalls'>): string[] {
  const { text, reasoning, refusal, toolCalls } = answer
  const parts: string[] = []
  if (reasoning !== null) parts.push(`[reasoning] ${reasoning}\n[answer]`)
  if (text !== '') parts.push(text)
  if (refusal !== null) parts.push(`[refusal] ${refusal}`)
  for (const call of toolCalls) parts.push(renderCall(call))
  return parts
}

function renderCall({ function: { name, arguments: given } }: ToolCall): string {
  return `[tool call] ${name}(${given})`
}

/** Whether a rubric speaks of a completion at all; where it does not, the completion is `absent`. */
export function applies(
  { appliesTo }: Pick<Rubric, 'appliesTo'>,
  item: { turn: { prefix: Message[] }; completion: Completed },
): boolean {
  switch (appliesTo) {
    case 'all':
      return true
    case 'reasoning':
      return listAnswers(item.completion).some(({ reasoning }) => reasoning !== null)
    case 'tool-calls':
      return (
        listAnswers(item.completion).some(({ toolCalls }) => toolCalls.length > 0) ||
        hasToolResult(item.turn.prefix)
      )
  }
}

/** The answers of a completion: those of its steps, and the last. */
export function listAnswers(completion: Completed): Pick<Completed, 'text' | 'reasoning' | 'toolCalls'>[] {
  return [...(completion.steps ?? []), completion]
}

// What was called since the user last spoke belongs to the turn that the completion ends.
function hasToolResult(prefix: Message[]): boolean {
  return prefix
    .slice(prefix.findLastIndex(({ role }) => role === 'user') + 1)
    .some(({ role }) => role === 'tool')
}

/** What the assistant was given, as one text: the tools it was offered, then the prefix. */
export function renderConversation(turn: { prefix: Message[]; tools: Tool[] | null }): string {
  const tools = turn.tools ?? []
  const prefix = renderPrefix(turn.prefix)
  if (tools.length === 0) return prefix
  const lines = tools.map(({ function: tool }) => `- ${tool.name}: ${tool.description ?? 'no description'}`)
  return `${['[tools offered]', ...lines].join('\n')}\n\n${prefix}`
}

/** A prefix as one text, a message a paragraph. */
export function renderPrefix(prefix: Message[]): string {
  return prefix.map(renderMessage).join('\n\n')
}

function renderMessage(message: Message): string {
  const text = readText(message.content)
  const said = text === '' ? `[${message.role}]` : `[${message.role}]\n${text}`
  if (message.role !== 'assistant') return said
  const refusal = message.refusal ? [`[refusal] ${message.refusal}`] : []
  return [said, ...refusal, ...(message.tool_calls ?? []).map(renderCall)].join('\n')
}

/** Whether a quote stands in a text, but for white space and what shows nothing: neither can hide what is there. */
export function containsQuote(text: string, quote: string): boolean {
  const fold = (value: string) =>
    normalizeText(value, 'NFC')
      .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
      .replaceAll(/\s+/g, ' ')
      .trim()
  const wanted = fold(quote)
  return wanted !== '' && fold(text).includes(wanted)
}
