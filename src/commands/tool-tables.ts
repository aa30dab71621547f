import type { Exclusion } from '../corpus/standing.ts'
import { formatShare } from '../report/format.ts'
import { safeText } from '../safe-text.ts'
import type { ToolDatabase } from '../tools/database.ts'
import type { HitCounts, HitRate } from '../tools/hit-rate.ts'
import type { ToolSummary } from '../tools/layout.ts'

/** What a database holds, by tool. */
export function renderTools(
  { digest, conversations, strayResults, tools }: ToolDatabase,
  { leftOut, folder }: { leftOut: Record<Exclusion, number>; folder: string },
): string {
  const sum = (key: 'calls' | 'distinct' | 'errors' | 'empty' | 'unanswered' | 'verbatim') =>
    tools.reduce((total, tool) => total + tool[key], 0)
  const all = {
    name: 'all',
    calls: sum('calls'),
    distinct: sum('distinct'),
    errors: sum('errors'),
    empty: sum('empty'),
    unanswered: sum('unanswered'),
    verbatim: sum('verbatim'),
    latency_ms: null,
  }
  const heads = ['tool', 'calls', 'distinct', 'errors', 'empty', 'no result', 'verbatim', 'latency p50, p95']
  const rows = [...tools, ...(tools.length > 1 ? [all] : [])].map(describeTool)
  const notes = [
    note(strayResults, 'results answer no call and are left out'),
    note(leftOut.expired, 'conversations have expired and are left out'),
    note(leftOut['no-consent'], 'conversations without consent are left out'),
    note(leftOut.erased, 'conversations were to be forgotten and are left out'),
  ].flat()
  return [
    `${format(conversations)} conversations, ${format(all.calls)} calls of ${format(tools.length)} tools`,
    ...(tools.length === 0 ? [] : ['', ...renderTable([heads, ...rows])]),
    '',
    ...notes,
    `The database is in ${safeText(folder)}, its digest (\`tools.database.sha256\` in the policy):`,
    digest,
  ].join('\n')
}

function note(count: number, what: string): string[] {
  return count === 0 ? [] : [`${format(count)} ${what}.`]
}

function describeTool(tool: ToolSummary): string[] {
  const { name, calls, distinct, errors, empty, unanswered, verbatim, latency_ms: latency } = tool
  const results = calls - unanswered
  return [
    safeText(name, 60),
    format(calls),
    format(distinct),
    errors === 0 ? '0' : `${format(errors)} (${formatShare(errors, results)})`,
    format(empty),
    format(unanswered),
    format(verbatim),
    latency === null ? '–' : `${formatMs(latency.p50)}, ${formatMs(latency.p95)}`,
  ]
}

/** How often held-out calls are in a database, by tool. */
export function renderHits({ conversations, all, tools }: HitRate): string {
  const heads = ['tool', 'calls', 'in the database', 'same text', 'errors in the log', 'replayed']
  const rows = tools.map((tool) => describeHits(tool.name, tool))
  return [
    `${format(all.hits)} of ${format(all.calls)} calls (${formatShare(all.hits, all.calls)}) of ` +
      `${format(conversations)} held-out conversations are in the database`,
    '',
    ...renderTable([heads, ...rows, ...(tools.length > 1 ? [describeHits('all', all)] : [])]),
  ].join('\n')
}

function describeHits(name: string, counts: HitCounts): string[] {
  const { calls, hits, compared, sameText, errorsLogged, errorsReplayed } = counts
  return [
    safeText(name, 60),
    format(calls),
    `${format(hits)} (${formatShare(hits, calls)})`,
    compared === 0 ? '–' : `${format(sameText)} of ${format(compared)}`,
    format(errorsLogged),
    format(errorsReplayed),
  ]
}

/** Rows of cells as lines: the first cell to the left, the others to the right. */
function renderTable(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

function format(count: number): string {
  return count.toLocaleString('en-US')
}

function formatMs(ms: number): string {
  return ms >= 10_000 ? `${Number((ms / 1000).toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`
}
