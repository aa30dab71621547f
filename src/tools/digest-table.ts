import type { DigestWords } from './canonical-arguments.ts'

/** Numbers digests from 0, in the order in which they come. */
export interface DigestTable {
  size(): number
  /** The number of a digest, and whether it is new. */
  put(words: DigestWords): { number: number; isNew: boolean }
  /** All of them, four words each. */
  words(): Uint32Array
}

const width = 4

/** A table of 22 to 48 bytes a digest, where a `Map` of strings takes several times that. */
export function createDigestTable(): DigestTable {
  let size = 0
  let words = new Uint32Array(width * 1024)
  /** A digest's number plus one, where it hashes to or after; 0 is free. */
  let slots = new Uint32Array(2048)
  const find = (wanted: DigestWords): number => {
    for (let slot = mix(wanted) % slots.length; ; slot = (slot + 1) % slots.length) {
      const at = (slots[slot] ?? 0) - 1
      if (at < 0 || compareDigests(readWords(words, at), wanted) === 0) return slot
    }
  }
  const enlarge = () => {
    slots = new Uint32Array(slots.length * 2)
    for (let number = 0; number < size; number += 1) slots[find(readWords(words, number))] = number + 1
  }
  return {
    size: () => size,
    put(wanted) {
      const slot = find(wanted)
      const found = slots[slot] ?? 0
      if (found > 0) return { number: found - 1, isNew: false }
      if (size * width === words.length) words = grow(words)
      words.set(wanted, size * width)
      size += 1
      slots[slot] = size
      if (size * 3 > slots.length * 2) enlarge()
      return { number: size - 1, isNew: true }
    },
    words: () => words.subarray(0, size * width),
  }
}

/** The digest with this number. */
export function readWords(words: Uint32Array, number: number): DigestWords {
  const at = number * width
  return [words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0]
}

/** Less than, equal to or more than 0, as the first digest comes before, is, or comes after the second. */
export function compareDigests(one: DigestWords, other: DigestWords): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2] || one[3] - other[3]
}

function grow(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2)
  larger.set(array)
  return larger
}

// Words need not be those of a hash: the table also numbers tuples of small numbers.
function mix([first, second, third, fourth]: DigestWords): number {
  let mixed = Math.imul(first ^ Math.imul(second, 0x85ebca6b), 0x9e3779b1)
  mixed ^= Math.imul(third ^ Math.imul(fourth, 0xc2b2ae35), 0x27d4eb2f)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)
  return (mixed ^ (mixed >>> 13)) >>> 0
}
