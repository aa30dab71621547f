import { joinArm } from '../arm-cell.ts'
import { type CategoryRow, describeDecision, uncalibratedMark } from '../category-row.ts'
import { describeSlices, describeSliceTest } from '../slices.ts'
import { type Fact, say, type Text, verbatim } from '../text.ts'
import type { ReportView } from '../view.ts'
import type { Section } from './fit.ts'
import { type Cell, escapeMarkdown, renderList, renderTable, renderText } from './markdown.ts'

/** The first line: the verdict's word in bold, the rest as it is, so that a long line stays readable. */
export function renderHeadline({ word, finding }: Pick<ReportView, 'word' | 'finding'>): string {
  return `**${renderText(word)}:** ${renderText(finding)}`
}

/** The history, the banners, the changes of the policy and the notices as an alert each, `null` without any. */
export function renderBanners(
  { history, banners, policyChanges, notices }: ReportView,
  longestBytes: number,
): string | null {
  const alerts = [
    ...renderAlert('WARNING', history, longestBytes),
    ...renderAlert('WARNING', banners, longestBytes),
    ...renderAlert('WARNING', policyChanges, longestBytes),
    ...renderAlert('NOTE', notices, longestBytes),
  ]
  return alerts.length === 0 ? null : alerts.join('\n\n')
}

function renderAlert(kind: 'WARNING' | 'NOTE', texts: readonly Text[], longestBytes: number): string[] {
  if (texts.length === 0) return []
  const list = renderList(texts, longestBytes)
  return [[`> [!${kind}]`, ...list.split('\n').map((line) => `> ${line}`)].join('\n')]
}

interface Column {
  title: string
  read: (row: CategoryRow) => Cell
}

const ratioColumn: Column = { title: 'Ratio', read: (row) => row.ratio ?? '' }
const columns: readonly Column[] = [
  { title: 'Category', read: (row) => describeCategory(row) },
  { title: 'Predicted', read: (row) => describePrediction(row) },
  { title: 'Baseline', read: (row) => joinArm(row.baseline) },
  { title: 'Candidate', read: (row) => joinArm(row.candidate) },
  { title: 'Difference', read: (row) => describeDifference(row) },
  { title: 'Limit', read: (row) => describeLimit(row) },
  { title: 'Verdict', read: (row) => `${describeDecision(row)}: ${row.reason}` },
]

/** The table of categories. */
export function renderCategories(table: {
  rows: readonly CategoryRow[]
  longestBytes: number
  withRatio: boolean
}): string {
  const { rows, longestBytes, withRatio } = table
  const shown = withRatio ? columns.toSpliced(5, 0, ratioColumn) : columns
  return renderTable({
    header: shown.map(({ title }) => title),
    rows: rows.map((row) => shown.map(({ read }) => read(row))),
    longestBytes,
  })
}

/** What stands below the table, a paragraph each; `null` when nothing does. */
export function renderNotes({ notes }: ReportView): string | null {
  return notes.length === 0 ? null : notes.map((note) => renderText(note)).join('\n\n')
}

function describeCategory({ id, uncalibrated }: CategoryRow): Text {
  return uncalibrated ? say`${verbatim(id)} ${uncalibratedMark}` : say`${verbatim(id)}`
}

function describeDifference({ difference }: CategoryRow): string {
  if (difference === null) return ''
  const margin = difference.margin === null ? '' : `, margin ${difference.margin}`
  return `${difference.size} (${difference.p})${margin}`
}

function describePrediction({ predicted, outside }: CategoryRow): string {
  if (predicted === null) return ''
  return `${predicted.rate} (${predicted.interval})${outside ? ', outside' : ''}`
}

function describeLimit({ limit }: CategoryRow): string {
  if (limit === null) return ''
  return limit.written === limit.beside ? limit.written : `${limit.written} (${limit.beside})`
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

/** All attempts on the candidate; empty without another. */
export function renderAttempts({ attempts }: ReportView, longestBytes: number): string {
  if (attempts.length === 0) return ''
  return renderTable({
    header: attemptHeader,
    rows: attempts.map((row) => [row.run, row.began, row.tier, row.verdict, row.plan, row.changed]),
    longestBytes,
  })
}

/** The columns of the table of attempts. */
export const attemptHeader = ['Run', 'Began', 'Tier', 'Verdict', 'Plan', 'What differs in its plan']

/** What completions look like without any judge. */
export function renderSignals(view: ReportView, longestBytes: number): string {
  return renderTable({
    header: ['Signal', 'Baseline', 'Candidate'],
    rows: view.signals.map(({ name, baseline, candidate }) => [name, baseline, candidate]),
    longestBytes,
  })
}

/** The arms by slice; empty without slices. */
export function renderSlices(view: ReportView, longestBytes: number): string {
  const { rows, left } = view.slices
  if (rows.length === 0) return ''
  const table = renderTable({
    header: ['Slice', 'Category', 'Turns', 'Baseline', 'Candidate', 'Worse, adjusted'],
    rows: rows.map((row) => [
      say`${verbatim(row.key)} ${verbatim(row.value)}`,
      say`${verbatim(row.category)}`,
      say`${row.turns}`,
      say`${row.baselineEvents}`,
      say`${row.candidateEvents}`,
      describeSliceTest(row),
    ]),
    longestBytes,
  })
  return `${describeSlices(left)}\n\n${table}`
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
