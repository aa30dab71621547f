import type { Decided } from '../decide-record.ts'
import { GateError } from '../errors.ts'
import { assessStanding } from '../history/complete.ts'
import { digestValue } from '../plan/plan.ts'
import type { ResolvedPolicy } from '../policy/resolve.ts'
import type { Log, RunDirectory } from '../ports.ts'
import { isFinal } from '../record/journal-lines.ts'
import { type RecordedUnit, type RecordSummary, recordedUnitSchema, runFiles } from '../record/schema.ts'
import { assessIdentity } from '../verdict/identity.ts'
import type { CategoryReason } from '../verdict/schema.ts'
import { type BaselineHeader, baselineFiles, baselineHeaderSchema, digestBaseline } from './kept-baseline.ts'

/** Graders that were not what they were: none of their labels is kept, also where they only watch. */
const untrusted: ReadonlySet<CategoryReason> = new Set(['judge-changed', 'control-failed'])
/** A line costs a write. */
const linesAtOnce = 1000

/**
 * Keeps a run's baseline for later runs, where policy lets them reuse it, in files of its directory: of a complete run alone,
 * in which the one checkpoint answered, and nothing speaks against the graders. Whatever its verdict, so that no result chooses
 * what is kept. Gives the digest that it is found by (`digestBaseline`); `null` where nothing is kept.
 */
export async function keepBaseline(parts: {
  directory: RunDirectory
  decided: Pick<Decided, 'record' | 'verdict'>
  resolved: Pick<ResolvedPolicy, 'policy'>
  ports: { log: Log }
}): Promise<string | null> {
  const { decided, resolved, ports } = parts
  if (resolved.policy.replay.reuseBaselineDays === null) return null
  const doubt = findDoubt(decided) ?? (await writeBaseline(parts).catch(sayCause))
  if (doubt === null) return digestBaseline(decided.record.summary.planParts)
  ports.log.info(`The baseline is not kept for later runs: ${doubt}.`)
  return null
}

/** What kept it from being written, or `null`. */
async function writeBaseline(parts: {
  directory: RunDirectory
  decided: Pick<Decided, 'record'>
}): Promise<string | null> {
  const { directory, decided } = parts
  const { summary } = decided.record
  const units = await findLast(directory)
  if (units.size === 0) return 'nothing says when its answers were measured'
  await writeUnits(directory, new Set(units.values()))
  const header = baselineHeaderSchema.parse(describeBaseline(summary, units.size))
  await directory.write(baselineFiles.header, [JSON.stringify(header, null, 2)])
  return null
}

// The verdict is there already: what later runs may save is no reason to lose it.
function sayCause(error: unknown): string {
  if (error instanceof GateError) return error.message
  throw error
}

/** Why nothing of a run is kept; `null` where nothing speaks against it. */
function findDoubt({ record, verdict }: Pick<Decided, 'record' | 'verdict'>): string | null {
  const { summary } = record
  if (!assessStanding(record, verdict).complete) return 'the run is not complete'
  if (assessIdentity(summary, 'baseline').level === 'none') return 'nothing says that it answered'
  if (verdict.categories.some(({ reason }) => untrusted.has(reason))) return 'its graders are in doubt'
  const sources = [summary.arms.baseline.source, ...summary.graders.map(({ source }) => source)]
  return sources.every(({ kind }) => kind === 'live') ? null : 'a recording costs nothing'
}

function describeBaseline(summary: RecordSummary, units: number): BaselineHeader {
  const { gateVersion, run, commits, planParts, retainText, arms } = summary
  const { policy, candidate, trustAnchor } = commits
  const probes = new Map(arms.baseline.identity.probes.map((probe) => [digestValue(probe), probe]))
  return {
    version: 1,
    gateVersion,
    run: { id: run.id, attempt: run.attempt },
    commits: { policy, candidate, trustAnchor },
    planParts,
    retainText,
    probes: [...probes.values()],
    units,
  }
}

/** The line of each turn's unit of the baseline that counts: a later one does where there are two. */
async function findLast(directory: RunDirectory): Promise<Map<string, number>> {
  const last = new Map<string, number>()
  let number = 0
  for await (const line of directory.readLines(runFiles.journal)) {
    number += 1
    const unit = parseKept(line)
    if (unit !== null) last.set(unit.turn, number)
  }
  return last
}

async function writeUnits(directory: RunDirectory, wanted: ReadonlySet<number>): Promise<void> {
  await directory.write(baselineFiles.units, [])
  const appender = await directory.openAppend(baselineFiles.units)
  let [number, waiting]: [number, string[]] = [0, []]
  const flush = async () => {
    if (waiting.length > 0) await appender.append(waiting.join('\n'))
    waiting = []
  }
  try {
    for await (const line of directory.readLines(runFiles.journal)) {
      number += 1
      if (!wanted.has(number)) continue
      waiting.push(JSON.stringify(parseKept(line)))
      if (waiting.length === linesAtOnce) await flush()
    }
    await flush()
  } finally {
    await appender.close()
  }
}

/** A unit that can be reused; `null` for any other line of a journal. */
function parseKept(line: string): RecordedUnit | null {
  // Most lines are of the candidate, and need not be parsed.
  if (!line.includes('"measured"')) return null
  const { spent: _, ...rest } = parseObject(line)
  const unit = recordedUnitSchema.safeParse(rest).data
  if (unit?.arm !== 'baseline' || unit.measured === undefined) return null
  return unit.completion.kind === 'completed' && Object.values(unit.labels).every(isFinal) ? unit : null
}

function parseObject(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}
