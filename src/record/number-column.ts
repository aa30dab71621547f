type Numbers = Uint8Array | Uint16Array | Uint32Array

/** Rows in a part: 2 to the power of it. */
const partBits = 16
const partRows = 2 ** partBits

/**
 * A column of whole numbers from 0 to 2³² − 1, in parts: nothing is copied when it grows. A part has one byte for a number
 * until a larger one is set in it, and none where nothing is.
 */
export class NumberColumn {
  readonly #parts: (Numbers | undefined)[] = []

  /** 0 where nothing was set. */
  at(row: number): number {
    return this.#parts[row >>> partBits]?.[row & (partRows - 1)] ?? 0
  }

  set(row: number, value: number): void {
    const place = row >>> partBits
    let part = this.#parts[place] ?? new Uint8Array(partRows)
    if (value > largest(part)) part = value < 2 ** 16 ? Uint16Array.from(part) : Uint32Array.from(part)
    this.#parts[place] = part
    part[row & (partRows - 1)] = value
  }
}

function largest(part: Numbers): number {
  return 2 ** (8 * part.BYTES_PER_ELEMENT) - 1
}
