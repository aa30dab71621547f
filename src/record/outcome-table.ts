import type { Label } from '../grade/label.ts'
import type { Trail } from '../grade/trail.ts'
import type { Arm } from '../ports.ts'
import { NumberColumn } from './number-column.ts'
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

const arms: readonly Arm[] = ['baseline', 'candidate']

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
 * them, and hardly any differ but in their turn. Each takes two bytes, as long as those of a turn come one after the other
 * and few labels are of their own. A line is made when it is looked at.
 */
export class OutcomeTable implements OutcomeLines {
  readonly #categories = new Names<string>()
  readonly #labels = new Names<Label>()
  readonly #trails = new Names<Trail | undefined>()
  /** Of each run of rows with the same turn: the turn, and the row after its last one. */
  readonly #turns: string[] = []
  readonly #ends = new NumberColumn()
  /** Category and arm: 2 × the category's number, and 1 for the candidate. */
  readonly #placeOf = new NumberColumn()
  readonly #labelOf = new NumberColumn()
  readonly #trailOf = new NumberColumn()
  #length = 0

  constructor() {
    // Nothing is set in the rows of most labels, which have none.
    this.#trails.number('', undefined)
  }

  get length(): number {
    return this.#length
  }

  add({ turn, arm, category, label, trail }: OutcomeLine): void {
    const row = this.#length
    if (this.#turns.at(-1) !== turn) this.#turns.push(turn)
    this.#ends.set(this.#turns.length - 1, row + 1)
    this.#placeOf.set(row, 2 * this.#categories.number(category, category) + arms.indexOf(arm))
    const key = label.kind === 'absent' ? label.kind : JSON.stringify(label)
    this.#labelOf.set(row, this.#labels.number(key, label))
    if (trail !== undefined) this.#trailOf.set(row, this.#trails.number(JSON.stringify(trail), trail))
    this.#length += 1
  }

  /** The lines of one category. */
  forEachOf(category: string, visit: (line: OutcomeLine) => void): void {
    const number = this.#categories.values.indexOf(category)
    if (number < 0) return
    let run = 0
    let end = this.#ends.at(run)
    this.#placeOf.forEach(this.#length, (place, row) => {
      if (place >> 1 !== number) return
      while (row >= end) {
        run += 1
        end = this.#ends.at(run)
      }
      visit(this.#read(this.#turns[run] ?? '', row))
    })
  }

  /** As they are written: each line the JSON of its object. */
  *texts(): Generator<string> {
    const labels = this.#labels.values.map((label) => JSON.stringify(label))
    const trails = this.#trails.values.map((trail) =>
      trail === undefined ? '}' : `,"trail":${JSON.stringify(trail)}}`,
    )
    const places = this.#categories.values.flatMap((category) =>
      arms.map((arm) => `,"arm":"${arm}","category":${JSON.stringify(category)},"label":`),
    )
    const hasTrails = trails.length > 1
    let row = 0
    for (const [run, turn] of this.#turns.entries()) {
      const text = `{"turn":${JSON.stringify(turn)}`
      for (const end = this.#ends.at(run); row < end; row += 1)
        yield text +
          places[this.#placeOf.at(row)] +
          labels[this.#labelOf.at(row)] +
          (hasTrails ? trails[this.#trailOf.at(row)] : '}')
    }
  }

  *[Symbol.iterator](): Generator<OutcomeLine> {
    let row = 0
    for (const [run, turn] of this.#turns.entries())
      for (const end = this.#ends.at(run); row < end; row += 1) yield this.#read(turn, row)
  }

  forEach(visit: (line: OutcomeLine) => void): void {
    let row = 0
    for (const [run, turn] of this.#turns.entries())
      for (const end = this.#ends.at(run); row < end; row += 1) visit(this.#read(turn, row))
  }

  map<T>(change: (line: OutcomeLine, index: number) => T): T[] {
    const all: T[] = []
    this.forEach((line) => {
      all.push(change(line, all.length))
    })
    return all
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

  #read(turn: string, row: number): OutcomeLine {
    const place = this.#placeOf.at(row)
    const line: OutcomeLine = {
      turn,
      arm: arms[place & 1] ?? 'baseline',
      category: this.#categories.values[place >> 1] ?? '',
      label: this.#labels.values[this.#labelOf.at(row)] ?? { kind: 'absent' },
    }
    const { values } = this.#trails
    const trail = values.length > 1 ? values[this.#trailOf.at(row)] : undefined
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
