import { z } from 'zod'
import { GateError } from '../errors.ts'
import type { Label } from '../grade/label.ts'
import { compareParts, isSameMeasurement, joinParts, planPartsSchema } from '../plan/parts.ts'
import type { LineAppender, RunDirectory, Scratch } from '../ports.ts'
import {
  type BatchLine,
  batchLineSchema,
  foldBatches,
  listBatchLines,
  type SubmittedBatch,
} from '../replay/batch/batch-lines.ts'
import { type Spent, spentSchema } from '../replay/spent.ts'
import { MeasuredUnits } from './measured-units.ts'
import {
  type RecordedKnown,
  type RecordedProbe,
  type RecordedUnit,
  recordedKnownSchema,
  recordedProbeSchema,
  recordedUnitSchema,
  runFiles,
  sourceSchema,
} from './schema.ts'
import { nameUnit } from './unit-name.ts'

/** Where the completions and labels of a run come from. */
export const sourcesSchema = z.strictObject({
  baseline: sourceSchema,
  candidate: sourceSchema,
  /** Of the endpoints that grade, by name. */
  graders: z.record(z.string(), sourceSchema),
  /** Absent where no model stands in for tools. */
  simulator: sourceSchema.optional(),
})

const headerSchema = z.strictObject({
  version: z.literal(1),
  planDigest: z.string(),
  /** So that what differs can be named when the plan is no longer there. */
  planParts: planPartsSchema,
  sources: sourcesSchema,
  retainText: z.enum(['none', 'artifact']),
  /** What earlier parts took. */
  spent: spentSchema.optional(),
})
/** Lines say what the run had taken when they were written. */
const unitLineSchema = recordedUnitSchema.extend({ spent: spentSchema.optional() })
const knownLineSchema = recordedKnownSchema.extend({ spent: spentSchema.optional() })

/** What a run is bound to: only a run with the same may continue its journal. */
export type JournalHeader = Omit<z.infer<typeof headerSchema>, 'version' | 'spent'>

