import { z } from 'zod'
import type { Message, ToolCall } from '../conversation.ts'
import { isRecord } from './parts.ts'
import {
  type FieldPlace,
  inside,
  type LeftOutReason,
  parseField,
  type Reading,
  type RowPlace,
  refuseField,
} from './shape.ts'

/** A part of a conversation can't be replayed, so that all of it is left out: no error of who wrote it. */
export class Unreplayable extends Error {
  readonly reason: LeftOutReason

  constructor(reason: LeftOutReason) {
    super(reason)
    this.reason = reason
  }
}

/** Reads rows of one conversation each, and leaves out those of which a part can't be replayed. */
export function readWhole(
  read: (row: unknown, place: RowPlace) => Reading,
): (row: unknown, place: RowPlace) => Reading[] {
  return (row, place) => {
    try {
      return [read(row, place)]
    } catch (error) {
      if (error instanceof Unreplayable) return [{ kind: 'left-out', reason: error.reason }]
      throw error
    }
  }
}

/** What is read of a message; a table decodes no other columns of it. */
export const messageFields = [
  'role',
  'content',
  'parts',
  'tool_calls',
  'tool_call_id',
  'name',
  'refusal',
] as const

/** Loose: sources add keys of their own to messages. `parts` is what OpenTelemetry calls the content. */
const messageSchema = z.looseObject({
  role: z.string(),
  content: z.unknown().optional(),
  parts: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_calls: z.array(z.looseObject({})).nullish(),
  tool_call_id: z.string().nullish(),
  name: z.string().nullish(),
  refusal: z.string().nullish(),
})

type Part = Record<string, unknown>
type ContentPart = { type: 'text'; text: string }

const roles = new Map<string, Message['role']>([
  ['system', 'system'],
  ['developer', 'developer'],
  ['user', 'user'],
  ['human', 'user'],
  ['assistant', 'assistant'],
  ['ai', 'assistant'],
  ['tool', 'tool'],
])

/** What a message's parts hold, by kind. */
interface Content {
  texts: string[]
  calls: Part[]
  results: Part[]
  refusal: string | null
}

/**
 * Reads messages as chat APIs and logs of them have them: roles with text, a list of parts, calls of functions, and their
 * results. `firstIndex` is the index of the first one in its conversation.
 * @throws GateError for what is no message, Unreplayable for a message of more than text and function calls
 */
export function readMessages(values: unknown, field: FieldPlace, firstIndex = 0): Message[] {
  const list = parseField(z.array(z.unknown()), values, field)
  const messages: Message[] = []
  for (const [index, value] of list.entries()) {
    messages.push(...readMessage(value, inside(field, index), firstIndex + messages.length))
  }
  return messages
}

/** Reads one message, which can be several: OpenTelemetry puts the results of several calls into one. */
export function readMessage(value: unknown, field: FieldPlace, index: number): Message[] {
  const raw = isTextMessage(value) ? value : parseField(messageSchema, value, field)
  const role = roles.get(raw.role)
  if (role === undefined) {
    throw refuseField(inside(field, 'role'), `expected one of ${[...roles.keys()].join(', ')}`)
  }
  const content = readContent(raw, field)
  if (role === 'tool' || content.results.length > 0) return readResults({ raw, content, field })
  const name = raw.name ? { name: raw.name } : {}
  if (role !== 'assistant') {
    if (content.texts.length === 0) throw refuseField(inside(field, 'content'), 'expected text')
    return [{ role, content: joinTexts(content.texts), ...name }]
  }
  const calls = [...(raw.tool_calls ?? []), ...content.calls].map((call, order) =>
    readToolCall(call, {
      field: inside(field, 'tool_calls', order),
      fallbackId: `call_${index}_${order}`,
    }),
  )
  const refusal = raw.refusal ?? content.refusal
  return [
    {
      role,
      content: content.texts.length === 0 ? null : joinTexts(content.texts),
      ...(refusal ? { refusal } : {}),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...name,
    },
  ]
}

