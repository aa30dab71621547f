import { createHash } from 'node:crypto'

/** Repeatable choices: the same seed gives the same ones, in the same order. */
export type Random = {
  /** A number in [0, 1). */
  next(): number
  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number
  pick<Option>(options: readonly Option[]): Option
}

export function createRandom(seed: string): Random {
  let drawn = 0
  function next(): number {
    drawn += 1
    return createHash('sha256').update(`${seed}\n${drawn}`).digest().readUIntBE(0, 6) / 0x1000000000000
  }
  function integer(from: number, to: number): number {
    return from + Math.floor(next() * (to - from + 1))
  }
  function pick<Option>(options: readonly Option[]): Option {
    const option = options[integer(0, options.length - 1)]
    if (option === undefined) throw new RangeError(`nothing to pick from, seed ${seed}`)
    return option
  }
  return { next, integer, pick }
}
