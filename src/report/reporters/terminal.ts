import { safeText } from '../../safe-text.ts'
import { type CategoryRow, uncalibratedMark } from '../category-row.ts'
import { countThings } from '../format.ts'
import { formatPlain, type Text } from '../text.ts'
import type { ReportView } from '../view.ts'

const widest = 120
const gap = 2
const widestCategory = 24
const narrowestCategory = 16
const shownAttempts = 10

interface Column {
  title: string
  /** Given up first when the table is too wide; never when 0. */
  giveUp: number
  read: (row: CategoryRow) => string
}

const columns: readonly Column[] = [
  { title: 'baseline', giveUp: 0, read: (row) => row.baseline.counts },
  { title: 'candidate', giveUp: 0, read: (row) => row.candidate.counts },
  { title: 'at most', giveUp: 2, read: (row) => row.candidate.upper ?? '–' },
  { title: 'difference', giveUp: 1, read: (row) => row.difference?.size ?? '–' },
  { title: 'margin', giveUp: 4, read: (row) => row.difference?.margin ?? '–' },
  { title: 'limit', giveUp: 3, read: (row) => row.limit?.beside ?? '–' },
  { title: 'verdict', giveUp: 0, read: (row) => row.verdict.toUpperCase() },
]

/** The report for a terminal: plain text, no line over 120 characters. */
export function renderTable(view: ReportView): string {
  const { categories } = view
  const shown = chooseColumns(categories)
  const cells = categories.map((row) => shown.map((column) => column.read(row)))
  const widths = shown.map((column, index) =>
    measure([column.title, ...cells.map((row) => row[index] ?? '')]),
  )
  const left = widest - widths.reduce((sum, width) => sum + width + gap, 0)
  const ids = categories.map((row) => nameRow(row, Math.min(widestCategory, left)))
  const idWidth = measure(['category', ...ids])
  const align = (first: string, rest: readonly string[]) =>
    [first.padEnd(idWidth), ...rest.map((cell, index) => cell.padEnd(widths[index] ?? 0))]
      .join(' '.repeat(gap))
      .trimEnd()
  const table = [
    align(
      'category',
      shown.map(({ title }) => title),
    ),
    ...cells.map((row, index) => align(ids[index] ?? '', row)),
  ]
  const reasons = categories
    .filter(({ verdict, role }) => verdict !== 'pass' || role === 'watch')
    .flatMap((row) => wrap(`${safeText(row.id)}: ${row.reason}${describeStanding(row)}`))
  const say = (texts: readonly Text[]) => texts.flatMap((text) => wrap(formatPlain(text)))
  const before = say([
    ...view.history,
    ...view.banners,
    ...view.policyChanges,
    ...view.notices,
    ...view.missing,
  ])
  const attempts = listAttempts(view)
  const blocks = [
    wrap(view.headline),
    before,
    table,
    reasons,
    attempts,
    say([...view.identity, ...view.notes]),
  ].filter((block) => block.length > 0)
  return blocks.map((block) => block.join('\n')).join('\n\n')
}

/** A line for each of the last attempts; in which parts their plans differ is in the report. */
function listAttempts({ attempts }: ReportView): string[] {
  const shown = attempts.slice(-shownAttempts)
  const left = attempts.length - shown.length
  const lines = shown.flatMap(({ run, began, tier, verdict, plan }) =>
    wrap([...[run, began].map(formatPlain), tier, verdict, `plan ${formatPlain(plan)}`].join(', ')),
  )
  return left === 0
    ? lines
    : [`${countThings(left, 'earlier attempt', 'earlier attempts')} not shown`, ...lines]
}

/** The columns that leave room for the category. */
function chooseColumns(categories: readonly CategoryRow[]): readonly Column[] {
  const hasMargin = categories.some(({ difference }) => (difference?.margin ?? null) !== null)
  let shown = columns.filter(({ title }) => hasMargin || title !== 'margin')
  for (let given = 1; given <= columns.length; given += 1) {
    const taken = shown.reduce(
      (sum, column) => sum + gap + measure([column.title, ...categories.map((row) => column.read(row))]),
      0,
    )
    if (taken + narrowestCategory <= widest) return shown
    shown = shown.filter(({ giveUp }) => giveUp !== given)
  }
  return shown
}

function nameRow({ id, uncalibrated }: CategoryRow, longest: number): string {
  const mark = uncalibrated ? ` ${uncalibratedMark}` : ''
  return `${shorten(safeText(id), longest - mark.length)}${mark}`
}

function describeStanding({ role, audit }: CategoryRow): string {
  const notes = [...(audit === 'pending' ? ['audit pending'] : []), ...(role === 'watch' ? ['watched'] : [])]
  return notes.length === 0 ? '' : ` (${notes.join(', ')})`
}

function measure(cells: readonly string[]): number {
  return cells.reduce((widest, cell) => Math.max(widest, [...cell].length), 0)
}

function shorten(text: string, longest: number): string {
  const points = [...text]
  return points.length <= longest ? text : `${points.slice(0, Math.max(0, longest - 1)).join('')}…`
}

/** Breaks a line at spaces so that none is over the width; a word over it is cut. */
function wrap(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').map((part) => shorten(part, widest))) {
    const longer = line === '' ? word : `${line} ${word}`
    if ([...longer].length > widest && line !== '') {
      lines.push(line)
      line = word
    } else line = longer
  }
  return line === '' ? lines : [...lines, line]
}
