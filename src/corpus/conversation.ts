import { z } from 'zod'
import { strictObject } from '../policy/document.ts'

export const toolCallSchema = strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: strictObject({ name: z.string().min(1), arguments: z.string() }),
})

const textSchema = z.union(
  [z.string(), z.array(strictObject({ type: z.literal('text'), text: z.string() })).min(1)],
  {
    error: 'expected text, or a list of `{ "type": "text", "text": … }` (images and audio are not supported)',
  },
)

const name = z.string().min(1).optional()

export const messageSchema = z.discriminatedUnion('role', [
  strictObject({ role: z.literal('system'), content: textSchema, name }),
  strictObject({ role: z.literal('developer'), content: textSchema, name }),
  strictObject({ role: z.literal('user'), content: textSchema, name }),
  strictObject({
    role: z.literal('assistant'),
    content: z.union([textSchema, z.null()]).optional(),
    refusal: z.string().nullable().optional(),
    tool_calls: z.array(toolCallSchema).min(1).optional(),
    name,
  }),
  strictObject({ role: z.literal('tool'), content: textSchema, tool_call_id: z.string().min(1), name }),
])

export const toolSchema = strictObject({
  type: z.literal('function'),
  function: strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().nullable().optional(),
  }),
})

/** One line of a corpus: a logged conversation in the shape of OpenAI chat messages. */
export const conversationSchema = strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'an id is 1 to 128 letters, digits, ".", "_", ":" or "-"'),
  messages: z.array(messageSchema).min(1),
  tools: z.array(toolSchema).min(1).optional(),
  metadata: z
    .record(
      z.string(),
      z.union([z.string().max(200), z.number(), z.boolean()], {
        error: 'expected a text of at most 200 characters, a number, true or false',
      }),
    )
    .optional(),
  collected_at: z.iso.datetime({ offset: true }).optional(),
  expires_at: z.iso.datetime({ offset: true }).optional(),
  consent: z.boolean().optional(),
  user: z
    .string()
    .regex(
      /^[0-9a-f]{32,128}$/,
      'a user is an HMAC of the name, 32 to 128 hex digits in lower case, and never the name itself',
    )
    .optional(),
  tool_latency_ms: z.record(z.string(), z.number().min(0)).optional(),
})

/** A logged conversation. */
export type Conversation = z.infer<typeof conversationSchema> & {
  /**
   * No message before this index is a turn: what a log of single model calls has before a call's answer was said in
   * other calls, which are conversations of their own.
   */
  firstTurn?: number
}
/** What is known of a conversation without anything that was said in it. */
export type KnownConversation = Pick<Conversation, 'id' | 'metadata' | 'expires_at' | 'consent' | 'user'>
/** One message, as the chat API takes it. */
export type Message = Conversation['messages'][number]
/** A function that the assistant may call. */
export type Tool = NonNullable<Conversation['tools']>[number]
/** A call of a tool. */
export type ToolCall = z.infer<typeof toolCallSchema>

/** The text of a message's content, its parts joined. */
export function readText(content: Message['content']): string {
  if (content === undefined || content === null) return ''
  return typeof content === 'string' ? content : content.map((part) => part.text).join('')
}
