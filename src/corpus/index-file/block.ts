import { type Column, readColumn } from '../column.ts'
import { digestLength } from '../digest.ts'
import type { ListedConversation } from '../listing.ts'
import type { Block } from './format.ts'

/**
 * A line of an index as a block; `null` for what is none. It is checked by hand: an index of a million conversations has
 * ten million values, and a schema takes longer for them than all else.
 */
export function parseBlock(line: unknown): Block | null {
  if (typeof line !== 'object' || line === null) return null
  const { of, ids, digests, metadata, ...lists } = line as Partial<Record<keyof Block, unknown>>
  if (typeof of !== 'number' || !isListOf(ids, 'string') || typeof digests !== 'string') return null
  if (digests.length !== ids.length * digestLength) return null
  if (typeof metadata !== 'object' || metadata === null) return null
  const isWhole = (value: unknown) => isListOf(value, 'number') && value.length === ids.length
  const isColumn = (value: unknown, isValue: (value: unknown) => boolean) =>
    isColumnOf(value, isValue) && value.at.length === ids.length
  const optional = (value: unknown, check: (value: unknown) => boolean) => value === undefined || check(value)
  const isText = (value: unknown) => typeof value === 'string'
  const { turns } = lists
  return isWhole(lists.rows) &&
    [lists.parts, lists.starts, lists.lengths].every((value) => optional(value, isWhole)) &&
    isColumn(turns, (value) => isListOf(value, 'number') && value.length > 0) &&
    !(turns as Column<unknown>).at.includes(-1) &&
    Object.values(metadata).every((value) => isColumn(value, (one) => metadataTypes.has(typeof one))) &&
    [lists.expires_at, lists.users].every((value) => optional(value, (column) => isColumn(column, isText))) &&
    optional(lists.consent, (column) => isColumn(column, (value) => typeof value === 'boolean'))
    ? (line as Block)
    : null
}

const metadataTypes = new Set(['string', 'number', 'boolean'])

function isListOf<Type extends 'string' | 'number'>(
  value: unknown,
  type: Type,
): value is (Type extends 'string' ? string : number)[] {
  if (!Array.isArray(value)) return false
  for (const one of value) if (typeof one !== type) return false
  return true
}

function isColumnOf(value: unknown, isValue: (value: unknown) => boolean): value is Column<unknown> {
  if (typeof value !== 'object' || value === null) return false
  const { values, at } = value as Partial<Column<unknown>>
  if (!Array.isArray(values) || !isListOf(at, 'number') || !values.every(isValue)) return false
  for (const place of at) if (!(Number.isInteger(place) && place >= -1 && place < values.length)) return false
  return true
}

/** The conversations of a block, with these keys of their metadata. */
export function* listBlock(block: Block, keys: readonly string[]): Generator<ListedConversation> {
  const columns = keys.filter((key) => Object.hasOwn(block.metadata, key))
  for (let index = 0; index < block.ids.length; index += 1) {
    yield new IndexedConversation({ block, columns }, index)
  }
}

/** What is asked for only where a conversation may be drawn is worked out only there. */
class IndexedConversation implements ListedConversation {
  readonly id: string
  readonly turns: readonly number[]
  readonly #from: { block: Block; columns: readonly string[] }
  readonly #index: number

  constructor(from: { block: Block; columns: readonly string[] }, index: number) {
    this.#from = from
    this.#index = index
    this.id = from.block.ids[index] ?? ''
    this.turns = readColumn(from.block.turns, index) ?? []
  }

  get metadata(): ListedConversation['metadata'] {
    const { block, columns } = this.#from
    const entries = columns.flatMap((key) => {
      const value = readColumn(block.metadata[key], this.#index)
      return value === undefined ? [] : [[key, value] as const]
    })
    return Object.fromEntries(entries)
  }

  get expiresAt(): string | undefined {
    return readColumn(this.#from.block.expires_at, this.#index)
  }

  get consent(): boolean | undefined {
    return readColumn(this.#from.block.consent, this.#index)
  }

  get user(): string | undefined {
    return readColumn(this.#from.block.users, this.#index)
  }

  locate() {
    const { of: file, rows, parts, starts, lengths, digests } = this.#from.block
    const index = this.#index
    const digest = digests.slice(index * digestLength, (index + 1) * digestLength)
    return {
      file,
      number: rows[index] ?? 0,
      part: parts?.[index] ?? 0,
      start: starts?.[index] ?? 0,
      length: lengths?.[index] ?? 0,
      digest: copyText(digest),
    }
  }
}

/** A part of a text keeps the whole of it; a copy does not. */
function copyText(part: string): string {
  return Buffer.from(part, 'latin1').toString('latin1')
}
