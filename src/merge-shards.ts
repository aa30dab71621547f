import { keepContinued, type MeasuredPast } from './continue-journal.ts'
import { GateError } from './errors.ts'
import {
  listStanding,
  type MeasurementRequest,
  readStandingAudits,
  recordMeasurement,
  watchKnown,
  writeHeader,
} from './measurement.ts'
import { digestParts } from './plan/parts.ts'
import type { Arm } from './ports.ts'
import { createUnasked } from './record/build.ts'
import { type Journal, openJournal, writeJournal } from './record/journal.ts'
import type { JournalHeader } from './record/journal-lines.ts'
import type { MeasuredUnits } from './record/measured-units.ts'
import { joinReuseFacts } from './record/reused.ts'
import type { RecordedUnit, RunRecord } from './record/schema.ts'
import { nameUnit } from './record/unit-name.ts'
import type { NotAsked } from './replay/completion.ts'
import type { SampledTurn } from './sample/draw.ts'
import { type AdoptedShard, adoptShards, readEarlier } from './shards/adopt.ts'
import { addSpent } from './shards/divide.ts'
import { layOut } from './shards/layout.ts'
import { createLost, findDecision } from './shards/look.ts'
import { type LeftShard, refuseOtherShard, type ShardReport } from './shards/report.ts'
import { nameShard, type Shard } from './shards/shard.ts'

const arms: readonly Arm[] = ['baseline', 'candidate']

/** What shards have left, to be put together. */
export interface MergeRequest extends MeasurementRequest {
  past: MeasuredPast
  left: readonly LeftShard[]
  /** How many there were to be in each wave. */
  of: number
}

/**
 * Puts together what shards have measured, and asks nothing. The record is that of a run of one job: turns beyond the look
 * that decided count as not asked, and what a shard was to ask that is lost is missing data.
 * @throws GateError (`shard`) when no shard has left anything, or one has measured something else
 */
export async function mergeShards(parts: MergeRequest): Promise<RunRecord> {
  const { request, ports, plan, sample, directory, past, left, of } = parts
  const header = writeHeader(parts, findSources(left))
  const earlier = await readEarlier({ past, header, runId: request.run.id })
  const shards = await adoptShards({
    left,
    plan: { planParts: digestParts(plan), tier: request.run.tier, plannedTurns: sample.turns.length, of },
    header,
    warn: (text) => ports.log.warning(text),
  })
  const spent = addSpent([
    { wave: 0, spent: earlier.spent },
    ...shards.map(({ shard, lines }) => ({ wave: shard.wave, spent: lines.spent })),
  ])
  // What lies there of another run, or of a shard, is not written over.
  await refuseOtherShard(directory, null)
  await (await openJournal({ directory, header })).close()
  const from = [...earlier.taken, ...shards].map(({ lines }) => lines)
  await writeJournal({ from, spent, to: directory, header })
  const history = await keepContinued({ past, directory, taken: earlier.taken })
  const unkept = await past.begin()
  const journal = await openJournal({ directory, header, turns: listStanding(parts) })
  await journal.close()
  const audits = await readStandingAudits(directory, journal)
  const watch = watchKnown({ plan, sample, tier: request.run.tier, audits, known: journal.known })
  const units = fillMissing({ parts, shards, journal })
  const decidedAfter = findDecision({ watch, plan, sample, units, isOver: () => true })
  const asked = sample.turns.slice(0, decidedAfter ?? undefined)
  tellLost({ ports, shards, of, lost: countLost(asked, units) })
  return recordMeasurement({
    ...parts,
    ...{ units, known: journal.known, audits, decidedAfter },
    facts: {
      timing: describeTiming(shards, ports.clock.now()),
      cost: { usd: spent?.usd ?? null, requests: spent?.requests ?? 0 },
      sources: header.sources,
      probes: journal.probes,
      earlyStoppingOff: watch.off,
      reuse: joinReuseFacts(shards.map(({ report }) => report?.reuse)),
      history: unkept === null ? history : { kind: 'unknown', cause: unkept },
    },
  })
}

