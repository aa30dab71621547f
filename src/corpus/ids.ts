import { hash } from 'node:crypto'
import { GateError } from '../errors.ts'
import { readWord } from './digest.ts'

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

/** Numbers of one entry: 96 bits of the id's SHA-256, and its line among those of all files (0 is a free entry). */
const width = 4

/**
 * Remembers ids and where they were, in entries of 16 bytes in a table that is at most three quarters full: 21 to 43 bytes
 * an id. Of a million ids, two share their 96 bits with a chance of 6e-18.
 */
export function createIdRegister(): IdRegister {
  /** Each file, and how many lines the files before it have, as far as they have ids. */
  const files: { file: string; before: number }[] = []
  let last = 0
  let size = 0
  let table = new Uint32Array(width * 1024)
  // One for all: a corpus has millions of ids.
  const entry = new Uint32Array(width)
  return {
    add(id, { file, line }) {
      const key = hash('sha256', id, 'binary')
      for (let word = 0; word < 3; word += 1) entry[word] = readWord(key, 4 * word)
      const place = findPlace(table, entry)
      const found = table[place + 3] ?? 0
      if (found !== 0) throw refuseTwice(id, { file, line }, nameLine(files, found))
      let open = files.at(-1)
      if (open?.file !== file) {
        open = { file, before: last }
        files.push(open)
      }
      last = open.before + line
      entry[3] = last
      table.set(entry, place)
      size += 1
      if (size * width * 4 >= table.length * 3) table = enlarge(table)
    },
  }
}

function nameLine(files: readonly { file: string; before: number }[], found: number): string {
  const { file, before } = files.findLast((one) => one.before < found) ?? { file: '', before: 0 }
  return `${file}:${found - before}`
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
