import type { RunDirectory } from './ports.ts'
import type { RecordHistory } from './record/history.ts'
import { adoptJournal, type JournalHeader } from './record/journal.ts'

/** Which attempts there were before, and the directory of the one to continue. */
export interface MeasuredPast {
  history: RecordHistory
  continued: { run: { id: string; attempt: number }; directory: RunDirectory } | null
  /** Keeps that this attempt begins; why it could not, or `null`. */
  begin: () => Promise<string | null>
}

/** The past of a run whose attempts nothing keeps. */
export const nothingKept: MeasuredPast = {
  history: { kind: 'none' },
  continued: null,
  begin: async () => null,
}

/** Takes over the journal of the attempt to continue; where it can't be, the run asks everything. */
export async function continueJournal(request: {
  past: MeasuredPast
  directory: RunDirectory
  header: JournalHeader
}): Promise<RecordHistory> {
  const { past, directory, header } = request
  const { history, continued } = past
  if (history.kind !== 'kept' || continued === null) return history
  const isAdopted = await adoptJournal({ from: continued.directory, to: directory, header })
  return { ...history, continued: isAdopted ? continued.run : null }
}