/** Whether a value is a message of `messageSchema` with a text and no more: most are, and the schema takes long for them. */
function isTextMessage(value: unknown): value is z.infer<typeof messageSchema> {
  if (!isRecord(value) || typeof value.role !== 'string' || typeof value.content !== 'string') return false
  const { parts, tool_calls: calls, tool_call_id: callId, name, refusal } = value
  return [parts, calls, callId, name, refusal].every((other) => other === undefined)
}

function joinTexts(texts: string[]): string | ContentPart[] {
  return texts.length === 1 ? (texts[0] ?? '') : texts.map((text) => ({ type: 'text', text }))
}

function readContent(raw: z.infer<typeof messageSchema>, field: FieldPlace): Content {
  const content: Content = { texts: [], calls: [], results: [], refusal: null }
  if (typeof raw.content === 'string') content.texts.push(raw.content)
  else if (Array.isArray(raw.content)) {
    for (const [index, part] of raw.content.entries()) {
      readPart(part, inside(field, 'content', index), content)
    }
  } else if (raw.content !== undefined && raw.content !== null && raw.role !== 'tool') {
    throw refuseField(inside(field, 'content'), 'expected text, or a list of parts')
  }
  for (const [index, part] of (raw.parts ?? []).entries()) {
    readPart(part, inside(field, 'parts', index), content)
  }
  return content
}

function readPart(part: unknown, field: FieldPlace, content: Content): void {
  if (typeof part === 'string') {
    content.texts.push(part)
    return
  }
  const { type, ...rest } = parseField(z.looseObject({ type: z.string() }), part, field)
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text': {
      const key = 'text' in rest ? 'text' : 'content'
      content.texts.push(parseField(z.string(), rest[key], inside(field, key)))
      return
    }
    case 'refusal':
      content.refusal = parseField(z.string(), rest.refusal, inside(field, 'refusal'))
      return
    case 'tool_call':
      content.calls.push(rest)
      return
    case 'tool_call_response':
      content.results.push(rest)
      return
    // What a model thought before its answer is not sent back to it.
    case 'reasoning':
    case 'thinking':
      return
    default:
      throw new Unreplayable('more than text and function calls')
  }
}

/** `{ function: { name, arguments } }` as in the chat API, or `{ name, args }` or `{ name, arguments }` alone. */
function readToolCall(
  call: Part,
  { field, fallbackId }: { field: FieldPlace; fallbackId: string },
): ToolCall {
  const nested = isRecord(call.function)
  const called = isRecord(call.function) ? call.function : call
  if (!nested && call.type !== undefined && call.type !== 'tool_call') {
    throw new Unreplayable('more than text and function calls')
  }
  const name = parseField(
    z.string().min(1),
    called.name,
    inside(field, ...(nested ? ['function', 'name'] : ['name'])),
  )
  const given = called.arguments ?? called.args ?? {}
  return {
    id: typeof call.id === 'string' && call.id !== '' ? call.id : fallbackId,
    type: 'function',
    function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
  }
}

/** Results of calls: a message of the role `tool`, or parts of any message. */
function readResults(parts: {
  raw: z.infer<typeof messageSchema>
  content: Content
  field: FieldPlace
}): Message[] {
  const { raw, content, field } = parts
  if (content.results.length > 0) {
    if (content.texts.length > 0) throw new Unreplayable('more than text and function calls')
    return content.results.map((result, index) => ({
      role: 'tool',
      content: writeText(result.response ?? result.result),
      tool_call_id: parseField(z.string().min(1), result.id, inside(field, 'parts', index, 'id')),
    }))
  }
  const text = content.texts.length > 0 ? joinTexts(content.texts) : writeText(raw.content)
  const id = parseField(z.string().min(1), raw.tool_call_id ?? undefined, inside(field, 'tool_call_id'))
  return [{ role: 'tool', content: text, tool_call_id: id, ...(raw.name ? { name: raw.name } : {}) }]
}

function writeText(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
}
