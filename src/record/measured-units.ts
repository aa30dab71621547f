import type { Label } from '../grade/label.ts'
import type { Arm, Scratch } from '../ports.ts'
import { type ByteStore, createByteStore, type Stretch } from '../sample/byte-store.ts'
import { readAhead } from './read-ahead.ts'
import type { RecordedUnit } from './schema.ts'
import { nameUnit, splitName } from './unit-name.ts'

const arms: readonly Arm[] = ['baseline', 'candidate']
/** More different sets of labels are not of the kind that repeats. */
const mostLabels = 10_000
/** In place of a set of labels: it stands with its unit. */
const own = -1

/**
 * Units by their names (`nameUnit`), in the order in which they came. They are kept as JSON, most of it on disk, and read each
 * time that one is asked for; in memory are their names, and which of few sets of labels each has.
 */
export class MeasuredUnits implements ReadonlyMap<string, RecordedUnit> {
  readonly #store: ByteStore
  readonly #rows: Record<Arm, Map<string, number>> = { baseline: new Map(), candidate: new Map() }
  /** By row; `null`: it was taken out. Two numbers: a block with where in it, and a length. */
  readonly #places: (number | null)[] = []
  readonly #lengths: number[] = []
  readonly #labelsOf: number[] = []
  readonly #labels: Record<string, Label>[] = []
  readonly #numbers = new Map<string, number>()
  /** Rows of which nothing was asked. */
  readonly #unasked = new Set<number>()
  readonly #answered = new Set<string>()

  /** `openScratch`: where what is not held in memory is kept; without it, all is. */
  constructor(units: Iterable<RecordedUnit> = [], openScratch?: () => Scratch) {
    this.#store = createByteStore(openScratch && (() => readAhead(openScratch())))
    for (const unit of units) this.add(unit)
  }

  get size(): number {
    return this.#rows.baseline.size + this.#rows.candidate.size
  }

  /** Units of which anything was asked: the others are no progress. */
  get asked(): number {
    return this.size - this.#unasked.size
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  get(name: string): RecordedUnit | undefined {
    const row = this.#find(name)
    return row === undefined ? undefined : this.#read(row)
  }

  /** Whether an endpoint, which is called as its arm or its grader, has answered for any of them. */
  hasAnswered(endpoint: string): boolean {
    return this.#answered.has(endpoint)
  }

  /** The labels of a unit, without reading it where many have the same. */
  labelsOf(name: string): Readonly<Record<string, Label>> | undefined {
    const row = this.#find(name)
    return row === undefined
      ? undefined
      : (this.#labels[this.#labelsOf[row] ?? own] ?? this.#read(row).labels)
  }

  /** Takes in a unit, in place of one of the same name. */
  add(unit: RecordedUnit): this {
    const rows = this.#rows[unit.arm]
    const row = rows.get(unit.turn) ?? this.#places.length
    const number = this.#number(unit.labels)
    // Something holds the place of labels that many have, so that the unit is the same when it is read, to the order of its keys.
    const text = JSON.stringify(number === own ? unit : { ...unit, labels: null })
    const { block, start, length } = this.#store.add(text)
    this.#places[row] = block * widest + start
    this.#lengths[row] = length
    this.#labelsOf[row] = number
    rows.set(unit.turn, row)
    if (unit.completion.kind === 'completed') this.#answered.add(unit.arm)
    for (const { endpoint } of unit.uses) this.#answered.add(endpoint)
    if (unit.completion.kind === 'not-asked') this.#unasked.add(row)
    else this.#unasked.delete(row)
    return this
  }

  /** Takes in those that it does not have. */
  addMissing(units: ReadonlyMap<string, RecordedUnit>): this {
    for (const [name, unit] of units) if (!this.has(name)) this.add(unit)
    return this
  }

  /** Takes out those that don't fit. */
  keep(fits: (unit: Pick<RecordedUnit, 'turn' | 'arm'>) => boolean): this {
    for (const arm of arms) {
      const rows = this.#rows[arm]
      for (const [turn, row] of rows) {
        if (fits({ turn, arm })) continue
        rows.delete(turn)
        this.#unasked.delete(row)
        this.#places[row] = null
      }
    }
    return this
  }

  *entries(): MapIterator<[string, RecordedUnit]> {
    for (const unit of this.values()) yield [nameUnit(unit), unit]
  }

  *keys(): MapIterator<string> {
    for (const [name] of this.entries()) yield name
  }

  *values(): MapIterator<RecordedUnit> {
    for (const [row, place] of this.#places.entries()) if (place !== null) yield this.#read(row)
  }

  [Symbol.iterator](): MapIterator<[string, RecordedUnit]> {
    return this.entries()
  }

  forEach(visit: (unit: RecordedUnit, name: string, units: this) => void): void {
    for (const [name, unit] of this) visit(unit, name, this)
  }

  #find(name: string): number | undefined {
    const { turn, arm } = splitName(name)
    return this.#rows[arm]?.get(turn)
  }

  #read(row: number): RecordedUnit {
    const place = this.#places[row] ?? 0
    const stretch: Stretch = {
      block: Math.floor(place / widest),
      start: place % widest,
      length: this.#lengths[row] ?? 0,
    }
    const unit = JSON.parse(this.#store.read(stretch).toString()) as RecordedUnit
    const labels = this.#labels[this.#labelsOf[row] ?? own]
    if (labels !== undefined) unit.labels = labels
    return unit
  }

  /** Which of the sets that many units have this one is. A quote is its completion's own. */
  #number(labels: RecordedUnit['labels']): number {
    if (Object.values(labels).some(hasQuote)) return own
    const key = JSON.stringify(labels)
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    if (this.#labels.length >= mostLabels) return own
    this.#numbers.set(key, this.#labels.length)
    return this.#labels.push(labels) - 1
  }
}

/** No block of a store is longer. */
const widest = 2 ** 32

function hasQuote(label: Label): boolean {
  return label.kind === 'present' && label.quote !== undefined
}
