import type { LineAppender, RunDirectory } from '../ports.ts'
import {
  type BatchLine,
  foldBatches,
  listBatchLines,
  type SubmittedBatch,
} from '../replay/batch/batch-lines.ts'
import type { Spent } from '../replay/spent.ts'
import { type JournalHeader, type JournalLines, readJournal } from './journal-lines.ts'
import type { MeasuredUnits } from './measured-units.ts'
import { type RecordedKnown, type RecordedProbe, type RecordedUnit, runFiles } from './schema.ts'

/** The journal of a run: units are on disk as soon as they are measured. */
export interface Journal {
  /** Units that need not be asked again: those of an earlier part of this run, and what is added to them. */
  readonly done: MeasuredUnits
  /** Units of it that are asked again; where they are not, as the run ends before, what they had been stands. */
  readonly failed: MeasuredUnits
  /** Known items that were graded to the end, by purpose and id. */
  readonly known: ReadonlyMap<string, RecordedKnown>
  /** What the arms' endpoints said that they serve, in order. */
  readonly probes: readonly RecordedProbe[]
  /** Batches that earlier parts of this run have submitted, in order. */
  readonly batches: readonly SubmittedBatch[]
  /** What earlier parts of this run took, but for requests that were under way when one was killed; `null`: nothing. */
  readonly spent: Spent | null
  /** `spent`: what the run has taken so far. */
  append(line: RecordedUnit | RecordedKnown | RecordedProbe | BatchLine, spent?: Spent): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the run directory's journal, or continues the one that lies there.
 *
 * A torn last line is dropped. Units that were not asked, failed in transport or met a wrong key or address are
 * asked again; nothing else.
 * @throws GateError when the journal belongs to another plan, to other recordings or another rule of what is kept,
 * or is damaged before its last line
 */
export async function openJournal(request: {
  directory: RunDirectory
  header: JournalHeader
  /** Turns whose lines stay: what else lies there was erased, or has expired, since. Without it all do. */
  turns?: ReadonlySet<string> | undefined
}): Promise<Journal> {
  const { directory, header, turns } = request
  const there = await readJournal(directory, header)
  const { done, failed, known, probes, batches, spent } = there
  if (turns !== undefined) for (const units of [done, failed]) units.keep(({ turn }) => turns.has(turn))
  await writeLines(directory, { header, spent, probes, batches, measured: [there] })
  const appender: LineAppender = await directory.openAppend(runFiles.journal)
  return {
    done,
    failed,
    known,
    probes,
    batches,
    spent,
    append: (line, taken) =>
      appender.append(JSON.stringify(taken === undefined ? line : { ...line, spent: taken })),
    close: () => appender.close(),
  }
}

/** Writes a journal of what others have measured, the earliest first. Of a unit that two have measured the first counts. */
export async function writeJournal(request: {
  from: readonly JournalLines[]
  /** What they took together; `null`: nothing. */
  spent: Spent | null
  to: RunDirectory
  header: JournalHeader
}): Promise<void> {
  const { from, spent, to, header } = request
  const probes = from.flatMap((lines) => lines.probes)
  const batches = foldBatches(from.flatMap((lines) => listBatchLines(lines.batches)))
  // A later line counts where a unit has two.
  await writeLines(to, { header, spent, probes, batches, measured: from.toReversed() })
}

function writeLines(
  directory: RunDirectory,
  parts: Pick<JournalLines, 'spent' | 'probes' | 'batches'> & {
    header: JournalHeader
    measured: readonly JournalLines[]
  },
): Promise<void> {
  const { header, spent, probes, batches, measured } = parts
  function* list(): Generator<object> {
    yield { version: 1, ...header, ...(spent === null ? {} : { spent }) }
    yield* probes
    yield* listBatchLines(batches)
    for (const { known, done, failed } of measured) {
      yield* known.values()
      yield* done.values()
      yield* failed.values()
    }
  }
  return directory.write(runFiles.journal, toLines(list()))
}

function* toLines(values: Iterable<object>): Generator<string> {
  for (const value of values) yield JSON.stringify(value)
}
