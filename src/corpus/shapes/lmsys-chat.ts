import { z } from 'zod'
import { messageFields, readMessages, readWhole } from './messages.ts'
import { finishConversation, keepMetadata } from './parts.ts'
import { inside, parseField, type Shape } from './shape.ts'

const rowSchema = z.looseObject({
  conversation_id: z.string().min(1),
  conversation: z.array(z.unknown()).min(1),
})

/** Rows of LMSYS-Chat-1M. */
export const lmsysChat: Shape = {
  name: 'lmsys-chat',
  title: 'LMSYS-Chat rows',
  page: 'https://huggingface.co/datasets/lmsys/lmsys-chat-1m',
  fields: {
    names: ['conversation_id', 'conversation', 'model', 'language', 'redacted'],
    json: ['conversation'],
    inner: { conversation: messageFields },
  },
  recognises: (row) =>
    Array.isArray(row.conversation) && !('conversation_hash' in row || 'toxic' in row || 'timestamp' in row),
  read: readWhole((row, place) => {
    const field = { place, path: [] }
    const { conversation_id: id, conversation, ...rest } = parseField(rowSchema, row, field)
    const { model, language, redacted } = rest
    return finishConversation({
      id,
      messages: readMessages(conversation, inside(field, 'conversation')),
      tools: [],
      metadata: keepMetadata({ model, language, redacted }),
    })
  }),
}
