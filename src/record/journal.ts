import { z } from 'zod'
import { GateError } from '../errors.ts'
import type { LineAppender, RunDirectory } from '../ports.ts'
import { type RecordedUnit, recordedUnitSchema, runFiles } from './schema.ts'

const headerSchema = z.strictObject({ version: z.literal(1), planDigest: z.string() })

/** The journal of a run: units are on disk as soon as they are measured. */
export interface Journal {
  /** Units of an earlier part of this run that need not be asked again. */
  readonly done: ReadonlyMap<string, RecordedUnit>
  append(unit: RecordedUnit): Promise<void>
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
 * @throws GateError when the journal belongs to another plan, or is damaged before its last line
 */
export async function openJournal(request: {
  directory: RunDirectory
  planDigest: string
}): Promise<Journal> {
  const { directory, planDigest } = request
  const done = await readJournal(directory, planDigest)
  const header = { version: 1, planDigest }
  await directory.write(runFiles.journal, toLines([header, ...done.values()]))
  const appender: LineAppender = await directory.openAppend(runFiles.journal)
  return {
    done,
    append: (unit) => appender.append(JSON.stringify(unit)),
    close: () => appender.close(),
  }
}

async function readJournal(directory: RunDirectory, planDigest: string): Promise<Map<string, RecordedUnit>> {
  const units = new Map<string, RecordedUnit>()
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
        remedy: 'run into another directory; this one was changed by something else',
      })
    }
    const value = parseLine(line)
    if (number === 1) {
      const header = headerSchema.safeParse(value)
      if (header.success && header.data.planDigest !== planDigest) {
        throw new GateError({
          code: 'run-directory',
          message: `the directory holds a run of another plan (${header.data.planDigest.slice(0, 12)}…, this is ${planDigest.slice(0, 12)}…)`,
          where,
          remedy: 'name another directory with --out, or remove this one',
        })
      }
      if (!header.success) torn = number
      continue
    }
    const unit = recordedUnitSchema.safeParse(value)
    if (!unit.success) torn = number
    else if (isFinal(unit.data)) units.set(nameUnit(unit.data), unit.data)
  }
  return units
}

function isFinal(unit: RecordedUnit): boolean {
  return Object.values(unit.labels).every((label) => {
    if (label.kind === 'not-asked') return false
    if (label.kind !== 'missing') return true
    // A key that ran out, or a model that was taken down, is a matter of the run, not of the turn.
    return label.class === 'content' && label.cause !== 'unauthorized' && label.cause !== 'not-found'
  })
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
