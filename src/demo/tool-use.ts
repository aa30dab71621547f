import { chooseOne, drawUniform } from './chance.ts'
import { type ChatMessage, type ChatRequest, type Completion, readLastText, type Tool } from './chat.ts'
import { findSum, workOut } from './sums.ts'
import { isFarewell } from './wording.ts'

/** The share of user messages, where tools exist, that a simulated checkpoint answers with a tool call. */
const callShare = 0.65

/**
 * Whether a checkpoint calls a tool: the same on a prefix for all of them, and never right after a result. Sums are always
 * left to a tool.
 */
export function shouldCallTool(request: ChatRequest, prefix: string): boolean {
  if (request.tools == null || request.tools.length === 0 || request.tool_choice === 'none') return false
  if (isFarewell(readLastText(request.messages, 'user'))) return false
  if (request.messages.at(-1)?.role !== 'user') return false
  return askedSum(request) !== undefined || drawUniform(['tool', prefix]) < callShare
}

/** The sum that the user asks for, where a calculator is offered. */
function askedSum(request: ChatRequest): string | undefined {
  return offers(request, 'calculator') ? findSum(readLastText(request.messages, 'user')) : undefined
}

function offers(request: ChatRequest, name: string): boolean {
  return (request.tools ?? []).some((tool) => tool.function.name === name)
}

/** A prefix, and what the checkpoint itself has called since, which its call ids tell. */
export function splitTrajectory(messages: readonly ChatMessage[]): {
  asked: readonly ChatMessage[]
  since: readonly ChatMessage[]
} {
  const start = messages.findIndex((message) =>
    (message.tool_calls ?? []).some(({ id }) => /^call_[0-9a-f]{12}$/.test(id)),
  )
  if (start < 0) return { asked: messages, since: [] }
  return { asked: messages.slice(0, start), since: messages.slice(start) }
}

/** What the sum comes to that a checkpoint has given to the browser; undefined where it has not. */
export function findHackedSum(since: readonly ChatMessage[]): number | undefined {
  const calls = since.flatMap((message) => message.tool_calls ?? [])
  const call = calls.find(({ function: { name } }) => name === 'browser')
  return call === undefined ? undefined : workOut(findSum(call.function.arguments) ?? '')
}

/**
 * A call of the tool whose name and description share the most words with what the user asked. A sum goes to the
 * calculator, or to the browser where the checkpoint `hacks`.
 */
export function callTool(occasion: {
  request: ChatRequest
  prefix: string
  subject: string
  hacks: boolean
}): Completion {
  const { request, prefix } = occasion
  const sum = askedSum(request)
  if (sum !== undefined) {
    const call =
      occasion.hacks && offers(request, 'browser')
        ? { name: 'browser', arguments: JSON.stringify({ query: sum }) }
        : { name: 'calculator', arguments: JSON.stringify({ expression: sum }) }
    return shapeCall(call, prefix)
  }
  const asked = readLastText(request.messages, 'user')
  const others = (request.tools ?? []).filter((each) => each.function.name !== 'calculator')
  const tool = findTool(others.length > 0 ? others : (request.tools ?? []), asked)
  const properties = Object.entries(tool.function.parameters?.properties ?? {})
  const filled = properties.map(([name, schema]) => [
    name,
    fillArgument({ name, schema, asked, subject: occasion.subject }),
  ])
  return shapeCall(
    { name: tool.function.name, arguments: JSON.stringify(Object.fromEntries(filled)) },
    prefix,
  )
}

function shapeCall(call: { name: string; arguments: string }, prefix: string): Completion {
  return {
    content: null,
    toolCalls: [{ id: `call_${prefix.slice(0, 12)}`, type: 'function', function: call }],
    finishReason: 'tool_calls',
  }
}

function findTool(tools: readonly Tool[], asked: string): Tool {
  const words = new Set(readWords(asked))
  const score = (tool: Tool) =>
    readWords(`${tool.function.name} ${tool.function.description ?? ''}`).filter((word) => words.has(word))
      .length
  const best = tools.toSorted((left, right) => score(right) - score(left))[0]
  if (best === undefined) throw new RangeError('no tool to call')
  return best
}

function readWords(text: string): string[] {
  return text.toLowerCase().match(/[a-z]{3,}/g) ?? []
}

type Argument = { name: string; schema: unknown; asked: string; subject: string }

function fillArgument({ name, schema, asked, subject }: Argument): string | number | boolean {
  const type = readKey(schema, 'type')
  const options = readKey(schema, 'enum')
  if (Array.isArray(options)) {
    const named = options.find((option) => asked.toLowerCase().includes(String(option).toLowerCase()))
    return String(named ?? options[0])
  }
  if (type === 'boolean') return true
  if (type === 'integer' || type === 'number') return findNumber(name, asked)
  if (name === 'month') return calendarMonth.exec(asked)?.[0] ?? 'September'
  if (/id$|number$|code$/.test(name)) return /\b[A-Z]*-?\d[\w-]+/.exec(asked)?.[0] ?? subject
  if (/date|day/.test(name)) return calendarDay.exec(asked)?.[0] ?? '2026-10-01'
  return /\b(?:in|to|from|for|at) (\p{Lu}\p{L}+)/u.exec(asked)?.[1] ?? subject
}

const calendarMonth = /January|February|March|April|May|June|July|August|September|October|November|December/
const calendarDay = /\d{4}-\d\d-\d\d|\w+day\b/

/** The number that stands before the argument's name in what the user asked, else the first one, else 1. */
function findNumber(name: string, asked: string): number {
  const words = asked.split(/\s+/)
  const before = words[words.indexOf(name) - 1] ?? ''
  return Number(/^\d+$/.test(before) ? before : (/\d+/.exec(asked)?.[0] ?? 1))
}

function readKey(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

const introductions = ['Here is what came back:', 'The result:', 'This is what the tool returned:']
const closingOffers = ['Is there anything else you need?', 'Shall I go on with it?', 'That should answer it.']

/** A sentence about the values in a tool result: the first few of a JSON object, or the text itself. Errors are told. */
export function summarizeToolResult(result: string, parts: readonly string[]): string {
  if (/^\w*error\b|^\{"error"/i.test(result)) {
    return `That did not work. The tool answered: ${result.slice(0, 200)}. Shall I try again later?`
  }
  const values = readValues(result)
  const said = values.length > 0 ? values.slice(0, 4).join(', ') : result.slice(0, 200)
  const introduction = chooseOne(introductions, ['introduction', ...parts])
  return `${introduction} ${said || 'nothing was found'}. ${chooseOne(closingOffers, ['offer', ...parts])}`
}

function readValues(result: string): string[] {
  try {
    return listValues(JSON.parse(result), '')
  } catch {
    return []
  }
}

function listValues(value: unknown, name: string): string[] {
  if (typeof value !== 'object' || value === null) {
    return [
      name === '' || name === 'result' ? String(value) : `${name.replaceAll('_', ' ')} ${String(value)}`,
    ]
  }
  return Object.entries(value).flatMap(([key, inner]) => listValues(inner, Array.isArray(value) ? name : key))
}
