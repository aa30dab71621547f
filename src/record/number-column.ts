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

  /** Takes the numbers of the first rows, one after the other. */
  forEach(rows: number, visit: (value: number, row: number) => void): void {
    for (let start = 0; start < rows; start += partRows) {
      const part = this.#parts[start >>> partBits]
      const end = Math.min(partRows, rows - start)
      for (let row = 0; row < end; row += 1) visit(part?.[row] ?? 0, start + row)
    }
  }

  set(row: number, value: number): void {
    const place = row >>> partBits
    let part = this.#parts[place] ?? new Uint8Array(partRows)
    if (!fits(value, part)) part = value < 2 ** 16 ? Uint16Array.from(part) : Uint32Array.from(part)
    this.#parts[place] = part
    part[row & (partRows - 1)] = value
  }
}

function fits(value: number, { BYTES_PER_ELEMENT: bytes }: Numbers): boolean {
  return value < 2 ** 8 || (value < 2 ** 16 && bytes > 1) || bytes === 4
}
