import type { DecodedArray } from 'hyparquet'
import { assembleLists } from 'hyparquet/src/assemble.js'
import type { readPage } from 'hyparquet/src/column.js'
import type { readDataPage } from 'hyparquet/src/datapage.js'
import { getMaxDefinitionLevel } from 'hyparquet/src/schema.js'

/** How a column is decoded. */
export type ColumnDecoder = Parameters<typeof readPage>[2]

/** Values of a page, and where its lists begin and how deep they go, as it stores them. */
export type StoredPage = ReturnType<typeof readDataPage> & {
  /** Makes of stored values those that the column has. */
  convert: (values: DecodedArray) => DecodedArray
}

/**
 * Some rows of one column, as entries: each is a value or the lack of one. Its repetition level says in which list it goes
 * on, 0 being a new row, and its definition level how much of its path is there ("Dremel: Interactive Analysis of
 * Web-Scale Datasets", Melnik et al., 2010, section 4). Rows that are not wanted are left out before lists are made of them:
 * those are most of what decoding allocates.
 */
export class ColumnRows {
  readonly #schemaPath: ColumnDecoder['schemaPath']
  readonly #deepest: number
  readonly #wanted: readonly number[]
  readonly #definition: number[] = []
  readonly #repetition: number[] = []
  readonly #values: unknown[] = []
  /** Where each of the rows begins among the entries, and among the values. */
  readonly #starts: { entry: number; value: number }[] = []
  #row = -1

  /** `wanted`: rows, ascending, from 0 in the group. */
  constructor({ schemaPath }: Pick<ColumnDecoder, 'schemaPath'>, wanted: readonly number[]) {
    this.#schemaPath = schemaPath
    this.#deepest = getMaxDefinitionLevel(schemaPath)
    this.#wanted = wanted
  }

  /** How many rows went by. */
  get seen(): number {
    return this.#row + 1
  }

  /** Takes the next page. Its first entries may be of the last row of the page before. */
  add({ definitionLevels = [], repetitionLevels, dataPage, convert }: StoredPage): void {
    const entries = definitionLevels.length || repetitionLevels.length || dataPage.length
    const picked: number[] = []
    const before = this.#values.length
    let value = 0
    for (let entry = 0; entry < entries; entry += 1) {
      const repetition = repetitionLevels[entry] ?? 0
      if (repetition === 0) {
        this.#row += 1
        if (this.#row === this.#wanted[this.#starts.length]) {
          this.#starts.push({ entry: this.#repetition.length, value: before + picked.length })
        }
      }
      const definition = definitionLevels[entry] ?? this.#deepest
      const isWanted = this.#row === this.#wanted[this.#starts.length - 1]
      if (isWanted) {
        this.#repetition.push(repetition)
        this.#definition.push(definition)
      }
      if (definition < this.#deepest) continue
      if (isWanted) picked.push(value)
      value += 1
    }
    const kept = picked.length === dataPage.length ? dataPage : picked.map((index) => dataPage[index])
    for (const one of convert(kept)) this.#values.push(one)
  }

  /** The values of some of the wanted rows, those inside other fields in lists. */
  assemble({ start, end }: { start: number; end: number }): DecodedArray {
    const from = this.#starts[start]
    const to = this.#starts[end]
    const definition = this.#definition.slice(from?.entry, to?.entry)
    const repetition = this.#repetition.slice(from?.entry, to?.entry)
    return assembleLists(
      [],
      definition,
      repetition,
      this.#values.slice(from?.value, to?.value),
      this.#schemaPath,
    )
  }
}
