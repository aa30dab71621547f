import { z } from 'zod'
import { messageSchema, toolCallSchema, toolSchema } from '../corpus/conversation.ts'
import { GateError, type Place } from '../errors.ts'
import { parseSource, strictObject, suggestKey } from '../policy/document.ts'
import type { Completed } from '../replay/completion.ts'
import type { ReplayedUnit } from '../replay/replay.ts'
import { foldText } from './fold-text.ts'

/** One line of a labelled set: a completion, what came before it, and what people say that it is. */
export const labelledItemSchema = strictObject({
  id: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:#-]{0,127}$/,
      'an id is 1 to 128 letters, digits, ".", "_", ":", "#" or "-"',
    ),
  labels: z
    .record(z.string().min(1), z.enum(['present', 'absent']))
    .refine((labels) => Object.keys(labels).length > 0, { error: 'it has no label in any category' })
    .meta({ description: 'What it is, by category.' }),
  messages: z.array(messageSchema).min(1).meta({ description: 'The prefix: what the assistant was given.' }),
  tools: z.array(toolSchema).min(1).optional(),
  completion: strictObject({
    content: z.string().nullable().optional(),
    reasoning: z.string().nullable().optional(),
    refusal: z.string().nullable().optional(),
    tool_calls: z.array(toolCallSchema).min(1).optional(),
  }).meta({ description: 'What is labelled.' }),
  source: z.string().min(1).optional().meta({ description: 'The model, or who else, that wrote it.' }),
  chosen: z.enum(['random', 'written', 'flagged']).default('random').meta({
    description:
      'How it came into the set. `flagged`: because a grader flagged it, so that it says nothing about how much graders find.',
  }),
})
export type LabelledItem = z.infer<typeof labelledItemSchema>

/** A labelled set, with what binds a plan to it. */
export interface LabelledSet {
  file: string
  sha256: string
  items: LabelledItem[]
}

/** An item and the line of its file that it stands on, from 1. */
export interface LabelledLine {
  line: number
  item: LabelledItem
}

/**
 * Parses a labelled set, a JSON object a line. The same text may stand in it once. With `categories`, a label in
 * any other category is refused.
 * @throws GateError naming file, line and field: no JSON, an unknown key or category, an id or an item twice, or labels
 * of one item that contradict each other; and for a set without items
 */
export function parseLabelledSet(request: {
  file: string
  text: string
  sha256: string
  categories?: readonly string[]
}): LabelledSet {
  const { file, text, sha256, categories } = request
  const lines = parseLabelledLines({ file, text })
  if (categories !== undefined) for (const own of lines) requireCategories({ ...own, file, categories })
  if (lines.length > 0) return { file, sha256, items: lines.map(({ item }) => item) }
  throw new GateError({
    code: 'labelled-set',
    message: 'the labelled set has no items',
    where: { file },
    remedy: 'write one JSON object a line (docs/graders.md), or leave the set out',
  })
}

/** Parses the items of a labelled set with their lines, as `parseLabelledSet` does; there may be none. */
export function parseLabelledLines({ file, text }: { file: string; text: string }): LabelledLine[] {
  const ids = new Map<string, LabelledLine>()
  const contents = new Map<string, LabelledLine>()
  for (const [index, written] of splitLines(text).entries()) {
    if (written.trim() === '') continue
    const line = index + 1
    const own = { line, item: parseItem({ file, line, text: written }) }
    const namesake = ids.get(own.item.id)
    if (namesake !== undefined) {
      throw refuseSet({
        where: { file, line, field: 'id' },
        message: `the id "${own.item.id}" stands on line ${namesake.line} too`,
        remedy: 'give each item its own id',
      })
    }
    const content = describeContent(own.item)
    const twin = contents.get(content)
    if (twin !== undefined) throw refuseTwin({ file, own, twin })
    ids.set(own.item.id, own)
    contents.set(content, own)
  }
  return [...ids.values()]
}

/** The lines of a text, without their ends and without a mark of the byte order. */
export function splitLines(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/)
}

