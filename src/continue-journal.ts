import type { RunDirectory } from './ports.ts'
import type { RecordHistory } from './record/history.ts'
import { adoptJournals, type JournalHeader } from './record/journal.ts'
import { nameItem } from './record/review.ts'
import type { AuditLine } from './record/schema.ts'
import { writeAudits } from './record/store.ts'

/** An attempt whose results are taken over. */
export interface ContinuedAttempt {
  run: { id: string; attempt: number }
  directory: RunDirectory
  /** What people said of its flags. */
  audits: readonly AuditLine[]
}

/** Which attempts there were before, and those to continue, the earliest first. */
export interface MeasuredPast {
  history: RecordHistory
  continued: readonly ContinuedAttempt[]
  /** Keeps that this attempt begins; why it could not, or `null`. */
  begin: () => Promise<string | null>
}

/** The past of a run whose attempts nothing keeps. */
export const nothingKept: MeasuredPast = {
  history: { kind: 'none' },
  continued: [],
  begin: async () => null,
}

/** Takes over what the attempts to continue have measured; where it can't be, the run asks everything. */
export async function continueJournal(request: {
  past: MeasuredPast
  directory: RunDirectory
  header: JournalHeader
}): Promise<RecordHistory> {
  const { past, directory, header } = request
  const { history, continued } = past
  if (history.kind !== 'kept' || continued.length === 0) return history
  const from = continued.map((attempt) => attempt.directory)
  const adopted = await adoptJournals({ from, to: directory, header })
  const taken = continued.filter((attempt) => adopted.includes(attempt.directory))
  const audits = mergeAudits(taken)
  if (audits.length > 0) await writeAudits(directory, audits)
  return { ...history, continued: taken.at(-1)?.run ?? null }
}

/** What was said of an item; of a unit that two attempts have measured, the first one's counts. */
function mergeAudits(attempts: readonly ContinuedAttempt[]): AuditLine[] {
  const said = new Map<string, AuditLine>()
  for (const { audits } of attempts.toReversed()) {
    for (const line of audits) said.set(nameItem(line), line)
  }
  return [...said.values()]
}
