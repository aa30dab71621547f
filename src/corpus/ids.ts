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
  // One for all: a corpus has millions of ids.
  const entry = new Uint32Array(width)
  return {
    add(id, { file, line }) {
      // A text of one letter a byte is had in half the time of a buffer.
      const key = hash('sha256', id, 'binary')
      for (let word = 0; word < 3; word += 1) entry[word] = readWord(key, 4 * word)
      const place = findPlace(table, entry)
      const before = table[place + 3] ?? 0
      if (before !== 0) throw refuseTwice(id, { file, line }, `${files[before - 1]}:${table[place + 4]}`)
      if (files.at(-1) !== file) files.push(file)
      entry[3] = files.length
      entry[4] = line
      table.set(entry, place)
      size += 1
      if (size * width * 4 >= table.length * 3) table = enlarge(table)
    },
  }
}

function readWord(key: string, at: number): number {
  return (
    (key.charCodeAt(at) << 24) |
    (key.charCodeAt(at + 1) << 16) |
    (key.charCodeAt(at + 2) << 8) |
    key.charCodeAt(at + 3)
  )
}

/** Where the entry of this id is, or the free one where it belongs. */
function findPlace(table: Uint32Array, entry: Uint32Array): number {
  // A power of two: a remainder would be worked out as that of fractions.
  const mask = table.length / width - 1
  for (let index = (entry[0] ?? 0) & mask; ; index = (index + 1) & mask) {
    const place = index * width
    const isFree = table[place + 3] === 0
    const isSame = table[place] === entry[0] && table[place + 1] === entry[1] && table[place + 2] === entry[2]
    if (isFree || isSame) return place
  }
}

function enlarge(table: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(table.length * 2)
  const entry = new Uint32Array(width)
  for (let place = 0; place < table.length; place += width) {
    if (table[place + 3] === 0) continue
    for (let word = 0; word < width; word += 1) entry[word] = table[place + word] ?? 0
    larger.set(entry, findPlace(larger, entry))
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
