import { countThings } from '../format.ts'
import type { ReportView } from '../view.ts'
import { fitSections } from './fit.ts'
import { renderGraders } from './graders.ts'
import { renderList, renderText } from './markdown.ts'
import {
  fold,
  renderAttempts,
  renderBanners,
  renderCategories,
  renderFacts,
  renderHeadline,
  renderNotes,
  renderReconciliation,
  renderSignals,
} from './sections.ts'

/** The first line of every comment of the gate, by which it finds its own (author permitting). */
export const commentMarker = '<!-- checkpoint-gate -->'

/** GitHub refuses a comment over 65,536 characters. */
const longestComment = 60_000
const longestTable = 24_000
const longestBanners = 7000
const passesShown = 3

/** The comment on the pull request: the verdict, what caused it and one table, the rest folded. */
export function renderComment(view: ReportView): string {
  const passing = view.categories.filter(({ verdict }) => verdict === 'pass')
  const folded = passing.length > passesShown ? passing : []
  const shown = view.categories.filter((row) => !folded.includes(row))
  const head = [
    commentMarker,
    renderHeadline(view),
    renderBanners(view, longestBanners),
    renderText(view.comparison),
    shown.length === 0
      ? null
      : renderCategories({ rows: shown, longestBytes: longestTable, withRatio: false }),
    renderNotes(view),
  ]
  return fitSections({
    head: head.filter((part) => part !== null).join('\n\n'),
    sections: [
      fold(
        `${countThings(folded.length, 'category passes', 'categories pass')}`,
        folded.length === 0
          ? ''
          : renderCategories({ rows: folded, longestBytes: longestTable, withRatio: false }),
      ),
      { title: 'Missing', body: renderList(view.missing, 4000) },
      fold('Attempts', renderAttempts(view, 8000)),
      fold('Counts: planned = graded + missing + not asked', renderReconciliation(view, 12_000)),
      fold('Signals that need no judge', renderSignals(view, 6000)),
      fold('Graders', renderGraders(view, 6000)),
      fold('Sample', renderFacts(view.sample, 6000)),
      fold('Plan', renderFacts([...view.plan, ...view.spending], 8000)),
      fold('Amendments of the registration', renderList(view.amendments, 6000)),
      fold('How to read this', renderList(view.reading, 6000)),
    ],
    longestBytes: longestComment,
  })
}
