import type { RecordSummary } from '../record/schema.ts'
import type { AnsweredCalls } from '../record/trajectory.ts'
import { type CallDefect, callDefects, type ToolSource, toolSources } from '../replay/completion.ts'
import type { SignalRow } from './facts.ts'
import { formatShare } from './format.ts'
import { formatCount, say, type Text, verbatim } from './text.ts'

const sourceNames: Readonly<Record<ToolSource, string>> = {
  recorded: 'from recordings',
  similar: 'by a similar past call',
  simulated: 'by a simulator',
  connector: 'by a live read-only tool',
  blocked: 'refused',
}
const defectNames: Readonly<Record<CallDefect, string>> = {
  'invalid-json': 'arguments that are no JSON',
  'unknown-tool': 'tools that were not offered',
  'invalid-arguments': "arguments that don't fit the tool",
}
const shownTools = 8

/** What the arms' tool calls were answered with, how often tools failed, and calls that no tool could carry out. */
export function listToolSignals({ arms }: RecordSummary): SignalRow[] {
  const [baseline, candidate] = [arms.baseline.answered ?? [], arms.candidate.answered ?? []]
  const totals = { baseline: countCalls(baseline), candidate: countCalls(candidate) }
  if (totals.baseline + totals.candidate === 0) return []
  const share = (name: Text, count: (rows: readonly AnsweredCalls[]) => number): SignalRow[] => {
    const counts = { baseline: count(baseline), candidate: count(candidate) }
    if (counts.baseline + counts.candidate === 0) return []
    return [
      {
        name,
        baseline: formatShare(counts.baseline, totals.baseline),
        candidate: formatShare(counts.candidate, totals.candidate),
      },
    ]
  }
  const where = (matches: (row: AnsweredCalls) => boolean) => (rows: readonly AnsweredCalls[]) =>
    countCalls(rows.filter(matches))
  return [
    {
      name: say`tool calls answered`,
      baseline: formatCount(totals.baseline),
      candidate: formatCount(totals.candidate),
    },
    ...toolSources.flatMap((source) =>
      share(
        say`${sourceNames[source]}`,
        where((row) => row.source === source),
      ),
    ),
    ...share(say`by an error`, (rows) => rows.reduce((sum, { errors }) => sum + errors, 0)),
    ...share(say`cut off for their length`, (rows) => rows.reduce((sum, { cut = 0 }) => sum + cut, 0)),
    ...callDefects.flatMap((defect) =>
      share(
        say`with ${defectNames[defect]}`,
        where((row) => row.defect === defect),
      ),
    ),
    ...listTools([...baseline, ...candidate]).flatMap((tool) =>
      share(
        say`calls of ${verbatim(tool)}`,
        where((row) => row.tool === tool),
      ),
    ),
  ]
}

/** The tools that were called most. */
function listTools(rows: readonly AnsweredCalls[]): string[] {
  const calls = new Map<string, number>()
  for (const { tool, calls: count } of rows) {
    if (tool !== null) calls.set(tool, (calls.get(tool) ?? 0) + count)
  }
  const sorted = [...calls].toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
  return sorted.slice(0, shownTools).map(([tool]) => tool)
}

function countCalls(rows: readonly AnsweredCalls[]): number {
  return rows.reduce((sum, { calls }) => sum + calls, 0)
}
