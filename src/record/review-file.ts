import { type CsvError, parse } from 'csv-parse/sync'
import { GateError } from '../errors.ts'
import { safeLines } from '../safe-text.ts'
import { collectAudits, type Refuse } from './audit.ts'
import { listReviewItems, type ReviewItem } from './review.ts'
import type { AuditLine, RunRecord } from './schema.ts'

/** The columns of `review.csv`; `quote` and `completion` only where policy keeps text. */
export const reviewColumns = [
  'category',
  'arm',
  'turn',
  'why',
  'label',
  'votes',
  'prescreens',
  'quote',
  'completion',
  'human',
] as const
export type ReviewColumn = (typeof reviewColumns)[number]

/** What a row has to have to be read back. */
const neededColumns = ['category', 'arm', 'turn', 'human'] as const satisfies readonly ReviewColumn[]
type NeededColumn = (typeof neededColumns)[number]

/** Spreadsheets in countries with decimal commas separate by semicolons. */
const delimiters = [',', ';', '\t'] as const

/** As many characters of an id are written, and what is read back is held against them. */
const longestId = 300

/** At its start a spreadsheet takes a cell for a formula, also in the wide forms of some keyboards. */
const formula = '[=+\\-@\uFF1D\uFF0B\uFF0D\uFF20]'
const startsFormula = new RegExp(`^(?=\\s*${formula})`)
// Where the file is read with the wrong separator, cells begin in the middle of others.
const hidesFormula = new RegExp(`([;\\n][\\s"]*)(?=${formula})`, 'g')

/**
 * Text as one cell that no spreadsheet takes for a formula: an apostrophe stands before what would start one, as it
 * does when one types such a text. Line ends are kept, everything else that is invisible goes.
 */
export function writeReviewCell(text: string, longest = longestId): string {
  const points = [...safeLines(text.slice(0, 4 * longest), longest)]
  const short = points.length <= longest ? points.join('') : `${points.slice(0, longest - 1).join('')}…`
  return short.replaceAll(hidesFormula, "$1'").replace(startsFormula, "'")
}

/**
 * Parses a filled in `review.csv`: rows whose `human` says `present` or `absent`, in any case; where it is blank the
 * item was not read. Separated by commas, semicolons or tabs; other columns, and their order, don't matter. The record's own lines
 * stay, unless the file says something else of the same item.
 * @throws GateError naming file and line of what is no CSV, no label, not an item to read of this run, or said twice
 */
