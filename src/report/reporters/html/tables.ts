import { type ArmCell, type CategoryRow, describeVerdict, joinBounds } from '../../category-row.ts'
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
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table class="${className}">
<thead><tr>${titles}</tr></thead>
<tbody>
${lines}</tbody>
</table></div>`
}

/** The table of categories. */
export function renderCategories(view: ReportView): Markup {
  return renderTable({
    label: 'Categories',
    header: ['Category', 'Predicted', 'Baseline', 'Candidate', 'Difference', 'Limit', 'Verdict'],
    rows: view.categories.map(listCells),
    className: 'wrap',
  })
}

function listCells(row: CategoryRow): Child[] {
  const { difference } = row
  const outside = row.outside ? html`<span class="second outside">outside</span>` : null
  return [
    markCode(row.id),
    row.predicted === null ? '–' : html`${row.predicted}${outside}`,
    markArm(row.baseline),
    markArm(row.candidate),
    difference === null
      ? '–'
      : html`${difference.size} (${difference.p})<span class="second">${difference.bounds}</span>`,
    row.limit ?? '–',
    html`<span class="verdict ${row.verdict}">${describeVerdict(row)}</span>`,
  ]
}

function markArm(cell: ArmCell): Markup {
  const bounds = joinBounds(cell)
  return html`${cell.counts}${bounds === '' ? null : html`<span class="second">${bounds}</span>`}`
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
