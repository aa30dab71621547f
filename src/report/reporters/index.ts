import { runFiles } from '../../record/schema.ts'
import type { ReportView } from '../view.ts'
import { renderComment } from './comment.ts'
import { renderHtml } from './html/page.ts'
import { renderPredicate } from './predicate.ts'
import { renderReviewCsv } from './review-csv.ts'
import { renderSummary } from './summary.ts'

/** A file that is written from the view. */
export interface FileReporter {
  name: 'comment' | 'summary' | 'report' | 'review' | 'predicate'
  file: string
  render: (view: ReportView) => string
}

/** Every file that a run writes for others to read. */
export const fileReporters: readonly FileReporter[] = [
  { name: 'comment', file: runFiles.comment, render: renderComment },
  { name: 'summary', file: runFiles.summary, render: renderSummary },
  { name: 'report', file: runFiles.report, render: renderHtml },
  { name: 'review', file: runFiles.review, render: renderReviewCsv },
  { name: 'predicate', file: runFiles.predicate, render: renderPredicate },
]
