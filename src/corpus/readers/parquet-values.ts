import { TextDecoder } from 'node:util'
import type { ParquetParsers } from 'hyparquet'
import { GateError } from '../../errors.ts'
import { formatPath } from '../../policy/document.ts'
import { type CorpusLimits, formatBytes } from '../limits.ts'

/** A value whose bytes are not what its column says. It is refused where its row is known. */
class Unreadable {
  readonly message: string
  readonly remedy: string

  constructor(problem: { message: string; remedy: string }) {
    this.message = problem.message
    this.remedy = problem.remedy
  }
}

const notText = new Unreadable({ message: 'the text is not UTF-8', remedy: 'write the file as UTF-8' })
const notJson = new Unreadable({ message: 'the text is not JSON', remedy: 'correct the value' })

/** A text as a column has it. Most belong to rows that are not wanted, and are never decoded. */
class StoredText {
  // Not a view of the bytes: that takes several times as much memory, and many are kept at a time.
  readonly #page: ArrayBufferLike
  readonly #start: number
  readonly #length: number
  readonly #decoder: TextDecoder

  constructor({ buffer, byteOffset, length }: Uint8Array, decoder: TextDecoder) {
    this.#page = buffer
    this.#start = byteOffset
    this.#length = length
    this.#decoder = decoder
  }

  read(): unknown {
    try {
      return this.toString()
    } catch {
      return notText
    }
  }

  /** As the name of a field, which maps have as values of a column. */
  toString(): string {
    return this.#decoder.decode(new Uint8Array(this.#page, this.#start, this.#length))
  }
}

class StoredJson extends StoredText {
  override read(): unknown {
    const text = super.read()
    return typeof text === 'string' ? parseJson(text) : text
  }
}

/** How bytes of a column become values, so that a bad one is found with its row. */
export function createParsers(): Partial<ParquetParsers> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const create = (Stored: typeof StoredText) => (bytes: Uint8Array | undefined) =>
    bytes === undefined ? undefined : new Stored(bytes, decoder)
  return { stringFromBytes: create(StoredText), jsonFromBytes: create(StoredJson) }
}

/**
 * A row as JSON would have it: times as ISO 8601, whole numbers as numbers, and nothing where a table has `null`, which
 * is how it says that a field is not there.
 * @throws GateError with the row and field of a value that can't be read
 */
export function readTableRow(request: {
  file: string
  row: number
  value: Record<string, unknown>
  /** Fields that may be JSON text. */
  json: readonly string[]
  limits: CorpusLimits
}): Record<string, unknown> {
  const { file, row, value, json, limits } = request
  let size = 0
  const refuse = (problem: { message: string; remedy: string }, path: PropertyKey[]) =>
    new GateError({ code: 'corpus', ...problem, where: { file, line: row, field: formatPath(path) } })
  const read = (stored: unknown, path: PropertyKey[]): unknown => {
    const part = stored instanceof StoredText ? stored.read() : stored
    if (part instanceof Unreadable) throw refuse(part, path)
    if (part === null || part === undefined) return null
    if (typeof part === 'string') {
      size += part.length
      if (size > limits.row) throw refuse(describeLength(limits), path)
      return part
    }
    if (typeof part === 'bigint') return Number.isSafeInteger(Number(part)) ? Number(part) : String(part)
    if (part instanceof Date) return Number.isNaN(part.getTime()) ? null : part.toISOString()
    if (part instanceof Uint8Array) return Buffer.from(part).toString('hex')
    if (Array.isArray(part)) return part.map((item, index) => read(item, [...path, index]))
    if (typeof part === 'object') return readFields(part, path)
    return part
  }
  const readFields = (given: object, path: PropertyKey[]) => {
    const entries: [string, unknown][] = []
    for (const [name, inner] of Object.entries(given)) {
      const plain = inner === null || inner === undefined ? null : read(inner, [...path, name])
      if (plain !== null) entries.push([name, plain])
    }
    return Object.fromEntries(entries)
  }
  const fields = readFields(value, [])
  for (const name of json) {
    const text = fields[name]
    if (typeof text !== 'string' || !/^\s*[[{]/.test(text)) continue
    const parsed = parseJson(text)
    if (parsed instanceof Unreadable) throw refuse(parsed, [name])
    fields[name] = parsed
  }
  return fields
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return notJson
  }
}

function describeLength({ row }: CorpusLimits) {
  return { message: `the row is longer than ${formatBytes(row)}`, remedy: 'write one conversation a row' }
}
