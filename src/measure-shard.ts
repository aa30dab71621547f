import { type MeasuredPast, mergeAudits } from './continue-journal.ts'
import { connectClients, listSources } from './instruments.ts'
import { type KnownItem, listKnownItems, nameKnown, spreadControls } from './known-items.ts'
import { finishAll, gradeMissing, listBatches, listMissing } from './measure.ts'
import { measureBatch } from './measure-units.ts'
import { type Measurement, type MeasurementRequest, openMeasurement, writeHeader } from './measurement.ts'
import { writeJournal } from './record/journal.ts'
import { type JournalHeader, readMeasured } from './record/journal-lines.ts'
import { nameUnit } from './record/unit-name.ts'
import type { NotAsked } from './replay/completion.ts'
import type { Unit } from './replay/replay.ts'
import { createUnitWindow } from './replay/window.ts'
import { reuseInShard } from './reuse/reuse-shard.ts'
import type { Sample } from './sample/draw.ts'
import { adoptShards, type EarlierRuns, listKnown, listUnits, readEarlier } from './shards/adopt.ts'
import { addSpent, divideLimits } from './shards/divide.ts'
import { isOf, type Layout, layOut } from './shards/layout.ts'
import { findDecision } from './shards/look.ts'
import { type LeftShard, refuseOtherShard, type ShardReport, writeShardReport } from './shards/report.ts'
import { nameShard, type Shard } from './shards/shard.ts'

/** One of several jobs that measure a plan together. */
export interface ShardRequest extends MeasurementRequest {
  shard: Shard
  /** What was before this run. */
  past: MeasuredPast
  /** What shards of this run have left so far, an earlier attempt of this one included. */
  left: readonly LeftShard[]
}

/**
 * Measures a shard's part of the turns and of the items whose truth is known, and journals it. Nothing is looked at while a
 * wave is under way; where what was measured before decides, no turn is asked.
 */
export async function measureShard(parts: ShardRequest): Promise<ShardReport> {
  const { ports, sample, directory, shard, past, resolved } = parts
  const clients = await connectClients(parts)
  const header = writeHeader(parts, listSources(clients))
  await refuseOtherShard(directory, shard)
  await continueOwn(parts, header)
  const others = await readOthers(parts, header)
  const policy = divideLimits(resolved.policy, { of: shard.of, spent: others.spent })
  const measurement = await openMeasurement({
    ...parts,
    clients,
    resolved: { ...resolved, policy },
    others: {
      units: listUnits(others.lines),
      known: listKnown(others.lines),
      audits: mergeAudits(others.earlier.taken.map(({ attempt }) => attempt)),
    },
  })
  try {
    const { measuring, prober } = measurement
    const decided = isDecidedBefore(parts, measurement)
    const { part } = others.earlier
    measuring.instruments.batches.beginPart(part)
    const work = assignWork({ parts, measurement, part, decided })
    const units = work.batches.flatMap(({ wanted }) => wanted)
    ports.log.info(describeWork({ shard, sample, units: units.length, decided }))
    const unkept = await past.begin()
    if (unkept !== null) ports.log.warning(unkept)
    if (units.length > 0) await prober.probe()
    const own = new Set(units.map(({ turn }) => turn.id))
    const reuse = await reuseInShard({ ...parts, sources: header.sources, measurement, own })
    await finishAll([gradeMissing(measuring, work.calibration), measureWork(measurement, work)])
    if (units.length > 0) await prober.probe()
    const report: ShardReport = {
      version: 1,
      shard,
      tier: parts.request.run.tier,
      plannedTurns: sample.turns.length,
      planDigest: parts.planDigest,
      planParts: header.planParts,
      sources: header.sources,
      stopped: decided ? 'decided' : findStop(units, measurement),
      ...(reuse === undefined ? {} : { reuse }),
      startedAt: measurement.startedAt,
      elapsedMs: measurement.elapsedMs(),
    }
    await writeShardReport(directory, report)
    return report
  } finally {
    await measurement.close()
  }
}

/** Takes over what an earlier attempt of the same shard has left. */
async function continueOwn({ left, shard, directory }: ShardRequest, header: JournalHeader): Promise<void> {
  const own = left.find((other) => other.shard.wave === shard.wave && other.shard.index === shard.index)
  const lines = own === undefined ? null : await readMeasured(own.directory, header)
  if (lines !== null) await writeJournal({ from: [lines], spent: lines.spent, to: directory, header })
}