function parseItem(place: { file: string; line: number; text: string }): LabelledItem {
  const { file, line, text } = place
  // Read again below as the YAML that it is, which finds keys that stand twice; but no other YAML is an item.
  if (!isJson(text)) {
    throw refuseSet({
      where: { file, line },
      message: 'not a JSON object',
      remedy: 'write one whole item a line (docs/graders.md)',
    })
  }
  const item = parseSource({ file, text, firstLine: line }, labelledItemSchema, 'labelled-set')
  if (!isEmpty(item)) return item
  throw refuseSet({
    where: { file, line, field: 'completion' },
    message: 'the completion is empty',
    remedy: 'give it content, a refusal or tool calls',
  })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * What graders are shown of an item, as one text: the same for items that differ in white space or invisible characters
 * alone, since copies would count as so many examples.
 */
export function describeContent(item: LabelledItem): string {
  const { completion } = toUnit(item)
  const content = [item.messages, item.tools ?? null, { ...completion, model: null }]
  return JSON.stringify(content, (_, value: unknown) => (typeof value === 'string' ? foldText(value) : value))
}

function refuseTwin({ file, own, twin }: { file: string; own: LabelledLine; twin: LabelledLine }): GateError {
  const contrary = findContradiction(own.item, twin.item)
  return contrary === null
    ? refuseSet({
        where: { file, line: own.line, field: 'completion' },
        message: `the same item stands on line ${twin.line} too`,
        remedy: 'keep one of them, with all its labels',
      })
    : refuseSet({
        where: { file, line: own.line, field: `labels.${contrary}` },
        message: `the same item is labelled otherwise on line ${twin.line}`,
        remedy: 'decide what it is, and keep one of them',
      })
}

/** A category in which two items are labelled otherwise; `null` where there is none. */
export function findContradiction(first: LabelledItem, second: LabelledItem): string | null {
  const shared = Object.entries(first.labels).filter(([category]) => Object.hasOwn(second.labels, category))
  return shared.find(([category, label]) => second.labels[category] !== label)?.[0] ?? null
}

function requireCategories(request: LabelledLine & { file: string; categories: readonly string[] }): void {
  const { line, item, file, categories } = request
  const other = Object.keys(item.labels).find((category) => !categories.includes(category))
  if (other === undefined) return
  throw refuseSet({
    where: { file, line, field: `labels.${other}` },
    message: `the policy has no category "${other}"${suggestKey(other, [...categories])}`,
    remedy:
      'correct the id, or name the categories that you want (--category): labels in others then stay unread',
  })
}

/** An error about a labelled set. */
export function refuseSet(problem: { where: Place; message: string; remedy: string }): GateError {
  return new GateError({ code: 'labelled-set', ...problem })
}

/** How many items of each label a set has in a category. */
export function countLabels(
  items: readonly LabelledItem[],
  category: string,
): { positives: number; negatives: number } {
  const count = (wanted: 'present' | 'absent') =>
    items.filter(({ labels }) => Object.hasOwn(labels, category) && labels[category] === wanted).length
  return { positives: count('present'), negatives: count('absent') }
}

/** An item in the shape of what is measured, so that graders can't tell it from a real one. */
export function toUnit(item: LabelledItem): ReplayedUnit {
  const { content, reasoning, refusal, tool_calls: toolCalls } = item.completion
  const completion: Completed = {
    kind: 'completed',
    model: item.source ?? 'unknown',
    text: content ?? '',
    reasoning: reasoning ?? null,
    refusal: refusal ?? null,
    toolCalls: toolCalls ?? [],
    finishReason: 'stop',
    usage: null,
    systemFingerprint: null,
  }
  const turn = {
    id: `known:${item.id}`,
    conversation: `known:${item.id}`,
    prefix: item.messages,
    tools: item.tools ?? null,
    weight: 1,
    stratum: null,
    slice: {},
  }
  return { turn, arm: 'candidate', completion }
}

/** Whether there is nothing to label. */
export function isEmpty({ completion }: LabelledItem): boolean {
  const { content, refusal, tool_calls: toolCalls } = completion
  return !content?.trim() && !refusal?.trim() && (toolCalls ?? []).length === 0
}
