import { type CategoryRow, describeDecision, joinBounds } from '../../category-row.ts'
import type { Fact } from '../../facts.ts'
import { formatCount, type Text } from '../../text.ts'
import type { ReportView } from '../../view.ts'
import { type Child, html, type Markup, markCode, markText } from './markup.ts'

/** A heading with what is under it; nothing when there is nothing. */
export function renderSection(title: string, content: Markup | null): Markup | null {
  return content === null ? null : html`<section>\n<h2>${title}</h2>\n${content}\n</section>\n`
}

/** A table in a box of its own, which scrolls where the screen is narrower. */
function renderTable(table: {
  label: string
  header: readonly string[]
  /** How many of the last columns hold numbers. */
  numbers?: number
  rows: readonly (readonly Child[])[]
  className?: string
}): Markup {
  const { label, header, rows, numbers = 0, className = 'plain' } = table
  const cell = (index: number) => (index >= header.length - numbers ? 'number' : 'text')
  const titles = header.map((title, index) => html`<th scope="col" class="${cell(index)}">${title}</th>`)
  const lines = rows.map(([first, ...rest]) => {
    const cells = rest.map((child, index) => html`<td class="${cell(index + 1)}">${child}</td>`)
    return html`<tr><th scope="row">${first ?? ''}</th>${cells}</tr>\n`
  })
  return html`<div class="scroll ${className}" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${titles}</tr></thead>
<tbody>
${lines}</tbody>
</table></div>`
}

/** The table of categories. */
export function renderCategories(view: ReportView): Markup {
  return renderTable({
    label: 'Categories',
    header: ['Category', 'Verdict', 'Baseline', 'Candidate', 'Difference', 'Limit', 'Predicted'],
    rows: view.categories.map(listCells),
  })
}

function listCells(row: CategoryRow): Child[] {
  const { verdict, difference, limit, predicted, outside } = row
  return [
    markCode(row.id),
    html`<span class="verdict ${verdict}">${describeDecision(row)}</span><span class="second reason">${row.reason}</span>`,
    html`${row.baseline.counts}${markSecond(joinBounds(row.baseline))}`,
    html`${row.candidate.counts}${markSecond(joinBounds(row.candidate))}`,
    difference === null ? '–' : html`${difference.size} (${difference.p})${markSecond(difference.bounds)}`,
    limit === null
      ? '–'
      : html`${limit.written}${markSecond(limit.beside === limit.written ? '' : limit.beside)}`,
    predicted === null
      ? '–'
      : html`${predicted.rate}${markSecond(predicted.interval)}${outside ? html`<span class="second outside">outside</span>` : null}`,
  ]
}

/** The second line of a cell. */
function markSecond(text: string): Markup | null {
  return text === '' ? null : html`<span class="second">${text}</span>`
}

/** planned = graded + missing + not asked, per arm and category. */
export function renderReconciliation(view: ReportView): Markup {
  return renderTable({
    label: 'Counts',
    header: ['Category', 'Arm', 'Planned', '= graded', '+ missing', '+ not asked', 'Causes'],
    rows: view.reconciliation.map((row) => [
      markCode(row.category),
      row.arm,
      formatCount(row.planned),
      formatCount(row.graded),
      formatCount(row.missing),
      formatCount(row.notAsked),
      row.causes === '' ? '–' : row.causes,
    ]),
    className: 'wrap',
  })
}

/** What completions look like without any judge. */
export function renderSignals(view: ReportView): Markup {
  return renderTable({
    label: 'Signals',
    header: ['Signal', 'Baseline', 'Candidate'],
    rows: view.signals.map(({ name, baseline, candidate }) => [markText(name), baseline, candidate]),
    numbers: 2,
    className: 'fitting',
  })
}

/** Counts by slice. */
export function renderSlices({ slices }: ReportView): Markup | null {
  if (slices.rows.length === 0) return null
  const left = slices.left === 0 ? '' : ` ${formatCount(slices.left)} more slices are not shown.`
  const table = renderTable({
    label: 'Slices',
    header: ['Slice', 'Category', 'Turns', 'Baseline', 'Candidate'],
    rows: slices.rows.map((row) => [
      html`${markCode(row.key)} ${markCode(row.value)}`,
      markCode(row.category),
      formatCount(row.turns),
      formatCount(row.baselineEvents),
      formatCount(row.candidateEvents),
    ]),
    numbers: 3,
    className: 'fitting',
  })
  return html`<p>Where the arms differ most; not registered, so a place to look and not a finding.${left}</p>\n${table}`
}

/** Facts by name. */
export function renderFacts(facts: readonly Fact[]): Markup {
  const items = facts.map(({ name, value }) => html`<dt>${name}</dt><dd>${markText(value)}</dd>\n`)
  return html`<dl class="facts">\n${items}</dl>`
}

/** Sentences as a list; nothing without any. */
export function renderTexts(texts: readonly Text[]): Markup | null {
  if (texts.length === 0) return null
  return html`<ul>\n${texts.map((text) => html`<li>${markText(text)}</li>\n`)}</ul>`
}
