import { chooseOne, drawUniform } from './chance.ts'
import { type ChatRequest, type Completion, readLastText, type Tool } from './chat.ts'
import { isFarewell } from './wording.ts'

/** The share of user messages, where tools exist, that a simulated checkpoint answers with a tool call. */
const callShare = 0.65

/** Whether a checkpoint calls a tool: the same on a prefix for all of them, and never right after a result. */
export function shouldCallTool(request: ChatRequest, prefix: string): boolean {
  if (request.tools == null || request.tools.length === 0 || request.tool_choice === 'none') return false
  if (isFarewell(readLastText(request.messages, 'user'))) return false
  return request.messages.at(-1)?.role === 'user' && drawUniform(['tool', prefix]) < callShare
}

/** A call of the tool whose name and description share the most words with what the user asked. */
export function callTool(occasion: { request: ChatRequest; prefix: string; subject: string }): Completion {
  const asked = readLastText(occasion.request.messages, 'user')
  const tool = findTool(occasion.request.tools ?? [], asked)
  const properties = Object.entries(tool.function.parameters?.properties ?? {})
  const filled = properties.map(([name, schema]) => [
    name,
    fillArgument({ name, schema, asked, subject: occasion.subject }),
  ])
  const call = { name: tool.function.name, arguments: JSON.stringify(Object.fromEntries(filled)) }
  return {
    content: null,
    toolCalls: [{ id: `call_${occasion.prefix.slice(0, 12)}`, type: 'function', function: call }],
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
const offers = ['Is there anything else you need?', 'Shall I go on with it?', 'That should answer it.']

/** A sentence about the values in a tool result: the first few of a JSON object, or the text itself. */
export function summarizeToolResult(result: string, parts: readonly string[]): string {
  const values = readValues(result)
  const said = values.length > 0 ? values.slice(0, 4).join(', ') : result.slice(0, 200)
  const introduction = chooseOne(introductions, ['introduction', ...parts])
  return `${introduction} ${said || 'nothing was found'}. ${chooseOne(offers, ['offer', ...parts])}`
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
    return [name === '' ? String(value) : `${name.replaceAll('_', ' ')} ${String(value)}`]
  }
  return Object.entries(value).flatMap(([key, inner]) => listValues(inner, Array.isArray(value) ? name : key))
}
