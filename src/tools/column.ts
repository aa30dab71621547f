type Numbers = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>

/** A typed array that grows. */
export interface Column<Kind extends Numbers> {
  push(value: number): void
  /** Adds to what is there. */
  add(index: number, value: number): void
  /** Its values in an order of indices. */
  take(order: Uint32Array): Kind
  values(): Kind
}

/** An empty column. */
export function createColumn<Kind extends Numbers>(Kind: new (length: number) => Kind): Column<Kind> {
  let held = new Kind(1024)
  let size = 0
  return {
    push(value) {
      if (size === held.length) {
        const larger = new Kind(size * 2)
        larger.set(held)
        held = larger
      }
      held[size] = value
      size += 1
    },
    add(index, value) {
      held[index] = (held[index] ?? 0) + value
    },
    take(order) {
      const taken = new Kind(order.length)
      for (let index = 0; index < order.length; index += 1) taken[index] = held[order[index] ?? 0] ?? 0
      return taken
    },
    values: () => held.subarray(0, size) as Kind,
  }
}

/** The indices of so many things, sorted. */
export function sortIndices(size: number, compare: (one: number, other: number) => number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, index) => index).sort(compare)
}

/** Where each index went in an order. */
export function invert(order: Uint32Array): Uint32Array {
  const places = new Uint32Array(order.length)
  for (let place = 0; place < order.length; place += 1) places[order[place] ?? 0] = place
  return places
}
