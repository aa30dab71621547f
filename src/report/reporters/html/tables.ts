import { type ArmCell, joinBounds } from '../../arm-cell.ts'
import { type CategoryRow, describeDecision, uncalibratedMark } from '../../category-row.ts'
import { countThings } from '../../format.ts'
import { describeSlices, describeSliceTest } from '../../slices.ts'
import { type Fact, formatCount, type Text } from '../../text.ts'
import type { ReportView } from '../../view.ts'
import { attemptHeader } from '../sections.ts'
import { type Child, html, type Markup, markCode, markText } from './markup.ts'

/** A heading with what is under it; nothing when there is nothing. */
export function renderSection(title: string, content: Markup | null): Markup | null {
  return content === null ? null : html`<section>\n<h2>${title}</h2>\n${content}\n</section>\n`
}

/** A table in a box of its own, which scrolls where the screen is narrower. */
export function renderTable(table: {
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

/** The table of categories, and what it takes to read it. */
export function renderCategories(view: ReportView): Markup {
  const table = renderTable({
    label: 'Categories',
    header: ['Category', 'Verdict', 'Baseline', 'Candidate', 'Difference', 'Limit', 'Predicted'],
    rows: view.categories.map(listCells),
  })
  const notes = view.notes.map((note) => html`\n<p class="note">${markText(note)}</p>`)
  return html`${table}${notes}`
}

function listCells(row: CategoryRow): Child[] {
  const { verdict, limit, predicted, outside } = row
  return [
    row.uncalibrated ? html`${markCode(row.id)} ${uncalibratedMark}` : markCode(row.id),
    html`<span class="verdict ${verdict}">${describeDecision(row)}</span><span class="second reason">${row.reason}</span>`,
    renderArm(row.baseline),
    renderArm(row.candidate),
    renderDifference(row),
    limit === null
      ? '–'
      : html`${limit.written}${markSecond(limit.beside === limit.written ? '' : limit.beside)}`,
    predicted === null
      ? '–'
      : html`${predicted.rate}${markSecond(predicted.interval)}${outside ? html`<span class="second outside">outside</span>` : null}`,
  ]
}

function renderArm(cell: ArmCell): Markup {
  const lines = [cell.truth ?? '', joinBounds(cell), cell.audit ?? '']
  return html`${cell.counts}${lines.map(markSecond)}`
}

function renderDifference({ difference, ratio }: CategoryRow): Child {
  if (difference === null) return '–'
  const { size, bounds, p, margin, pWithin } = difference
  const test = margin === null ? '' : `margin ${margin} (${pWithin ?? ''})`
  return html`${size} (${p})${[bounds, test, ratio ?? ''].map(markSecond)}`
}

/** A further line of a cell. */
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

/** All attempts on the candidate; nothing without another. */
export function renderAttempts({ attempts }: ReportView): Markup | null {
  if (attempts.length === 0) return null
  return renderTable({
    label: 'Attempts',
    header: attemptHeader,
    rows: attempts.map((row) => [
      markText(row.run),
      markText(row.began),
      row.tier,
      row.verdict,
      markText(row.plan),
      row.changed.length === 0 ? '–' : markText(row.changed),
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

/** The arms by slice. */
export function renderSlices({ slices }: ReportView): Markup | null {
  if (slices.rows.length === 0) return null
  const table = renderTable({
    label: 'Slices',
    header: ['Slice', 'Category', 'Turns', 'Baseline', 'Candidate', 'Worse, adjusted'],
    rows: slices.rows.map((row) => [
      html`${markCode(row.key)} ${markCode(row.value)}`,
      markCode(row.category),
      formatCount(row.turns),
      formatCount(row.baselineEvents),
      formatCount(row.candidateEvents),
      describeSliceTest(row),
    ]),
    numbers: 4,
    className: 'fitting',
  })
  return html`<p>${describeSlices(slices.left)}</p>\n${table}`
}

/** Facts by name. */
export function renderFacts(facts: readonly Fact[]): Markup {
  const items = facts.map(({ name, value }) => html`<dt>${name}</dt><dd>${markText(value)}</dd>\n`)
  return html`<dl class="facts">\n${items}</dl>`
}

/** The digests of the plan's parts, folded. */
export function renderPlanParts({ planParts }: ReportView): Markup {
  const table = renderTable({
    label: 'Parts of the plan',
    header: ['Part', 'SHA-256'],
    rows: planParts.map(({ name, sha256 }) => [markText(name), markCode(sha256)]),
  })
  return html`<details>\n<summary>${countThings(planParts.length, 'part', 'parts')} of the plan, with digests</summary>\n${table}\n</details>`
}

/** Sentences as a list; nothing without any. */
export function renderTexts(texts: readonly Text[]): Markup | null {
  if (texts.length === 0) return null
  return html`<ul>\n${texts.map((text) => html`<li>${markText(text)}</li>\n`)}</ul>`
}
