import { z } from 'zod'
import { messageFields, readMessages, readWhole } from './messages.ts'
import { finishConversation, keepMetadata, readTime } from './parts.ts'
import { inside, parseField, type Shape } from './shape.ts'
import { readTools } from './tools.ts'

const rowSchema = z.looseObject({
  id: z.union([z.string().min(1), z.number()]).nullish(),
  messages: z.array(z.unknown()).min(1),
})

/**
 * OpenAI chat messages as files for fine-tuning have them: `messages` and `tools`, usually without an id. Other keys, of
 * rows and of messages, are passed over.
 */
export const openai: Shape = {
  name: 'openai',
  title: 'OpenAI chat messages',
  page: 'https://platform.openai.com/docs/api-reference/fine-tuning/chat-input',
  fields: {
    names: ['id', 'messages', 'tools', 'metadata', 'created_at'],
    json: ['messages', 'tools', 'metadata'],
    inner: { messages: messageFields },
  },
  recognises: (row) => !('id' in row) && Array.isArray(row.messages),
  read: readWhole((row, place) => {
    const field = { place, path: [] }
    const { id, messages, ...rest } = parseField(rowSchema, row, field)
    return finishConversation({
      id: id ?? null,
      messages: readMessages(messages, inside(field, 'messages')),
      tools: readTools(rest.tools, inside(field, 'tools')),
      metadata: keepMetadata(rest.metadata),
      collectedAt: readTime(rest.created_at, inside(field, 'created_at')),
    })
  }),
}
