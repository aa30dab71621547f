/** JSON of what is the same in many requests: it is written once for each. */
const written = new WeakMap<object, string>()

/**
 * What `JSON.stringify` writes of a request's body. A frozen object, as a value of the body or as an entry of a list that
 * begins with one, is the same in many requests, and so is all that it holds: its JSON is kept.
 */
export function writeJson(body: object): string {
  return Object.values(body).some(isShared) ? writeByParts(body) : JSON.stringify(body)
}

function isShared(value: unknown): boolean {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'object' && first !== null && Object.isFrozen(first)
}

function writeByParts(body: object): string {
  let text = ''
  for (const [name, value] of Object.entries(body) as [string, unknown][]) {
    const json = Array.isArray(value) ? writeList(value) : writeValue(value)
    if (json !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${json}`
  }
  return `{${text}}`
}

// Added piece by piece, texts are copied once, when all is there.
function writeList(list: readonly unknown[]): string {
  let text = ''
  for (const [index, value] of list.entries())
    text += `${index === 0 ? '' : ','}${writeValue(value) ?? 'null'}`
  return `[${text}]`
}

/** `undefined` where it is no JSON: then it is left out. */
function writeValue(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return JSON.stringify(value)
  const known = written.get(value)
  if (known !== undefined) return known
  const text = JSON.stringify(value)
  written.set(value, text)
  return text
}
