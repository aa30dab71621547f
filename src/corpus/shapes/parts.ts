import { createHash } from 'node:crypto'
import { digestValue } from '../../plan/plan.ts'
import type { Conversation, Message, Tool } from '../conversation.ts'
import { findTurns } from '../turns.ts'
import { type FieldPlace, type Reading, refuseField } from './shape.ts'

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

/** An id as conversations have it: as it is where it can be, and otherwise by its digest. */
export function makeId(id: string | number): string {
  const text = String(id)
  if (idPattern.test(text)) return text
  return `id-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}

/** The id of a conversation that has none: of what it says, so that it is the same in every file and format. */
export function makeContentId(content: { messages: Message[]; tools: Tool[] | null }): string {
  return `content-${digestValue(content).slice(0, 32)}`
}

/** The texts, numbers and booleans of records, as metadata can hold them; later ones win. */
export function keepMetadata(...records: unknown[]): NonNullable<Conversation['metadata']> {
  const entries = records.flatMap((record) => (isRecord(record) ? Object.entries(record) : []))
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string | number | boolean] => {
      const value = entry[1]
      if (typeof value === 'string') return value !== '' && value.length <= 200
      return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
    }),
  )
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A conversation of these parts, or why it can't be replayed. */
export function finishConversation(parts: {
  id: string | number | null
  messages: Message[]
  tools: Tool[]
  metadata?: NonNullable<Conversation['metadata']>
  collectedAt?: string | undefined
  /** True: only the last message can be a turn. */
  singleCall?: boolean
}): Reading {
  const { messages, tools, metadata = {}, collectedAt, singleCall = false } = parts
  const content = { messages, tools: tools.length === 0 ? null : tools }
  const conversation: Conversation = {
    id: parts.id === null ? makeContentId(content) : makeId(parts.id),
    messages,
    ...(content.tools === null ? {} : { tools: content.tools }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(collectedAt === undefined ? {} : { collected_at: collectedAt }),
    ...(singleCall ? { firstTurn: messages.length - 1 } : {}),
  }
  return findTurns(conversation).length === 0
    ? { kind: 'left-out', reason: 'no assistant turn that answers a user or a tool' }
    : { kind: 'conversation', conversation }
}

/** Units in which numbers since 1970 are written, by the smallest number that is more likely one: after 1973. */
const units = [
  { least: 1e17, perSecond: 1e9 },
  { least: 1e14, perSecond: 1e6 },
  { least: 1e11, perSecond: 1e3 },
  { least: 0, perSecond: 1 },
]

/** A time as ISO 8601 in UTC, from a text (UTC where it names no zone) or from a number since 1970; none for none. */
export function readTime(value: unknown, field: FieldPlace): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const time = typeof value === 'number' ? fromNumber(value) : fromText(String(value))
  if (Number.isNaN(time.getTime())) throw refuseField(field, 'expected a time')
  return time.toISOString()
}

function fromNumber(value: number): Date {
  const unit = units.find(({ least }) => value >= least)
  return new Date(unit === undefined ? Number.NaN : (value / unit.perSecond) * 1000)
}

function fromText(text: string): Date {
  if (/^\d+$/.test(text)) return fromNumber(Number(text))
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`
  // Digits beyond the milliseconds are more than a Date has.
  return new Date(zoned.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1'))
}