/** The journal of a run: units are on disk as soon as they are measured. */
export interface Journal {
  /** Units of an earlier part of this run that need not be asked again. */
  readonly done: MeasuredUnits
  /** Units of it that are asked again; where they are not, as the run ends before, what they had been stands. */
  readonly failed: ReadonlyMap<string, RecordedUnit>
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
  /** Where is kept what does not fit into memory. */
  openScratch?: (() => Scratch) | undefined
}): Promise<Journal> {
  const { directory, header, turns, openScratch } = request
  const there = await readJournal(directory, header)
  if (turns !== undefined) leaveOut(there, turns)
  const { failed, known, probes, batches, spent } = there
  const first = { version: 1, ...header, ...(spent === null ? {} : { spent }) }
  const before = [...probes, ...listBatchLines(batches), ...listMeasured(there)]
  await directory.write(runFiles.journal, toLines([first, ...before]))
  const appender: LineAppender = await directory.openAppend(runFiles.journal)
  return {
    done: new MeasuredUnits(there.done, openScratch),
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

/** Leaves out the units of all other turns. */
function leaveOut({ done, failed }: JournalLines, turns: ReadonlySet<string>): void {
  for (const units of [done, failed]) {
    for (const [name, { turn }] of units) if (!turns.has(turn)) units.delete(name)
  }
}

/** Reads what another directory has measured; `null` where it is of another measurement, other sources, or damaged. */
export async function readMeasured(
  directory: RunDirectory,
  header: JournalHeader,
): Promise<JournalLines | null> {
  let first: string | undefined
  for await (const line of directory.readLines(runFiles.journal)) {
    first = line
    break
  }
  const there = headerSchema.safeParse(parseLine(first ?? ''))
  if (!there.success || !isSameMeasurement(there.data.planParts, header.planParts)) return null
  const { planDigest, planParts } = header
  if (describeMismatch({ ...there.data, planDigest, planParts }, header) !== null) return null
  try {
    return await readJournal(directory, there.data)
  } catch (error) {
    if (error instanceof GateError) return null
    throw error
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
  const first = { version: 1, ...header, ...(spent === null ? {} : { spent }) }
  const probes = from.flatMap((lines) => lines.probes)
  const batches = foldBatches(from.flatMap((lines) => listBatchLines(lines.batches)))
  // A later line counts where a unit has two.
  const measured = from.toReversed().flatMap((lines) => listMeasured(lines))
  await to.write(runFiles.journal, toLines([first, ...probes, ...listBatchLines(batches), ...measured]))
}

/** What lies in a journal. */
export interface JournalLines {
  done: Map<string, RecordedUnit>
  failed: Map<string, RecordedUnit>
  known: Map<string, RecordedKnown>
  probes: RecordedProbe[]
  batches: SubmittedBatch[]
  spent: Spent | null
}

function listMeasured({ known, done, failed }: JournalLines): (RecordedKnown | RecordedUnit)[] {
  return [...known.values(), ...done.values(), ...failed.values()]
}

async function readJournal(directory: RunDirectory, wanted: JournalHeader): Promise<JournalLines> {
  const units = new Map<string, RecordedUnit>()
  const failed = new Map<string, RecordedUnit>()
  const known = new Map<string, RecordedKnown>()
  const probes: RecordedProbe[] = []
  const batchLines: BatchLine[] = []
  let spent: Spent | null = null
  const keepSpent = (line: Spent | undefined) => {
    spent = takeLater(spent, line ?? null)
  }
  const where = { file: `${directory.path}/${runFiles.journal}` }
  let number = 0
  let torn: number | null = null
  for await (const line of directory.readLines(runFiles.journal)) {
    number += 1
    if (torn !== null) {
      throw new GateError({
        code: 'run-directory',
        message: 'the journal is damaged',
        where: { ...where, line: torn },
        remedy:
          'run into another directory; this one was changed by something else, or written by another version',
      })
    }
    const value = parseLine(line)
    if (number === 1) {
      const header = headerSchema.safeParse(value)
      if (header.success) {
        requireSame(header.data, wanted, where)
        keepSpent(header.data.spent)
      }
      if (!header.success) torn = number
      continue
    }
    const item = knownLineSchema.safeParse(value)
    if (item.success) {
      const { spent: taken, ...graded } = item.data
      keepSpent(taken)
      if (graded.outcomes.every(({ label }) => isFinal(label))) known.set(graded.known, graded)
      continue
    }
    const probe = recordedProbeSchema.safeParse(value)
    if (probe.success) {
      probes.push(probe.data)
      continue
    }
    const batch = batchLineSchema.safeParse(value)
    if (batch.success) {
      keepSpent(batch.data.spent)
      batchLines.push(batch.data)
      continue
    }
    const unit = unitLineSchema.safeParse(value)
    if (!unit.success) {
      torn = number
      continue
    }
    const { spent: taken, ...measured } = unit.data
    keepSpent(taken)
    const kept = isMeasured(measured) ? units : failed
    kept.set(nameUnit(measured), measured)
  }
  for (const name of units.keys()) failed.delete(name)
  return { done: units, failed, known, probes, batches: foldBatches(batchLines), spent }
}

/** Sums of a whole run only grow, in whatever order they were written. */
export function takeLater(one: Spent | null, other: Spent | null): Spent | null {
  return other === null || (one !== null && one.requests > other.requests) ? one : other
}

function describeMismatch(there: JournalHeader, wanted: JournalHeader): string | null {
  const short = (digest: string) => `${digest.slice(0, 12)}…`
  return there.planDigest !== wanted.planDigest
    ? `a run of another plan (${short(there.planDigest)}, this is ${short(wanted.planDigest)}): what differs is ${joinParts(compareParts(there.planParts, wanted.planParts))}`
    : JSON.stringify(there.sources) !== JSON.stringify(wanted.sources)
      ? 'a run whose completions or labels come from other recordings, or from live endpoints'
      : there.retainText !== wanted.retainText
        ? `a run with \`retain_text: ${there.retainText}\`, this has \`${wanted.retainText}\``
        : null
}

function requireSame(there: JournalHeader, wanted: JournalHeader, where: { file: string }): void {
  const difference = describeMismatch(there, wanted)
  if (difference === null) return
  throw new GateError({
    code: 'run-directory',
    message: `the directory holds ${difference}`,
    where,
    remedy: 'name another directory with --out, or remove this one',
  })
}

function isMeasured(unit: RecordedUnit): boolean {
  return Object.values(unit.labels).every(isFinal)
}

/** Whether asking again could not give another label. */
export function isFinal(label: Label): boolean {
  if (label.kind === 'not-asked') return false
  if (label.kind !== 'missing') return true
  // A key that ran out, or a model that was taken down, is a matter of the run, not of the turn.
  return label.class === 'content' && label.cause !== 'unauthorized' && label.cause !== 'not-found'
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function* toLines(values: Iterable<unknown>): Generator<string> {
  for (const value of values) yield JSON.stringify(value)
}
