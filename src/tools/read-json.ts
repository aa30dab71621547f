/** The value of a JSON text, or why there is none: the text is no JSON. */
export type ReadJson = { kind: 'json'; value: unknown } | { kind: 'other' }

/** Reads JSON. Whatever can't be read is no error: tools answer as they like. */
export function readJson(text: string): ReadJson {
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown }
  } catch {
    return { kind: 'other' }
  }
}
