/** JSON of what is the same in many requests, as bytes: it is written once for each. */
const written = new WeakMap<object, Buffer>()

/**
 * What `JSON.stringify` writes of a request's body, where nothing in it is shared; else its bytes. A frozen object, as a value of
 * the body or as an entry of a list that begins with one, is the same in many requests, and so is all that it holds: its JSON is
 * kept.
 */
export function writeJson(body: object): string | Buffer {
  return Object.values(body).some(isShared) ? writeByParts(body) : JSON.stringify(body)
}

function isShared(value: unknown): boolean {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'object' && first !== null && Object.isFrozen(first)
}

function writeByParts(body: object): Buffer {
  const parts = new Parts()
  let comma = ''
  parts.add('{')
  for (const [name, value] of Object.entries(body) as [string, unknown][]) {
    const json = Array.isArray(value) ? value : writeValue(value)
    if (json === undefined) continue
    parts.add(`${comma}${JSON.stringify(name)}:`)
    if (Array.isArray(json)) addList(parts, json)
    else parts.add(json)
    comma = ','
  }
  parts.add('}')
  return parts.join()
}

function addList(parts: Parts, list: readonly unknown[]): void {
  parts.add('[')
  for (const [index, value] of list.entries()) {
    if (index > 0) parts.add(',')
    parts.add(writeValue(value) ?? 'null')
  }
  parts.add(']')
}

/** `undefined` where it is no JSON: then it is left out. */
function writeValue(value: unknown): string | Buffer | undefined {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return JSON.stringify(value)
  const known = written.get(value)
  if (known !== undefined) return known
  const bytes = Buffer.from(JSON.stringify(value))
  written.set(value, bytes)
  return bytes
}

/** Texts and bytes, one behind the other. One text of all would have to be encoded as a whole, also what is known as bytes. */
class Parts {
  readonly #parts: (string | Buffer)[] = []
  #length = 0

  /** Texts are joined up to the next bytes. */
  add(part: string | Buffer): void {
    const last = this.#parts.at(-1)
    if (typeof part === 'string' && typeof last === 'string')
      this.#parts[this.#parts.length - 1] = last + part
    else this.#parts.push(part)
    // A letter is three bytes at most.
    this.#length += typeof part === 'string' ? 3 * part.length : part.length
  }

  join(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#length)
    let end = 0
    for (const part of this.#parts) {
      end += typeof part === 'string' ? bytes.write(part, end) : part.copy(bytes, end)
    }
    return bytes.subarray(0, end)
  }
}
