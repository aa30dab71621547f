import { stringify } from 'csv-stringify/sync'
import { type ReviewColumn, reviewColumns, writeReviewCell } from '../../record/review-file.ts'
import type { ReviewRow } from '../review.ts'
import type { ReportView } from '../view.ts'

/** What a person reads of one completion: some pages; no spreadsheet takes 32,768 characters in a cell. */
const longestCompletion = 8000
const longestQuote = 2000

/**
 * What people should read as a table for a spreadsheet, with a column to fill in: read back by `parseReviews`. Text
 * that is not ours can be no formula in any cell. It begins with a byte order mark, without which spreadsheets take
 * UTF-8 for something else.
 */
export function renderReviewCsv({ review }: Pick<ReportView, 'review'>): string {
  const columns = reviewColumns.filter(
    (column) => review.keepsText || (column !== 'quote' && column !== 'completion'),
  )
  const rows = review.rows.map((row) => columns.map((column) => writeCell(row, column)))
  return stringify([columns, ...rows], { bom: true, record_delimiter: '\n' }).replace(/\n$/, '')
}

function writeCell(row: ReviewRow, column: ReviewColumn): string {
  switch (column) {
    case 'why':
      return row.why.join(', ')
    case 'votes':
      return row.votes
    case 'prescreens':
      return row.prescreens.join(', ')
    case 'quote':
      return writeReviewCell(row.text?.quote ?? '', longestQuote)
    case 'completion':
      return writeReviewCell(joinText(row), longestCompletion)
    case 'human':
      return row.human ?? ''
    default:
      return writeReviewCell(row[column])
  }
}

/** In one cell: a trajectory is read from its first step to its answer. */
function joinText({ text }: ReviewRow): string {
  if (text === null) return ''
  return text.steps === undefined ? text.completion : `${text.steps}\n[answer]\n${text.completion}`
}
