import { z } from 'zod'
import { messageFields, readMessages, readWhole } from './messages.ts'
import { finishConversation, isRecord, keepMetadata, readTime } from './parts.ts'
import { inside, parseField, refuseField, type Shape } from './shape.ts'

const rowSchema = z.looseObject({
  conversation_id: z.string().min(1).nullish(),
  conversation_hash: z.string().min(1).nullish(),
  conversation: z.array(z.unknown()).min(1),
})

/**
 * Rows of WildChat-1M and its successors, and of the first WildChat. `conversation_hash` is of what was said and no key;
 * the first message's `turn_identifier` is one. Where users are and by which program they came is not read on.
 */
export const wildchat: Shape = {
  name: 'wildchat',
  title: 'WildChat rows',
  page: 'https://huggingface.co/datasets/allenai/WildChat-1M',
  fields: {
    names: [
      'conversation_id',
      'conversation_hash',
      'conversation',
      'model',
      'language',
      'toxic',
      'redacted',
      'timestamp',
    ],
    json: ['conversation'],
    inner: { conversation: [...messageFields, 'turn_identifier'] },
  },
  recognises: (row) =>
    Array.isArray(row.conversation) && ('conversation_hash' in row || 'toxic' in row || 'timestamp' in row),
  read: readWhole((row, place) => {
    const field = { place, path: [] }
    const { conversation, ...rest } = parseField(rowSchema, row, field)
    const [first] = conversation
    const turn = isRecord(first) ? first.turn_identifier : undefined
    const id =
      typeof turn === 'number' || typeof turn === 'string'
        ? turn
        : (rest.conversation_id ?? rest.conversation_hash)
    if (id === undefined || id === null)
      throw refuseField(inside(field, 'conversation_hash'), 'it is missing')
    const { model, language, toxic, redacted } = rest
    return finishConversation({
      id,
      messages: readMessages(conversation, inside(field, 'conversation')),
      tools: [],
      metadata: keepMetadata({ model, language, toxic, redacted }),
      collectedAt: readTime(rest.timestamp, inside(field, 'timestamp')),
    })
  }),
}
