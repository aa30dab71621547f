import { type CategoryRow, describeDecision, joinBounds } from '../category-row.ts'
import type { Fact } from '../facts.ts'
import { say, verbatim } from '../text.ts'
import type { ReportView } from '../view.ts'
import type { Section } from './fit.ts'
import { type Cell, escapeMarkdown, renderList, renderTable, renderText } from './markdown.ts'

/** The first line: the verdict's word in bold, the rest as it is, so that a long line stays readable. */
export function renderHeadline({ word, finding }: Pick<ReportView, 'word' | 'finding'>): string {
  return `**${word}:** ${renderText(finding)}`
}

/** The banners as one alert, `null` without any. */
export function renderBanners(view: ReportView, longestBytes: number): string | null {
  if (view.banners.length === 0) return null
  const list = renderList(view.banners, longestBytes)
  return ['> [!WARNING]', ...list.split('\n').map((line) => `> ${line}`)].join('\n')
}

const categoryHeader = [
  'Category',
  'Predicted',
  'Baseline',
  'Candidate',
  'Difference',
  'Limit',
  'Verdict',
] as const

/** The table of categories. */
export function renderCategories(rows: readonly CategoryRow[], longestBytes: number): string {
  return renderTable({ header: categoryHeader, rows: rows.map(listCells), longestBytes })
}

function listCells(row: CategoryRow): Cell[] {
  return [
    say`${verbatim(row.id)}`,
    describePrediction(row),
    joinArm(row.baseline),
    joinArm(row.candidate),
    row.difference === null ? '' : `${row.difference.size} (${row.difference.p})`,
    describeLimit(row),
    `${describeDecision(row)}: ${row.reason}`,
  ]
}

function describePrediction({ predicted, outside }: CategoryRow): string {
  if (predicted === null) return ''
  return `${predicted.rate} (${predicted.interval})${outside ? ', outside' : ''}`
}

function describeLimit({ limit }: CategoryRow): string {
  if (limit === null) return ''
  return limit.written === limit.beside ? limit.written : `${limit.written} (${limit.beside})`
}

function joinArm(cell: CategoryRow['candidate']): string {
  const bounds = joinBounds(cell)
  return bounds === '' ? cell.counts : `${cell.counts} (${bounds})`
}

/** planned = graded + missing + not asked, per arm and category. */
export function renderReconciliation(view: ReportView, longestBytes: number): string {
  return renderTable({
    header: ['Category', 'Arm', 'Planned', '= graded', '+ missing', '+ not asked', 'Causes'],
    rows: view.reconciliation.map((row) => [
      say`${verbatim(row.category)}`,
      row.arm,
      say`${row.planned}`,
      say`${row.graded}`,
      say`${row.missing}`,
      say`${row.notAsked}`,
      row.causes,
    ]),
    longestBytes,
  })
}

/** What completions look like without any judge. */
export function renderSignals(view: ReportView, longestBytes: number): string {
  return renderTable({
    header: ['Signal', 'Baseline', 'Candidate'],
    rows: view.signals.map(({ name, baseline, candidate }) => [name, baseline, candidate]),
    longestBytes,
  })
}

/** Counts by slice; empty without slices. */
export function renderSlices(view: ReportView, longestBytes: number): string {
  const { rows, left } = view.slices
  if (rows.length === 0) return ''
  const table = renderTable({
    header: ['Slice', 'Category', 'Turns', 'Baseline', 'Candidate'],
    rows: rows.map((row) => [
      say`${verbatim(row.key)} ${verbatim(row.value)}`,
      say`${verbatim(row.category)}`,
      say`${row.turns}`,
      say`${row.baselineEvents}`,
      say`${row.candidateEvents}`,
    ]),
    longestBytes,
  })
  const note = 'Where the arms differ most; not registered, so a place to look and not a finding.'
  return `${note}${left === 0 ? '' : ` ${left} more slices are not shown.`}\n\n${table}`
}

/** Facts as a two-column table. */
export function renderFacts(facts: readonly Fact[], longestBytes: number): string {
  return renderTable({
    header: ['Fact', 'Value'],
    rows: facts.map(({ name, value }) => [name, value]),
    longestBytes,
  })
}

/** A section that is folded until it is clicked on; empty when its body is. */
export function fold(title: string, body: string): Section {
  const summary = escapeMarkdown(title)
  return {
    title,
    body: body === '' ? '' : `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`,
  }
}

/** A section under a heading; empty when its body is. */
export function head(title: string, body: string): Section {
  return { title, body: body === '' ? '' : `### ${escapeMarkdown(title)}\n\n${body}` }
}
