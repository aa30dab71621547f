import type { z } from 'zod'
import { GateError } from '../errors.ts'
import { knownOutcomeSchema } from '../grade/trail.ts'
import { compareParts, digestParts } from '../plan/parts.ts'
import { digestPlan } from '../plan/plan.ts'
import { formatPath } from '../policy/document.ts'
import type { RunDirectory } from '../ports.ts'
import { createPlaceFinder } from './find-place.ts'
import { OutcomeTable } from './outcome-table.ts'
import {
  type AuditLine,
  auditLineSchema,
  completionLineSchema,
  type OutcomeLine,
  outcomeLineSchema,
  type RunRecord,
  recordSummarySchema,
  runFiles,
  type TurnLine,
  turnLineSchema,
} from './schema.ts'

const intact = 'use the artifact as the run wrote it'

/** Writes a record into its run directory. */
export async function writeRecord(directory: RunDirectory, record: RunRecord): Promise<void> {
  const { turns, completions, outcomes, known } = record
  const lines = outcomes instanceof OutcomeTable ? outcomes.texts() : stringifyLines(outcomes)
  // Together, as each is on disk before it is there, and that takes its time.
  await Promise.all([
    directory.write(runFiles.turns, stringifyLines(turns)),
    directory.write(runFiles.completions, stringifyLines(completions)),
    directory.write(runFiles.outcomes, lines),
    directory.write(runFiles.known, stringifyLines(known)),
  ])
  // Where it is, all the others are.
  await directory.write(runFiles.record, JSON.stringify(record.summary, null, 2).split('\n'))
}

/**
 * Reads a record back.
 * @throws GateError naming the file and line that is missing or not what a run writes
 */
export async function readRecord(directory: RunDirectory): Promise<RunRecord> {
  const text = await directory.read(runFiles.record)
  const file = `${directory.path}/${runFiles.record}`
  if (text === null) {
    throw new GateError({
      code: 'record',
      message: 'there is no record.json: this is not the directory of a finished run',
      where: { file },
      remedy:
        'name the directory that `gate --out` wrote, or the unpacked artifact; an unfinished run is continued with `gate`',
    })
  }
  const summary = parseRecordPart({ text, schema: recordSummarySchema, file, line: 1 })
  if (digestPlan(summary.plan) !== summary.planDigest) {
    throw new GateError({
      code: 'record',
      message: 'the plan in it does not have the digest that it states: the record was changed',
      where: { file, field: 'planDigest' },
      remedy: intact,
    })
  }
  if (compareParts(digestParts(summary.plan), summary.planParts).length > 0) {
    throw new GateError({
      code: 'record',
      message: 'the parts of the plan in it do not have the digests that it states: the record was changed',
      where: { file, field: 'planParts' },
      remedy: intact,
    })
  }
  // Every drawn turn has its lines, whatever became of it: where some are gone, the file was cut off.
  const { turnsDrawn } = summary.sample
  const units = turnsDrawn * 2
  const outcomes = units * summary.plan.policy.categories.length
  const turns = await readParts({
    directory,
    name: runFiles.turns,
    schema: turnLineSchema,
    count: turnsDrawn,
  })
  return {
    summary,
    turns,
    outcomes: await readOutcomes({ directory, turns, count: outcomes }),
    completions: await readParts({
      directory,
      name: runFiles.completions,
      schema: completionLineSchema,
      count: units,
    }),
    known: await readAll({ directory, name: runFiles.known, schema: knownOutcomeSchema }),
    audits: await readAudits(directory),
  }
}

/** Writes what people said of a run's flags. */
export async function writeAudits(directory: RunDirectory, audits: readonly AuditLine[]): Promise<void> {
  await directory.write(runFiles.audits, stringifyLines(audits))
}

/** Reads what people said of a run's flags; nothing where nobody has. */
export async function readAudits(directory: RunDirectory): Promise<AuditLine[]> {
  return readAll({ directory, name: runFiles.audits, schema: auditLineSchema })
}

/** A line of outcomes that says of its turn what many others say of theirs. */
const usualOutcome = /^\{"turn":"([^"\\\p{Cc}]*)",(.*)$/u
const mostUsual = 10_000

async function readOutcomes(request: {
  directory: RunDirectory
  turns: readonly TurnLine[]
  count: number
}): Promise<OutcomeTable> {
  const { directory, turns, count } = request
  const name = runFiles.outcomes
  const file = `${directory.path}/${name}`
  const table = new OutcomeTable()
  // What was checked once, behind the turn's id, is not checked again for each of a million turns.
  const usual = new Map<string, OutcomeLine>()
  const findPlace = createPlaceFinder(turns)
  for await (const text of directory.readLines(name)) {
    const [, turn, rest = ''] = usualOutcome.exec(text) ?? []
    const known = turn === undefined ? undefined : usual.get(rest)
    const place = { file, line: table.length + 1 }
    const line = known ?? parseRecordPart({ text, schema: outcomeLineSchema, ...place })
    // Not where the turn stands a second time, which then is the one that counts.
    const isUsual = known === undefined && line.turn === turn && !rest.includes('"turn"')
    if (isUsual && usual.size < mostUsual) usual.set(Buffer.from(rest).toString(), line)
    // A part of a text holds all of it, here all that was read with it: what is kept is the record's own id.
    const id = known === undefined || turn === undefined ? line.turn : turn
    table.add({ ...line, turn: turns[findPlace(id) ?? -1]?.turn ?? id })
  }
  requireCount({ file, lines: table.length, count })
  return table
}

async function readParts<S extends z.ZodType>(request: {
  directory: RunDirectory
  name: string
  schema: S
  /** How many lines there have to be. */
  count: number
}): Promise<z.infer<S>[]> {
  const { directory, name, count } = request
  const file = `${directory.path}/${name}`
  const parts = await readAll(request)
  requireCount({ file, lines: parts.length, count })
  return parts
}

function requireCount({ file, lines, count }: { file: string; lines: number; count: number }): void {
  if (lines === count) return
  throw new GateError({
    code: 'record',
    message: `it has ${lines} lines, and the record stands for ${count}`,
    where: { file },
    remedy: intact,
  })
}

async function readAll<S extends z.ZodType>(request: {
  directory: RunDirectory
  name: string
  schema: S
}): Promise<z.infer<S>[]> {
  const { directory, name, schema } = request
  const file = `${directory.path}/${name}`
  const parts: z.infer<S>[] = []
  for await (const text of directory.readLines(name)) {
    parts.push(parseRecordPart({ text, schema, file, line: parts.length + 1 }))
  }
  return parts
}

function parseRecordPart<S extends z.ZodType>(request: {
  text: string
  schema: S
  file: string
  line: number
}): z.infer<S> {
  const { text, schema, file, line } = request
  const remedy = intact
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new GateError({ code: 'record', message: 'not JSON', where: { file, line }, remedy, cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new GateError({
    code: 'record',
    message: issue?.message ?? 'not what a run writes',
    where: { file, line, field: issue === undefined ? undefined : formatPath(issue.path) },
    remedy,
  })
}

function* stringifyLines(values: Iterable<unknown>): Generator<string> {
  for (const value of values) yield JSON.stringify(value)
}
