import { type Message, readText, type Tool } from '../corpus/conversation.ts'
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
  const steps = (completion.steps ?? []).flatMap((step) => [
    ...renderAnswer({ ...step, refusal: null }).map(say),
    ...step.results.map(({ text }): CompletionPart => ({ by: 'tool', text })),
  ])
  return [...steps, ...renderAnswer(completion).map(say)]
}

/** What the model said and called, as one text: what a grader reads, and what a quote must be found in. */
export function renderCompletion(completion: Completed): string {
  return listParts(completion)
    .filter(({ by }) => by === 'model')
    .map(({ text }) => text)
    .join('\n')
}

function renderAnswer(answer: Pick<Completed, 'text' | 'reasoning' | 'refusal' | 'toolCalls'>): string[] {
  const calls = answer.toolCalls.map(
    (call) => `[tool call] ${call.function.name}(${call.function.arguments})`,
  )
  const refusal = answer.refusal === null ? [] : [`[refusal] ${answer.refusal}`]
  const reasoning = answer.reasoning === null ? [] : [`[reasoning] ${answer.reasoning}\n[answer]`]
  const text = answer.text === '' ? [] : [answer.text]
  return [...reasoning, ...text, ...refusal, ...calls]
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
