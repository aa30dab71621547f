/** Values that repeat: each once, and of each conversation which it is; -1 for none. */
export interface Column<Value> {
  values: Value[]
  at: number[]
}

/** The value of a column at an index, if it has one there. */
export function readColumn<Value>(column: Column<Value> | undefined, index: number): Value | undefined {
  const place = column?.at[index] ?? -1
  return place < 0 ? undefined : column?.values[place]
}

/** Writes a column, value after value. */
export interface ColumnWriter<Value> {
  /** `key`: what tells values from each other, where they themselves don't. */
  set(index: number, value: Value | undefined, key?: unknown): void
  close(size: number): Column<Value>
  nameIfAny<Name extends string>(name: Name, size: number): Partial<Record<Name, Column<Value>>>
}

/** A column of nothing yet. */
export function createColumn<Value>(): ColumnWriter<Value> {
  const places = new Map<unknown, number>()
  const values: Value[] = []
  const at: number[] = []
  const fill = (size: number) => {
    while (at.length < size) at.push(-1)
  }
  const close = (size: number) => {
    fill(size)
    return { values, at }
  }
  return {
    set(index, value, key = value) {
      if (value === undefined) return
      fill(index)
      let place = places.get(key)
      if (place === undefined) {
        place = values.length
        places.set(key, place)
        values.push(value)
      }
      at.push(place)
    },
    close,
    nameIfAny: (name, size) => (values.length === 0 ? {} : ({ [name]: close(size) } as never)),
  }
}
