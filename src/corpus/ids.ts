import { hash } from 'node:crypto'
import { GateError } from '../errors.ts'

/** Where a conversation was found. */
export interface IdPlace {
  file: string
  line: number
}

/** The ids of a corpus, seen so far. */
export interface IdRegister {
  /** @throws GateError when the id was added before */
  add(id: string, place: IdPlace): void
}

/** Numbers of one entry: 96 bits of the id's SHA-256, its file (from 1; 0 is a free entry) and its line. */
const width = 5

/**
 * Remembers ids and where they were, in entries of 20 bytes in a table that is at most three quarters full: 27 to 53 bytes
 * an id. Of a million ids, two share their 96 bits with a chance of 6e-18.
 */
export function createIdRegister(): IdRegister {
  const files: string[] = []
  let size = 0
  let table = new Uint32Array(width * 1024)
  return {
    add(id, { file, line }) {
      // A text of one letter a byte is had in half the time of a buffer.
      const key = hash('sha256', id, 'binary')
      const words = [readWord(key, 0), readWord(key, 4), readWord(key, 8)] as const
      const entry = findEntry(table, words)
      const before = table[entry + 3] ?? 0
      if (before !== 0) throw refuseTwice(id, { file, line }, `${files[before - 1]}:${table[entry + 4]}`)
      if (files.at(-1) !== file) files.push(file)
      table.set([...words, files.length, line], entry)
      size += 1
      if (size * width * 4 >= table.length * 3) table = enlarge(table)
    },
  }
}

function readWord(key: string, at: number): number {
  const bytes =
    (key.charCodeAt(at) << 24) |
    (key.charCodeAt(at + 1) << 16) |
    (key.charCodeAt(at + 2) << 8) |
    key.charCodeAt(at + 3)
  return bytes >>> 0
}

/** The index of the entry of these words, or of the free one where it belongs. */
function findEntry(table: Uint32Array, words: readonly [number, number, number]): number {
  const entries = table.length / width
  for (let index = words[0] % entries; ; index = (index + 1) % entries) {
    const entry = index * width
    if (table[entry + 3] === 0 || words.every((word, offset) => table[entry + offset] === word)) return entry
  }
}

function enlarge(table: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(table.length * 2)
  for (let entry = 0; entry < table.length; entry += width) {
    if (table[entry + 3] === 0) continue
    const [first = 0, second = 0, third = 0] = table.subarray(entry, entry + 3)
    larger.set(table.subarray(entry, entry + width), findEntry(larger, [first, second, third]))
  }
  return larger
}

function refuseTwice(id: string, place: IdPlace, before: string): GateError {
  return new GateError({
    code: 'corpus',
    message: `the id "${id}" was used before (${before})`,
    where: { ...place, field: 'id' },
    remedy: 'give each conversation an id of its own; if it is the same conversation, remove one',
  })
}