/** Where the answers came from: each shard says it, and those that say otherwise are refused with their journals. */
function findSources(left: readonly LeftShard[]): JournalHeader['sources'] {
  const report = left.find((shard) => shard.report !== null)?.report
  if (report !== null && report !== undefined) return report.sources
  throw new GateError({
    code: 'shard',
    message: 'no shard of this run has left anything that it measured',
    remedy:
      'look why the jobs that measure ended (each says so in its log), and run those that failed again: only what is missing is asked',
  })
}

/** Gives every unit what it has: labels, why it was not asked, or that it is lost. */
function fillMissing(request: {
  parts: MergeRequest
  shards: readonly AdoptedShard[]
  journal: Journal
}): MeasuredUnits {
  const { parts, shards, journal } = request
  const { plan, sample } = parts
  const reports = shards.flatMap(({ report }) => (report === null ? [] : [report]))
  const findReason = createReasons(reports, sample.turns.length)
  const units = journal.done.addMissing(journal.failed)
  for (const [place, { id: turn }] of sample.turns.entries()) {
    const reason = findReason(place)
    for (const arm of arms) {
      if (units.has(nameUnit({ turn, arm }))) continue
      const unit = { turn, arm, plan }
      const unasked = reason === null ? null : ({ kind: 'not-asked', reason } as const)
      units.add(unasked === null ? createLost(unit) : createUnasked({ ...unit, unasked }))
    }
  }
  return units
}

function countLost(turns: readonly SampledTurn[], units: ReadonlyMap<string, RecordedUnit>): number {
  const isLost = (name: string) => {
    const completion = units.get(name)?.completion
    return completion?.kind === 'failed' && completion.cause === 'shard-lost'
  }
  return turns.flatMap(({ id: turn }) => arms.filter((arm) => isLost(nameUnit({ turn, arm })))).length
}

/** Why the shard that a place is of did not ask it; `null`: it is not there to say, or had no reason. */
function createReasons(
  reports: readonly ShardReport[],
  plannedTurns: number,
): (place: number) => NotAsked['reason'] | null {
  const [first] = reports
  if (first === undefined) return () => null
  const layout = layOut(first.shard, plannedTurns)
  const stopped = new Map(reports.map(({ shard, stopped }) => [`${shard.index}/${shard.wave}`, stopped]))
  return (place) => {
    const { index, wave } = layout.findTurn(place)
    const reason = stopped.get(`${index}/${wave}`) ?? null
    // It saw a decision that is none now: what it left out is missing.
    return reason === 'decided' ? null : reason
  }
}

function tellLost(parts: {
  ports: MergeRequest['ports']
  shards: readonly AdoptedShard[]
  of: number
  lost: number
}): void {
  const { ports, shards, of, lost } = parts
  const waves = shards[0]?.shard.waves ?? 1
  const there = new Set(shards.map(({ shard }) => nameShard(shard)))
  const absent: Shard[] = []
  for (let wave = 1; wave <= waves; wave += 1) {
    for (let index = 1; index <= of; index += 1) absent.push({ index, of, wave, waves })
  }
  const names = absent.map(nameShard).filter((name) => !there.has(name))
  ports.log.info(`${there.size} of ${of * waves} shards have left what they measured.`)
  if (lost === 0) return
  const who = names.length === 0 ? '' : ` (${names.slice(0, 5).join('; ')}${names.length > 5 ? '; …' : ''})`
  ports.log.warning(
    `${lost} completions are missing, as the jobs that were to ask for them left nothing${who}: run the failed jobs again`,
  )
}

/** From the first shard's start to the last one's end. */
function describeTiming(
  shards: readonly AdoptedShard[],
  now: Date,
): { startedAt: string; elapsedMs: number } {
  const spans = shards.flatMap(({ report }) =>
    report === null ? [] : [{ start: Date.parse(report.startedAt), elapsedMs: report.elapsedMs }],
  )
  if (spans.length === 0) return { startedAt: now.toISOString(), elapsedMs: 0 }
  const start = Math.min(...spans.map((span) => span.start))
  const end = Math.max(...spans.map((span) => span.start + span.elapsedMs))
  return { startedAt: new Date(start).toISOString(), elapsedMs: Math.round(end - start) }
}
