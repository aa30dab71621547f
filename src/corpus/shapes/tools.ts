import { z } from 'zod'
import type { Tool } from '../conversation.ts'
import { Unreplayable } from './messages.ts'
import { isRecord } from './parts.ts'
import { type FieldPlace, inside, parseField, refuseField } from './shape.ts'

const functionSchema = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  input_schema: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
})

/**
 * Reads the functions that a model was offered: `{ type, function: { … } }` as in the chat API, or `{ name, … }` alone; a
 * list, the JSON text of one, or a map from names.
 * @throws GateError for what is no function, Unreplayable for tools that are none, which a chat API can't be offered
 */
export function readTools(value: unknown, field: FieldPlace): Tool[] {
  if (value === undefined || value === null || value === '') return []
  if (typeof value === 'string') return readTools(parseJsonField(value, field), field)
  const entries: [PropertyKey, unknown][] = isRecord(value)
    ? Object.entries(value).map(([name, tool]) => [name, nameTool(name, tool, inside(field, name))])
    : [...parseField(z.array(z.unknown()), value, field).entries()]
  return entries.map(([key, tool]) => readTool(tool, inside(field, key)))
}

function nameTool(name: string, value: unknown, field: FieldPlace): unknown {
  const tool = typeof value === 'string' ? parseJsonField(value, field) : value
  return isRecord(tool) && !isRecord(tool.function) ? { name, ...tool } : tool
}

function readTool(value: unknown, field: FieldPlace): Tool {
  if (isRecord(value) && value.type !== undefined && value.type !== null && value.type !== 'function') {
    throw new Unreplayable('more than text and function calls')
  }
  const nested = isRecord(value) && isRecord(value.function)
  const offered = nested ? value.function : value
  const found = parseField(functionSchema, offered, nested ? inside(field, 'function') : field)
  const parameters = found.parameters ?? found.input_schema
  return {
    type: 'function',
    function: {
      name: found.name,
      ...(found.description ? { description: found.description } : {}),
      ...(parameters ? { parameters } : {}),
      ...(found.strict === undefined || found.strict === null ? {} : { strict: found.strict }),
    },
  }
}

/** Parses a field that holds JSON as text. */
export function parseJsonField(text: string, field: FieldPlace): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refuseField(field, 'the text is not JSON')
  }
}
