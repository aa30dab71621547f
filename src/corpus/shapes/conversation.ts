import { GateError } from '../../errors.ts'
import { isInCommonForm } from '../common-form.ts'
import { conversationSchema } from '../conversation.ts'
import { createSkim } from '../readers/skim.ts'
import { findTurns } from '../turns.ts'
import { parseField, type Shape } from './shape.ts'

/** The gate's own shape, which is strict: a mistyped key is refused, and so is a conversation without a turn. */
export const conversation: Shape = {
  name: 'conversation',
  title: "the gate's own conversations",
  page: null,
  fields: {
    names: [
      'id',
      'messages',
      'tools',
      'metadata',
      'collected_at',
      'expires_at',
      'consent',
      'user',
      'tool_latency_ms',
    ],
    json: ['messages', 'tools', 'metadata', 'tool_latency_ms'],
  },
  createSkim,
  recognises: (row) => 'id' in row && Array.isArray(row.messages),
  *read(row, place) {
    const value = isInCommonForm(row) ? row : parseField(conversationSchema, row, { place, path: [] })
    if (findTurns(value).length === 0) {
      throw new GateError({
        code: 'corpus',
        message: 'the conversation has no assistant turn that answers a user or a tool',
        where: { ...place, field: 'messages' },
        remedy: 'leave it out of the corpus: there is nothing to replay',
      })
    }
    yield { kind: 'conversation', conversation: value }
  },
}
