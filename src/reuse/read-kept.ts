import type { PlanParts } from '../plan/parts.ts'
import type { KeptBaseline, RunDirectory } from '../ports.ts'
import { isFinal } from '../record/journal-lines.ts'
import { type RecordedUnit, recordedUnitSchema } from '../record/schema.ts'
import { type BaselineHeader, baselineFiles, baselineHeaderSchema, digestBaseline } from './kept-baseline.ts'

/** What a run would reuse, and of when. */
export interface Wanted {
  planParts: PlanParts
  retainText: BaselineHeader['retainText']
  /** The categories that its graders label. */
  categories: readonly string[]
  /** What each turn of the sample is asked with (`digestRequest`). */
  requests: ReadonlyMap<string, string>
  days: number
  now: Date
}

/** Units of an earlier run's baseline, by their turns, and what its endpoint said that it serves. */
export interface ReadBaseline {
  units: Map<string, RecordedUnit>
  probes: BaselineHeader['probes']
  /** How many were older than policy lets them be. */
  tooOld: number
}

/** Clocks of two machines differ by less. */
const clockSkewMs = 10 * 60_000
const dayMs = 24 * 60 * 60_000

/**
 * Reads what a run kept of its baseline, and believes none of it that does not fit as a whole: a line that is damaged, doubled,
 * of the candidate, of another request or of the future leaves all of them out. Says why, in words that follow the run's name.
 */
export async function readKept(
  kept: KeptBaseline,
  directory: RunDirectory,
  wanted: Wanted,
): Promise<ReadBaseline | { why: string }> {
  const header = parseHeader(await directory.read(baselineFiles.header))
  if (header === null) return { why: 'what it says of itself is damaged, or was written by another version' }
  const difference = findDifference({ header, kept, wanted })
  if (difference !== null) return { why: difference }
  const latestMs = Math.min(wanted.now.getTime(), Date.parse(kept.keptAt)) + clockSkewMs
  const oldestMs = wanted.now.getTime() - wanted.days * dayMs
  const units = new Map<string, RecordedUnit>()
  const seen = new Set<string>()
  let tooOld = 0
  for await (const line of directory.readLines(baselineFiles.units)) {
    const unit = parseUnit(line)
    if (unit === null) return { why: 'one of its lines is damaged' }
    const wrong = findWrong({ unit, wanted, latestMs })
    if (wrong !== null) return { why: wrong }
    if (seen.has(unit.turn)) return { why: 'it has a turn twice' }
    seen.add(unit.turn)
    if (!wanted.requests.has(unit.turn)) continue
    const { at, run = header.run, request } = unit.measured ?? { at: '', request: '' }
    if (Date.parse(at) < oldestMs) tooOld += 1
    else units.set(unit.turn, { ...unit, measured: { at, request, run } })
  }
  if (seen.size !== header.units)
    return { why: `it has ${seen.size} units, and says that it has ${header.units}` }
  return { units, probes: header.probes, tooOld }
}

function parseHeader(text: string | null): BaselineHeader | null {
  try {
    return baselineHeaderSchema.parse(JSON.parse(text ?? ''))
  } catch {
    return null
  }
}

function parseUnit(line: string): RecordedUnit | null {
  try {
    return recordedUnitSchema.parse(JSON.parse(line))
  } catch {
    return null
  }
}

function findDifference(parts: {
  header: BaselineHeader
  kept: KeptBaseline
  wanted: Wanted
}): string | null {
  const { header, kept, wanted } = parts
  const { run, commits, planParts, retainText } = header
  if (kept.run.id !== null && (run.id !== kept.run.id || run.attempt !== kept.run.attempt))
    return 'it says that another run kept it'
  if (kept.run.id !== null && commits.trustAnchor !== 'base') return 'its policy was not read from the base'
  if (digestBaseline(planParts) !== digestBaseline(wanted.planParts))
    return 'it is of another checkpoint, other turns or other graders'
  if (retainText !== wanted.retainText) return `it was kept with \`retain_text: ${retainText}\``
  return null
}

function findWrong(parts: { unit: RecordedUnit; wanted: Wanted; latestMs: number }): string | null {
  const { unit, wanted, latestMs } = parts
  const { arm, completion, labels, measured, turn } = unit
  if (arm !== 'baseline') return 'it has units of the candidate'
  if (measured === undefined || completion.kind !== 'completed')
    return 'it has units of which nothing says when they were measured'
  if (Date.parse(measured.at) > latestMs) return 'it has units that were measured after it was kept'
  const named = Object.keys(labels).toSorted()
  const isWhole =
    JSON.stringify(named) === JSON.stringify(wanted.categories.toSorted()) &&
    Object.values(labels).every(isFinal)
  if (!isWhole) return 'it has units that are not labelled in every category'
  const request = wanted.requests.get(turn)
  return request !== undefined && request !== measured.request
    ? 'it has units that were asked something else'
    : null
}
