import { readJson } from '../../../tools/read-json.ts'

/**
 * The values at a path of a JSON text: keys and list positions joined by dots, `*` for every element of a list
 * or object. None where the text is no JSON or has no such place.
 */
export function readField(text: string, path: string): unknown[] {
  const json = readJson(text)
  if (json.kind === 'other') return []
  return path
    .split('.')
    .reduce<unknown[]>((values, key) => values.flatMap((value) => step(value, key)), [json.value])
}

function step(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  if (key === '*') return Object.values(value)
  // The length of a list is no element of it.
  if (Array.isArray(value) && !/^\d+$/.test(key)) return []
  return Object.hasOwn(value, key) ? [(value as Record<string, unknown>)[key]] : []
}

/** A value as text: what is text as it is, anything else as JSON. Nothing where it is nested too deeply to print. */
export function printValue(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value)
  } catch {
    return ''
  }
}
