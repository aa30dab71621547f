import type { ReportView } from '../view.ts'
import { fitSections } from './fit.ts'
import { renderGraders } from './graders.ts'
import { renderList, renderText } from './markdown.ts'
import {
  head,
  renderAttempts,
  renderBanners,
  renderCategories,
  renderFacts,
  renderHeadline,
  renderNotes,
  renderReconciliation,
  renderSignals,
  renderSlices,
} from './sections.ts'

/** GitHub uploads no step summary over 1 MiB, and others may write to the same one. */
const longestSummary = 900_000
const longestTable = 150_000

/** The job's summary: everything that the comment folds, and slices and spending beside it. */
export function renderSummary(view: ReportView): string {
  const parts = [
    '## Checkpoint Gate',
    renderHeadline(view),
    renderBanners(view, 20_000),
    renderText(view.comparison),
    renderCategories({ rows: view.categories, longestBytes: longestTable, withRatio: true }),
    renderNotes(view),
  ]
  return fitSections({
    head: parts.filter((part) => part !== null).join('\n\n'),
    sections: [
      head('Missing', renderList(view.missing, longestTable)),
      head('Attempts', renderAttempts(view, longestTable)),
      head('Counts: planned = graded + missing + not asked', renderReconciliation(view, longestTable)),
      head('Signals that need no judge', renderSignals(view, longestTable)),
      head('Graders', renderGraders(view, longestTable)),
      head('Slices', renderSlices(view, longestTable)),
      head('Sample', renderFacts(view.sample, longestTable)),
      head('Plan', renderFacts(view.plan, longestTable)),
      head('Cost and time', renderFacts(view.spending, longestTable)),
      head('Amendments of the registration', renderList(view.amendments, longestTable)),
      head('How to read this', renderList(view.reading, longestTable)),
    ],
    longestBytes: longestSummary,
  })
}
