import { safeLines } from '../../../safe-text.ts'
import { countThings } from '../../format.ts'
import type { ReviewRow } from '../../review.ts'
import type { ReportView } from '../../view.ts'
import { html, type Markup, markCode, markText } from './markup.ts'

/** A page of a few hundred kilobytes; `review.csv` holds all. */
const shownRows = 100
const longestText = 1500
const longestSteps = 6000

/** What people should read, folded; nothing without any. Text only where policy keeps it. */
export function renderReview({ review }: ReportView): Markup | null {
  if (review.rows.length === 0) return null
  const shown = review.rows.slice(0, shownRows)
  const left = review.rows.length - shown.length
  const more =
    left === 0
      ? null
      : html`\n<p class="note">${countThings(left, 'more is', 'more are')} in ${markCode('review.csv')} only.</p>`
  return html`${review.howTo.map((text) => html`<p>${markText(text)}</p>\n`)}<details class="review">
<summary>${countThings(review.rows.length, 'item', 'items')} to read</summary>
<ol>
${shown.map(renderRow)}</ol>${more}
</details>`
}

function renderRow(row: ReviewRow): Markup {
  const { text } = row
  const line = html`${markCode(row.turn)} ${row.arm}, ${markCode(row.category)}<span class="second">${describeRow(row)}</span>`
  if (text === null) return html`<li>${line}</li>\n`
  const quote = text.quote === '' ? null : html`<p class="text quote">${markLines(text.quote)}</p>`
  const steps =
    text.steps === undefined ? null : html`<p class="text">${markLines(text.steps, longestSteps)}</p>`
  return html`<li><details><summary>${line}</summary>${quote}${steps}<p class="text">${markLines(text.completion)}</p></details></li>\n`
}

function describeRow({ label, why, votes, prescreens, human }: ReviewRow): string {
  const reasons = why
    .filter((reason) => reason !== 'flag')
    .map((reason) => (reason === 'pre-screened' ? `pre-screened (${prescreens.join(', ')})` : reason))
  const parts = [
    `labelled ${label}`,
    ...(reasons.length === 0 ? [] : [reasons.join(', ')]),
    ...(votes === '' ? [] : [`votes ${votes}`]),
    ...(human === null ? [] : [`read: ${human}`]),
  ]
  return parts.join(' · ')
}

/** Several lines of text that is not ours, their ends kept. */
function markLines(text: string, longest = longestText): Markup {
  const points = [...safeLines(text.slice(0, 4 * longest), longest)]
  const short = points.length <= longest ? points : [...points.slice(0, longest - 1), '…']
  return html`${short
    .join('')
    .split('\n')
    .flatMap((line, index) => (index === 0 ? [line] : [{ html: '\n' }, line]))}`
}
