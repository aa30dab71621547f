import type { Conversation } from './conversation.ts'

/** One key of an object; `check` says whether its value has the common form. */
interface Field {
  name: string
  check: (value: unknown) => boolean
  optional?: boolean
}

const isText = (value: unknown) => typeof value === 'string'
const isFilled = (value: unknown) => typeof value === 'string' && value !== ''
const isBoolean = (value: unknown) => typeof value === 'boolean'
const isId = (value: unknown) =>
  typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(value)
const isUser = (value: unknown) => typeof value === 'string' && /^[0-9a-f]{32,128}$/.test(value)
/** Not the last days of months, which need a calendar. */
const timePattern =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/
const isTime = (value: unknown) => typeof value === 'string' && timePattern.test(value)

const name = { name: 'name', check: isFilled, optional: true }
const content = { name: 'content', check: isText }
const functionCall = [
  { name: 'name', check: isFilled },
  { name: 'arguments', check: isText },
]
const toolCall = [
  { name: 'id', check: isFilled },
  { name: 'type', check: (value: unknown) => value === 'function' },
  { name: 'function', check: (value: unknown) => hasFields(value, functionCall) },
]
const role = { name: 'role', check: isText }
const said = [role, content, name]
const messageFields = new Map<unknown, readonly Field[]>([
  ['system', said],
  ['developer', said],
  ['user', said],
  [
    'assistant',
    [
      role,
      { name: 'content', check: (value) => value === null || isText(value), optional: true },
      {
        name: 'tool_calls',
        check: (value) => isListOf(value, (one) => hasFields(one, toolCall)),
        optional: true,
      },
      name,
    ],
  ],
  ['tool', [role, content, { name: 'tool_call_id', check: isFilled }, name]],
])

const toolFunction = [
  { name: 'name', check: isFilled },
  { name: 'description', check: isText, optional: true },
  { name: 'parameters', check: (value: unknown) => isMapOf(value, () => true), optional: true },
  { name: 'strict', check: isBoolean, optional: true },
]
const tool = [
  { name: 'type', check: (value: unknown) => value === 'function' },
  { name: 'function', check: (value: unknown) => hasFields(value, toolFunction) },
]

/** In the order of `conversationSchema`. */
const conversationFields: readonly Field[] = [
  { name: 'id', check: isId },
  { name: 'messages', check: (value) => isListOf(value, isMessage) },
  { name: 'tools', check: (value) => isListOf(value, (one) => hasFields(one, tool)), optional: true },
  { name: 'metadata', check: (value) => isMapOf(value, isMetadata), optional: true },
  { name: 'collected_at', check: isTime, optional: true },
  { name: 'expires_at', check: isTime, optional: true },
  { name: 'consent', check: isBoolean, optional: true },
  { name: 'user', check: isUser, optional: true },
]

/**
 * Whether a value is a conversation as most are written, which is one of `conversationSchema` with its keys in the order of
 * the schema: its parsing would give an equal value, and takes longer than that of the JSON. Of all else this says nothing.
 */
export function isInCommonForm(value: unknown): value is Conversation {
  return hasFields(value, conversationFields)
}

function isMessage(value: unknown): boolean {
  const fields = isPlain(value) ? messageFields.get(value.role) : undefined
  return fields !== undefined && hasFields(value, fields)
}

function isMetadata(value: unknown): boolean {
  return typeof value === 'string' ? value.length <= 200 : isBoolean(value) || Number.isFinite(value)
}

/** Whether an object has these keys and no others, in this order. */
function hasFields(value: unknown, fields: readonly Field[]): boolean {
  if (!isPlain(value)) return false
  let next = 0
  for (const key in value) {
    while (fields[next]?.name !== key) {
      if (fields[next]?.optional !== true) return false
      next += 1
    }
    if (fields[next]?.check(value[key]) !== true) return false
    next += 1
  }
  for (; next < fields.length; next += 1) if (fields[next]?.optional !== true) return false
  return true
}

function isListOf(value: unknown, check: (one: unknown) => boolean): boolean {
  if (!Array.isArray(value) || value.length === 0) return false
  for (const one of value) if (!check(one)) return false
  return true
}

function isMapOf(value: unknown, check: (one: unknown) => boolean): boolean {
  if (!isPlain(value)) return false
  for (const key in value) if (key === '__proto__' || !check(value[key])) return false
  return true
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
