import { z } from 'zod'
import { GateError } from '../errors.ts'
import type { Label } from '../grade/label.ts'
import { compareParts, joinParts, planPartsSchema } from '../plan/parts.ts'
import type { LineAppender, RunDirectory } from '../ports.ts'
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

const headerSchema = z.strictObject({
  version: z.literal(1),
  planDigest: z.string(),
  /** So that what differs can be named when the plan is no longer there. */
  planParts: planPartsSchema,
  sources: z.strictObject({
    baseline: sourceSchema,
    candidate: sourceSchema,
    /** Of the endpoints that grade, by name. */
    graders: z.record(z.string(), sourceSchema),
  }),
  retainText: z.enum(['none', 'artifact']),
})

/** What a run is bound to: only a run with the same may continue its journal. */
export type JournalHeader = Omit<z.infer<typeof headerSchema>, 'version'>

/** The journal of a run: units are on disk as soon as they are measured. */
export interface Journal {
  /** Units of an earlier part of this run that need not be asked again. */
  readonly done: ReadonlyMap<string, RecordedUnit>
  /** Units of it that are asked again; where they are not, as the run ends before, what they had been stands. */
  readonly failed: ReadonlyMap<string, RecordedUnit>
  /** Known items that were graded to the end, by purpose and id. */
  readonly known: ReadonlyMap<string, RecordedKnown>
  /** What the arms' endpoints said that they serve, in order. */
  readonly probes: readonly RecordedProbe[]
  append(line: RecordedUnit | RecordedKnown | RecordedProbe): Promise<void>
  close(): Promise<void>
}

/** What names a unit: turn and arm. */
export function nameUnit(unit: { turn: string; arm: string }): string {
  return `${unit.turn}|${unit.arm}`
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
}): Promise<Journal> {
  const { directory, header } = request
  const { done, failed, known, probes } = await readJournal(directory, header)
  await directory.write(
    runFiles.journal,
    toLines([{ version: 1, ...header }, ...probes, ...known.values(), ...done.values(), ...failed.values()]),
  )
  const appender: LineAppender = await directory.openAppend(runFiles.journal)
  return {
    done,
    failed,
    known,
    probes,
    append: (line) => appender.append(JSON.stringify(line)),
    close: () => appender.close(),
  }
}

/**
 * Takes over the journal of another directory, where it is of the same plan, sources and rule of what is kept. Says whether
 * it was.
 */
export async function adoptJournal(request: {
  from: RunDirectory
  to: RunDirectory
  header: JournalHeader
}): Promise<boolean> {
  const { from, to, header } = request
  const lines: string[] = []
  for await (const line of from.readLines(runFiles.journal)) lines.push(line)
  const there = headerSchema.safeParse(parseLine(lines[0] ?? ''))
  if (!there.success || describeMismatch(there.data, header) !== null) return false
  await to.write(runFiles.journal, lines)
  return true
}

async function readJournal(
  directory: RunDirectory,
  wanted: JournalHeader,
): Promise<{
  done: Map<string, RecordedUnit>
  failed: Map<string, RecordedUnit>
  known: Map<string, RecordedKnown>
  probes: RecordedProbe[]
}> {
  const units = new Map<string, RecordedUnit>()
  const failed = new Map<string, RecordedUnit>()
  const known = new Map<string, RecordedKnown>()
  const probes: RecordedProbe[] = []
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
      if (header.success) requireSame(header.data, wanted, where)
      if (!header.success) torn = number
      continue
    }
    const item = recordedKnownSchema.safeParse(value)
    if (item.success) {
      if (item.data.outcomes.every(({ label }) => isFinal(label))) known.set(item.data.known, item.data)
      continue
    }
    const probe = recordedProbeSchema.safeParse(value)
    if (probe.success) {
      probes.push(probe.data)
      continue
    }
    const unit = recordedUnitSchema.safeParse(value)
    if (!unit.success) torn = number
    else (isMeasured(unit.data) ? units : failed).set(nameUnit(unit.data), unit.data)
  }
  for (const name of units.keys()) failed.delete(name)
  return { done: units, failed, known, probes }
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