/** Reads what earlier runs and the waves before have measured. */
async function readOthers(parts: ShardRequest, header: JournalHeader) {
  const { request, past, left, shard, sample, ports } = parts
  const earlier: EarlierRuns = await readEarlier({ past, header, runId: request.run.id })
  const waves = await adoptShards({
    left: left.filter((other) => other.shard.wave < shard.wave),
    plan: {
      planParts: header.planParts,
      tier: request.run.tier,
      plannedTurns: sample.turns.length,
      of: shard.of,
    },
    header,
    warn: (text) => ports.log.warning(text),
  })
  return {
    earlier,
    lines: [...earlier.taken, ...waves].map(({ lines }) => lines),
    spent: addSpent([
      { wave: 0, spent: earlier.spent },
      ...waves.map((other) => ({ wave: other.shard.wave, spent: other.lines.spent })),
    ]),
  }
}

/** Whether earlier runs and the waves before decide; a shard that they have lost leaves missing data. */
function isDecidedBefore({ sample, plan, shard }: ShardRequest, measurement: Measurement): boolean {
  const layout = layOut(shard, sample.turns.length)
  const isOver = (place: number) => layout.findTurn(place).wave < shard.wave
  const { units } = measurement.measuring
  return findDecision({ watch: measurement.watch(), plan, sample, units, isOver }) !== null
}

/** What a shard has to do. */
interface Work {
  calibration: KnownItem[]
  batches: { wanted: Unit[]; controls: KnownItem[] }[]
}

function assignWork(request: {
  parts: ShardRequest
  measurement: Measurement
  part: number
  decided: boolean
}): Work {
  const { parts, measurement, part, decided } = request
  const { plan, sample, shard, labelledSets } = parts
  const { units, known } = measurement.measuring
  const layout = layOut(shard, sample.turns.length)
  const items = listKnownItems(plan, labelledSets, part)
  const batches = listBatches(sample)
  const controls = spreadControls(items.control, batches.length)
  const isMissing = (item: KnownItem) => !known.has(nameKnown(item))
  return {
    calibration: items.calibration.filter((_, place) => isOf(shard, layout.findCalibration(place))),
    batches: pickOwn({ sample, shard, layout }).map((turns, index) => ({
      wanted: decided ? [] : listMissing(turns, units),
      controls: (controls[index] ?? [])
        .filter((_, place) => isOf(shard, layout.findControl(index, place)))
        .filter(isMissing),
    })),
  }
}

function pickOwn({ sample, shard, layout }: { sample: Sample; shard: Shard; layout: Layout }) {
  let place = -1
  return listBatches(sample).map((batch) =>
    batch.filter(() => {
      place += 1
      return isOf(shard, layout.findTurn(place))
    }),
  )
}

async function measureWork({ measuring }: Measurement, { batches }: Work): Promise<void> {
  const { units } = measuring
  const window = createUnitWindow(measuring.instruments.mostUnits)
  const underWay: Promise<void>[] = []
  for (const batch of batches) {
    const gradeItems = (items: readonly KnownItem[]) => gradeMissing(measuring, items)
    // What was taken over since need not be asked.
    const wanted = batch.wanted.filter(({ turn, arm }) => !units.has(nameUnit({ turn: turn.id, arm })))
    const work = measureBatch(measuring, { ...batch, wanted, window, gradeItems })
    underWay.push(work.done)
    work.done.catch(() => undefined)
    await work.begun
  }
  await Promise.all(underWay)
}

/** Why units that were to be asked were not; `null`: all were. */
function findStop(wanted: readonly Unit[], { measuring }: Measurement): NotAsked['reason'] | null {
  const isLeft = listMissing([...new Set(wanted.map(({ turn }) => turn))], measuring.units).length > 0
  const isUnasked = [...measuring.units.values()].some(({ completion, labels }) =>
    [completion, ...Object.values(labels)].some(({ kind }) => kind === 'not-asked'),
  )
  return isLeft || isUnasked ? (measuring.instruments.stopped() ?? 'cancelled') : null
}

function describeWork(work: { shard: Shard; sample: Sample; units: number; decided: boolean }): string {
  const { shard, sample, units, decided } = work
  return decided
    ? `${nameShard(shard)}: what was measured before decides, and no turn is asked`
    : `${nameShard(shard)} of ${sample.turns.length} turns in two arms: ${units} completions to ask for`
}
