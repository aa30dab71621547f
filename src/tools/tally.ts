import type { RecordedCall } from './calls.ts'
import { createColumn } from './column.ts'
import type { ToolSummary } from './layout.ts'

/** Counts the calls of one tool. */
export interface ToolTally {
  add(call: RecordedCall, isNew: boolean): void
  counts(): Omit<ToolSummary, 'name'>
}

/** Counts of nothing yet. Latencies take 8 bytes a call. */
export function createTally(): ToolTally {
  const counts = { calls: 0, distinct: 0, unanswered: 0, errors: 0, empty: 0, verbatim: 0 }
  const latencies = createColumn(Float64Array)
  return {
    add({ arguments: { kind }, response, latencyMs }, isNew) {
      counts.calls += 1
      if (isNew) counts.distinct += 1
      if (kind === 'verbatim') counts.verbatim += 1
      if (response === null) counts.unanswered += 1
      else if (response.isError) counts.errors += 1
      else if (isEmpty(response.text)) counts.empty += 1
      if (latencyMs !== null) latencies.push(latencyMs)
    },
    counts() {
      const sorted = latencies.values().toSorted()
      const latency_ms =
        sorted.length === 0
          ? null
          : { calls: sorted.length, p50: findQuantile(sorted, 0.5), p95: findQuantile(sorted, 0.95) }
      return { ...counts, latency_ms }
    },
  }
}

/** What is known of a tool. */
export function summariseTool(name: string, tally: ToolTally): ToolSummary {
  return { name, ...tally.counts() }
}

/** Whether a response says that there is nothing: no error, and not what was asked for either. */
export function isEmpty(text: string): boolean {
  const trimmed = text.trim()
  return trimmed.length < 100 && /^(?:null|\[\s*\]|\{\s*\}|"")?$/.test(trimmed)
}

/** The smallest value that at least this share of all does not exceed. */
function findQuantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