export function parseReviews(request: { record: RunRecord; file: string; text: string }): AuditLine[] {
  const { record, file, text } = request
  const { header, rows } = readRows({ file, text: text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n') })
  const items = nameWritten(listReviewItems(record))
  const audits = collectAudits(record)
  for (const { line, cells } of rows) {
    const refuse: Refuse = (message, remedy, field) =>
      new GateError({ code: 'audit', message, where: { file, line, field }, remedy })
    if (cells.slice(header.width).some((cell) => cell.trim() !== '')) {
      throw refuse(
        `the row has ${cells.length} cells, and the header ${header.width}`,
        'leave the cells but `human` as the run wrote them: a quote is missing, or a separator was added',
      )
    }
    const take = (column: NeededColumn) => cells[header.places[column]] ?? ''
    if (cells.every((cell) => cell.trim() === '')) continue
    // Also where it is not filled in: a row that a program has torn apart has lost its label.
    const item = findItem({ items, take, refuse })
    const human = take('human').trim().toLowerCase()
    if (human === '') continue
    if (human !== 'present' && human !== 'absent') {
      throw refuse(
        `"${human}" is no label`,
        'write `present` or `absent`, or leave it blank where the item was not read',
        'human',
      )
    }
    audits.add(
      { turn: item.turn, arm: item.arm, category: item.category, present: human === 'present' },
      refuse,
    )
  }
  return audits.merge()
}

interface Row {
  /** Where it begins in the file, from 1. */
  line: number
  cells: string[]
}

interface Header {
  width: number
  places: Record<NeededColumn, number>
}

function readRows(source: { file: string; text: string }): { header: Header; rows: Row[] } {
  const { file, text } = source
  const firstLine = text.split('\n', 1)[0] ?? ''
  const [best] = delimiters
    .map((delimiter) => ({ delimiter, names: readHeader(firstLine, delimiter) }))
    .toSorted((a, b) => countKnown(b.names) - countKnown(a.names))
  const { delimiter = ',', names = [] } = best ?? {}
  const header = { width: names.length, places: placeColumns(names, file) }
  const [, ...rows] = splitRows({ ...source, delimiter })
  return { header, rows }
}

function readHeader(line: string, delimiter: string): string[] {
  const [cells = []] = parse(line, { delimiter, relax_quotes: true, relax_column_count: true }) as string[][]
  return cells.map((cell) => cell.trim().toLowerCase())
}

function countKnown(names: readonly string[]): number {
  return reviewColumns.filter((column) => names.includes(column)).length
}

function placeColumns(names: readonly string[], file: string): Header['places'] {
  const refuse = (field: string, message: string) =>
    new GateError({
      code: 'audit',
      message,
      where: { file, line: 1, field },
      remedy: 'use the review.csv that the run wrote, saved as CSV in UTF-8 with its header line',
    })
  const place = (column: NeededColumn): number => {
    const found = names.indexOf(column)
    if (found < 0) throw refuse(column, `there is no column \`${column}\``)
    if (names.lastIndexOf(column) !== found) throw refuse(column, `there are two columns \`${column}\``)
    return found
  }
  return { category: place('category'), arm: place('arm'), turn: place('turn'), human: place('human') }
}

function splitRows(source: { file: string; text: string; delimiter: string }): Row[] {
  const { file, text, delimiter } = source
  let read: { record: string[]; info: { lines: number } }[]
  try {
    // With `info` each row comes with the number of its last line, which the types don't say.
    read = parse(text, {
      delimiter,
      info: true,
      relax_column_count: true,
      record_delimiter: '\n',
    }) as unknown as typeof read
  } catch (cause) {
    throw new GateError({
      code: 'audit',
      message: 'not CSV: a quotation mark is not closed, or stands where none can',
      where: { file, line: (cause as CsvError & { lines?: number }).lines },
      remedy:
        'save it from a spreadsheet as CSV in UTF-8, or start again from the review.csv that the run wrote',
      cause,
    })
  }
  return read.map(({ record }, index) => ({ line: (read[index - 1]?.info.lines ?? 0) + 1, cells: record }))
}

/** Items by the cells that name them, as they are written and as they are; `null` where two are written alike. */
function nameWritten(items: readonly ReviewItem[]): Map<string, ReviewItem | null> {
  const named = new Map<string, ReviewItem | null>()
  const write = (cells: readonly string[]) => JSON.stringify(cells)
  for (const item of items) {
    const cells = [item.category, item.arm, item.turn]
    const name = write(cells.map((cell) => writeReviewCell(cell)))
    named.set(name, named.has(name) ? null : item)
  }
  for (const item of items) {
    const name = write([item.category, item.arm, item.turn])
    if (!named.has(name)) named.set(name, item)
  }
  return named
}

function findItem(request: {
  items: ReadonlyMap<string, ReviewItem | null>
  take: (column: NeededColumn) => string
  refuse: Refuse
}): ReviewItem {
  const { items, take, refuse } = request
  const [category, arm, turn] = [take('category'), take('arm'), take('turn')]
  const item = items.get(JSON.stringify([category, arm, turn]))
  if (item === undefined) {
    throw refuse(
      `turn "${turn}" of the ${arm} in "${category}" is not among the items to read of this run`,
      'leave the cells but `human` as the run wrote them, and use the review.csv of this very run',
      'turn',
    )
  }
  if (item === null) {
    throw refuse(
      `several items of this run are written as turn "${turn}" of the ${arm} in "${category}"`,
      'say what they are with --audit, where ids are JSON',
      'turn',
    )
  }
  return item
}
