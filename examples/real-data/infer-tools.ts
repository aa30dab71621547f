import type { Conversation, Tool } from '../../src/corpus/conversation.ts'

/** A part of a JSON Schema, as far as it follows from values. */
type Schema = Record<string, unknown>

/**
 * The functions that are called in conversations, each with a schema that fits all its calls: the arguments that were
 * ever given with the types that they had, those of every call as required. What nobody wrote is not known, so that
 * there is no description, and a schema may be narrower than the true one.
 */
export function inferTools(conversations: readonly Conversation[]): Tool[] {
  const calls = new Map<string, object[]>()
  for (const { messages } of conversations) {
    for (const message of messages) {
      if (message.role !== 'assistant') continue
      for (const { function: called } of message.tool_calls ?? []) {
        const known = calls.get(called.name) ?? []
        calls.set(called.name, [...known, readObject(called.arguments)])
      }
    }
  }
  return [...calls]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, values]) => ({ type: 'function', function: { name, parameters: inferObject(values) } }))
}

function readObject(text: string): object {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`no object: ${text}`)
  return value
}

function inferObject(values: readonly object[]): Schema {
  const keys = [...new Set(values.flatMap((value) => Object.keys(value)))].toSorted()
  const given = (key: string) => values.filter((value) => Object.hasOwn(value, key))
  const read = (value: object, key: string) => (value as Record<string, unknown>)[key]
  const required = keys.filter((key) => given(key).length === values.length)
  return {
    type: 'object',
    properties: Object.fromEntries(
      keys.map((key) => [key, inferSchema(given(key).map((value) => read(value, key)))]),
    ),
    ...(required.length === 0 ? {} : { required }),
  }
}

/** One type is described; values of several types may be anything. */
function inferSchema(values: readonly unknown[]): Schema {
  const [type, ...others] = new Set(values.map(nameType))
  if (type === 'integer' && others.join() === 'number') return { type: 'number' }
  if (type === undefined || others.length > 0) return {}
  if (type === 'object') return inferObject(values as object[])
  if (type === 'array') return { type, items: inferSchema((values as unknown[][]).flat()) }
  return { type }
}

function nameType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value
}
