import type { RecordedUnit } from './schema.ts'

/** Units by their names, which knows of how many anything was asked: whoever tells the progress need not count. */
export class MeasuredUnits extends Map<string, RecordedUnit> {
  #asked = 0

  constructor(units: Iterable<readonly [string, RecordedUnit]> = []) {
    // Whoever extends a Map has no fields yet while it takes what it is given.
    super()
    for (const [name, unit] of units) this.set(name, unit)
  }

  /** Units of which anything was asked: the others are no progress. */
  get asked(): number {
    return this.#asked
  }

  override set(name: string, unit: RecordedUnit): this {
    this.#asked += count(unit) - count(this.get(name))
    return super.set(name, unit)
  }

  override delete(name: string): boolean {
    this.#asked -= count(this.get(name))
    return super.delete(name)
  }

  override clear(): void {
    this.#asked = 0
    super.clear()
  }
}

function count(unit: RecordedUnit | undefined): 0 | 1 {
  return unit === undefined || unit.completion.kind === 'not-asked' ? 0 : 1
}
