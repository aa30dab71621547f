import type { Label } from '../grade/label.ts'
import type { Arm } from '../ports.ts'
import type { OutcomeLine } from './schema.ts'

/** What is done with the outcomes of a run. An array of lines is one. */
export interface OutcomeLines extends Iterable<OutcomeLine> {
  readonly length: number
  forEach(visit: (line: OutcomeLine) => void): void
  map<T>(change: (line: OutcomeLine, index: number) => T): T[]
  flatMap<T>(change: (line: OutcomeLine) => T | readonly T[]): T[]
  filter(keep: (line: OutcomeLine) => boolean): OutcomeLine[]
  find(isWanted: (line: OutcomeLine) => boolean): OutcomeLine | undefined
  every(holds: (line: OutcomeLine) => boolean): boolean
}

const firstCapacity = 1024
const arms: readonly Arm[] = ['baseline', 'candidate']

/** A column of whole numbers that grows. */
class Column {
  #values = new Uint32Array(firstCapacity)

  at(row: number): number {
    return this.#values[row] ?? 0
  }

  set(row: number, value: number): void {
    if (row === this.#values.length) {
      const larger = new Uint32Array(2 * row)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[row] = value
  }
}

/** Values by number, each kept once. */
class Names<Value> {
  readonly values: Value[] = []
  readonly #numbers = new Map<string, number>()

  number(key: string, value: Value): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.values.length)
    return this.values.push(value) - 1
  }
}

/**
 * Outcomes in columns, in the order in which they were added: a run of 100,000 turns in 20 categories has four millions of
 * them, and hardly any differ but in their turn. A line is made when it is looked at.
 */
export class OutcomeTable implements OutcomeLines {
  readonly #turns = new Names<string>()
  readonly #categories = new Names<string>()
  readonly #labels = new Names<Label>()
  readonly #trails = new Map<number, NonNullable<OutcomeLine['trail']>>()
  readonly #turnOf = new Column()
  /** Category and arm: 2 × the category's number, and 1 for the candidate. */
  readonly #placeOf = new Column()
  readonly #labelOf = new Column()
  #last = { turn: '', number: -1 }
  #length = 0

  get length(): number {
    return this.#length
  }

  add({ turn, arm, category, label, trail }: OutcomeLine): void {
    const row = this.#length
    if (this.#last.number < 0 || this.#last.turn !== turn)
      this.#last = { turn, number: this.#turns.number(turn, turn) }
    this.#turnOf.set(row, this.#last.number)
    this.#placeOf.set(row, 2 * this.#categories.number(category, category) + arms.indexOf(arm))
    const key = label.kind === 'absent' ? label.kind : JSON.stringify(label)
    this.#labelOf.set(row, this.#labels.number(key, label))
    if (trail !== undefined) this.#trails.set(row, trail)
    this.#length += 1
  }

  /** The lines of one category. */
  forEachOf(category: string, visit: (line: OutcomeLine) => void): void {
    const number = this.#categories.values.indexOf(category)
    if (number < 0) return
    for (let row = 0; row < this.#length; row += 1) {
      if (this.#placeOf.at(row) >> 1 === number) visit(this.#read(row))
    }
  }

  /** As they are written: each line the JSON of its object. */
  *texts(): Generator<string> {
    const labels = this.#labels.values.map((label) => JSON.stringify(label))
    const places = this.#categories.values.flatMap((category) =>
      arms.map((arm) => `,"arm":"${arm}","category":${JSON.stringify(category)},"label":`),
    )
    let last = { number: -1, text: '' }
    for (let row = 0; row < this.#length; row += 1) {
      const number = this.#turnOf.at(row)
      if (number !== last.number)
        last = { number, text: `{"turn":${JSON.stringify(this.#turns.values[number])}` }
      const trail = this.#trails.get(row)
      const end = trail === undefined ? '}' : `,"trail":${JSON.stringify(trail)}}`
      yield last.text + places[this.#placeOf.at(row)] + labels[this.#labelOf.at(row)] + end
    }
  }

  *[Symbol.iterator](): Generator<OutcomeLine> {
    for (let row = 0; row < this.#length; row += 1) yield this.#read(row)
  }

  forEach(visit: (line: OutcomeLine) => void): void {
    for (let row = 0; row < this.#length; row += 1) visit(this.#read(row))
  }

  map<T>(change: (line: OutcomeLine, index: number) => T): T[] {
    return Array.from({ length: this.#length }, (_, row) => change(this.#read(row), row))
  }

  flatMap<T>(change: (line: OutcomeLine) => T | readonly T[]): T[] {
    const all: T[] = []
    this.forEach((line) => {
      const made = change(line)
      if (!Array.isArray(made)) all.push(made as T)
      else for (const one of made as readonly T[]) all.push(one)
    })
    return all
  }

  filter(keep: (line: OutcomeLine) => boolean): OutcomeLine[] {
    return this.flatMap((line) => (keep(line) ? [line] : []))
  }

  find(isWanted: (line: OutcomeLine) => boolean): OutcomeLine | undefined {
    for (const line of this) if (isWanted(line)) return line
    return undefined
  }

  every(holds: (line: OutcomeLine) => boolean): boolean {
    return this.find((line) => !holds(line)) === undefined
  }

  #read(row: number): OutcomeLine {
    const place = this.#placeOf.at(row)
    const line: OutcomeLine = {
      turn: this.#turns.values[this.#turnOf.at(row)] ?? '',
      arm: arms[place & 1] ?? 'baseline',
      category: this.#categories.values[place >> 1] ?? '',
      label: this.#labels.values[this.#labelOf.at(row)] ?? { kind: 'absent' },
    }
    const trail = this.#trails.size === 0 ? undefined : this.#trails.get(row)
    return trail === undefined ? line : { ...line, trail }
  }
}

/** Looks at the lines of one category after another, without going through all of them each time. */
export function byCategory(
  outcomes: OutcomeLines,
): (category: string, visit: (line: OutcomeLine) => void) => void {
  if (outcomes instanceof OutcomeTable) return (category, visit) => outcomes.forEachOf(category, visit)
  const groups = new Map<string, OutcomeLine[]>()
  outcomes.forEach((line) => {
    const group = groups.get(line.category)
    if (group === undefined) groups.set(line.category, [line])
    else group.push(line)
  })
  return (category, visit) => {
    for (const line of groups.get(category) ?? []) visit(line)
  }
}
