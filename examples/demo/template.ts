import type { Random } from './random.ts'
import type { JsonTemplate, Scalar, Slot } from './schema.ts'

type SlotValue = Scalar | Record<string, Scalar>

/** One value for each slot, fixed for a whole conversation. */
export type SlotValues = ReadonlyMap<string, SlotValue>

export function fixSlots(slots: Readonly<Record<string, Slot>>, random: Random): SlotValues {
  return new Map(Object.entries(slots).map(([name, slot]) => [name, fixSlot(slot, random)]))
}

function fixSlot(slot: Slot, random: Random): SlotValue {
  if (Array.isArray(slot)) return random.pick(slot)
  return slot.from + slot.step * random.integer(0, Math.floor((slot.to - slot.from) / slot.step))
}

/**
 * Fills a text: `<slot>` and `<slot.field>` with the conversation's values, `<one|another>` with one of the
 * alternatives. Throws on a slot that doesn't exist, which is a slip in the topic's file.
 */
export function fillText(text: string, filling: { values: SlotValues; random: Random }): string {
  return text
    .replace(/<([^<>|]*\|[^<>]*)>/g, (_, options: string) => filling.random.pick(options.split('|')))
    .replace(/<([a-z_]+)(?:\.([a-z_]+))?>/g, (_, name: string, field?: string) =>
      String(readSlot(filling.values, { name, field })),
    )
}

/** Fills every text in a JSON value. A text that is one slot and nothing else keeps the slot's type. */
export function fillJson(value: JsonTemplate, filling: { values: SlotValues; random: Random }): JsonTemplate {
  if (typeof value === 'string') {
    const whole = /^<([a-z_]+)(?:\.([a-z_]+))?>$/.exec(value)
    const name = whole?.[1]
    if (name === undefined) return fillText(value, filling)
    return readSlot(filling.values, { name, field: whole?.[2] })
  }
  if (Array.isArray(value)) return value.map((item) => fillJson(item, filling))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillJson(item, filling)]))
}

function readSlot(values: SlotValues, key: { name: string; field: string | undefined }): Scalar {
  const value = values.get(key.name)
  const found = typeof value === 'object' ? value[key.field ?? ''] : value
  if (found === undefined || (key.field !== undefined && typeof value !== 'object')) {
    throw new RangeError(`no slot <${key.name}${key.field === undefined ? '' : `.${key.field}`}>`)
  }
  return found
}
