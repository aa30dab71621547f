import { z } from 'zod'

/** Text with `<slot>`, `<slot.field>` and `<one|another>` in it; see `template.ts`. */
const template = z.string().min(1)

const scalar = z.union([z.string(), z.number(), z.boolean()])
export type Scalar = z.infer<typeof scalar>
const slotValue = z.union([scalar, z.record(z.string(), scalar)])

/** The values that a slot may take in a conversation: a list, or a range of whole numbers. */
const slotSchema = z.union([
  z.array(slotValue).min(1),
  z.strictObject({ from: z.int(), to: z.int(), step: z.int().positive().default(1) }),
])
export type Slot = z.infer<typeof slotSchema>

const toolSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  parameters: z.record(z.string(), z.record(z.string(), z.unknown())),
  required: z.array(z.string()),
})
export type ToolDefinition = z.infer<typeof toolSchema>

type Json = Scalar | null | Json[] | { [key: string]: Json }
const json: z.ZodType<Json> = z.lazy(() =>
  z.union([scalar, z.null(), z.array(json), z.record(z.string(), json)]),
)
export type JsonTemplate = Json

const exchangeSchema = z.strictObject({
  user: template,
  /** Tool calls, made in one assistant message, before the answer. */
  calls: z
    .array(z.strictObject({ tool: z.string(), arguments: z.record(z.string(), json), result: json }))
    .min(1)
    .optional(),
  assistant: template,
})
export type Exchange = z.infer<typeof exchangeSchema>

const slots = z.record(z.string(), slotSchema).default({})

/** A file of `topics/`. In a thread the first exchange opens a conversation; the others may follow, in order. */
export const topicSchema = z.strictObject({
  topic: z.string(),
  language: z.string().default('en'),
  /** Where all of its conversations took place; without it each has a surface of its own. */
  surface: z.literal('agent').optional(),
  conversations: z.int().positive(),
  system: z.array(template).min(1),
  tools: z.array(toolSchema).optional(),
  threads: z.array(z.strictObject({ slots, exchanges: z.array(exchangeSchema).min(1) })).min(1),
})
export type Topic = z.infer<typeof topicSchema>
export type Thread = Topic['threads'][number]

/** `shared.yaml`: slots for every topic, notes on the surface for system prompts, and ways to end, by language. */
export const sharedSchema = z.strictObject({
  slots,
  surface_notes: z.record(z.string(), z.array(z.string()).min(1)),
  greetings: z.record(z.string(), z.array(z.string())),
  farewells: z.record(z.string(), z.array(exchangeSchema)),
})
export type Shared = z.infer<typeof sharedSchema>
