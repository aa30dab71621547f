import type { RunDirectory } from './ports.ts'
import type { RecordHistory } from './record/history.ts'
import { writeJournal } from './record/journal.ts'
import { type JournalHeader, type JournalLines, readMeasured, takeLater } from './record/journal-lines.ts'
import { nameItem } from './record/review.ts'
import type { AuditLine } from './record/schema.ts'
import { writeAudits } from './record/store.ts'
import type { Spent } from './replay/spent.ts'

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

/** An attempt to continue, and what it has measured. */
export interface TakenAttempt {
  attempt: ContinuedAttempt
  lines: JournalLines
}

/** Reads what the attempts to continue have measured; one whose journal can't be taken over is left out. */
export async function readContinued(past: MeasuredPast, header: JournalHeader): Promise<TakenAttempt[]> {
  if (past.history.kind !== 'kept') return []
  const taken: TakenAttempt[] = []
  for (const attempt of past.continued) {
    const lines = await readMeasured(attempt.directory, header)
    if (lines !== null) taken.push({ attempt, lines })
  }
  return taken
}

/** Takes over what the attempts to continue have measured; where it can't be, the run asks everything. */
export async function continueJournal(request: {
  past: MeasuredPast
  directory: RunDirectory
  header: JournalHeader
}): Promise<RecordHistory> {
  const { past, directory, header } = request
  const taken = await readContinued(past, header)
  if (taken.length === 0) return past.history
  const from = taken.map(({ lines }) => lines)
  await writeJournal({ from, spent: sumContinued(taken), to: directory, header })
  return keepContinued({ past, directory, taken })
}

/** Each attempt has taken over those before it, so that the largest sum is that of all. */
export function sumContinued(taken: readonly TakenAttempt[]): Spent | null {
  return taken.reduce<Spent | null>((spent, { lines }) => takeLater(spent, lines.spent), null)
}

/** Keeps what people said of the attempts that were taken over, and says which was the last of them. */
export async function keepContinued(request: {
  past: MeasuredPast
  directory: RunDirectory
  taken: readonly TakenAttempt[]
}): Promise<RecordHistory> {
  const { past, directory, taken } = request
  const audits = mergeAudits(taken.map(({ attempt }) => attempt))
  if (audits.length > 0) await writeAudits(directory, audits)
  const { history } = past
  return history.kind === 'kept' ? { ...history, continued: taken.at(-1)?.attempt.run ?? null } : history
}

/** What was said of an item; of a unit that two attempts have measured, the first one's counts. */
export function mergeAudits(attempts: readonly ContinuedAttempt[]): AuditLine[] {
  const said = new Map<string, AuditLine>()
  for (const { audits } of attempts.toReversed()) {
    for (const line of audits) said.set(nameItem(line), line)
  }
  return [...said.values()]
}
