import { z } from 'zod'
import type { Fields } from '../readers/reader.ts'
import { conversation } from './conversation.ts'
import { langfuse } from './langfuse.ts'
import { langsmith } from './langsmith.ts'
import { lmsysChat } from './lmsys-chat.ts'
import { openai } from './openai.ts'
import { otelGenai } from './otel-genai.ts'
import type { Shape } from './shape.ts'
import { sharegpt } from './sharegpt.ts'
import { wildchat } from './wildchat.ts'

/** Every shape of rows. The manifest's schema, the command and the documentation derive from this list. */
export const shapes: readonly Shape[] = [
  conversation,
  openai,
  sharegpt,
  wildchat,
  lmsysChat,
  langfuse,
  langsmith,
  otelGenai,
]

/** What a manifest may call a shape. */
export const shapeSchema = z.enum(shapes.map(({ name }) => name))

/** The shape of a name; without one, the gate's own. */
export function findShape(name: string | undefined): Shape {
  return shapes.find((shape) => shape.name === name) ?? conversation
}

/** The fields by which a row shows its shape. */
export const recognitionFields: Fields = {
  names: [...new Set(shapes.flatMap(({ fields }) => fields.names))],
  json: [...new Set(shapes.flatMap(({ fields }) => fields.json))],
}

/** The shape that a file's first row looks like; `null` for none. */
export function recogniseShape(row: unknown): Shape | null {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return null
  return shapes.find((shape) => shape.recognises(row as Record<string, unknown>)) ?? null
}
