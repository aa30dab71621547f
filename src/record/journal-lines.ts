import { z } from 'zod'
import { GateError } from '../errors.ts'
import type { Label } from '../grade/label.ts'
import { compareParts, isSameMeasurement, joinParts, planPartsSchema } from '../plan/parts.ts'
import type { RunDirectory } from '../ports.ts'
import {
  type BatchLine,
  batchLineSchema,
  foldBatches,
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
const spent = spentSchema.optional()
const unitLineSchema = recordedUnitSchema.extend({ spent })
const knownLineSchema = recordedKnownSchema.extend({ spent })
const lineSchemas = [
  { key: 'turn', schema: unitLineSchema },
  { key: 'known', schema: knownLineSchema },
  { key: 'batch', schema: batchLineSchema },
  { key: 'probe', schema: recordedProbeSchema },
] as const
type Line = z.infer<(typeof lineSchemas)[number]['schema']>

/** What a run is bound to: only a run with the same may continue its journal. */
export type JournalHeader = Omit<z.infer<typeof headerSchema>, 'version' | 'spent'>

/** What lies in a journal. */
export interface JournalLines {
  /** Units that need not be asked again. */
  done: MeasuredUnits
  failed: MeasuredUnits
  known: Map<string, RecordedKnown>
  probes: RecordedProbe[]
  batches: SubmittedBatch[]
  spent: Spent | null
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
    if (error instanceof GateError && error.code === 'run-directory') return null
    throw error
  }
}

/**
 * Reads a journal. What it has of units lies on disk.
 * @throws GateError when it is of something else, or is damaged before its last line
 */
export async function readJournal(directory: RunDirectory, wanted: JournalHeader): Promise<JournalLines> {
  const done = new MeasuredUnits([], directory.openScratch)
  const failed = new MeasuredUnits([], directory.openScratch)
  const known = new Map<string, RecordedKnown>()
  const probes: RecordedProbe[] = []
  const batchLines: BatchLine[] = []
  let spent: Spent | null = null
  const take = (read: Line) => {
    if ('probe' in read) {
      probes.push(read)
      return
    }
    const { spent: taken, ...line } = read
    spent = takeLater(spent, taken ?? null)
    if ('batch' in line) batchLines.push(line)
    else if ('turn' in line) (isMeasured(line) ? done : failed).add(line)
    else if (line.outcomes.every(({ label }) => isFinal(label))) known.set(line.known, line)
  }
  const where = { file: `${directory.path}/${runFiles.journal}` }
  let number = 0
  let torn: number | null = null
  for await (const text of directory.readLines(runFiles.journal)) {
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
    const value = parseLine(text)
    if (number === 1) {
      const header = headerSchema.safeParse(value)
      if (header.success) {
        requireSame(header.data, wanted, where)
        spent = takeLater(spent, header.data.spent ?? null)
      } else torn = number
      continue
    }
    const line = readLine(value)
    if (line === null) torn = number
    else take(line)
  }
  failed.keep((unit) => !done.has(nameUnit(unit)))
  return { done, failed, known, probes, batches: foldBatches(batchLines), spent }
}

/** A line by the one key that others don't have; `null` for what is none. */
function readLine(value: unknown): Line | null {
  if (typeof value !== 'object' || value === null) return null
  const found = lineSchemas.find(({ key }) => Object.hasOwn(value, key))?.schema.safeParse(value)
  return found?.success === true ? found.data : null
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
