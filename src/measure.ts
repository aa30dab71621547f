import { continueJournal, type MeasuredPast, nothingKept } from './continue-journal.ts'
import { batchTurns } from './estimate/looks.ts'
import { connectClients, listSources } from './instruments.ts'
import { type KnownItem, listKnownItems, nameKnown, numberPart, spreadControls } from './known-items.ts'
import { type Measuring, measureBatch, measureKnown } from './measure-units.ts'
import { type MeasurementRequest, openMeasurement, recordMeasurement, writeHeader } from './measurement.ts'
import type { Arm } from './ports.ts'
import { quoteRun } from './quote.ts'
import type { MeasuredUnits } from './record/measured-units.ts'
import type { RecordedProbe, RecordedUnit, RunRecord } from './record/schema.ts'
import { nameUnit } from './record/unit-name.ts'
import { createUnitWindow } from './replay/window.ts'
import type { ResultWatch } from './result-watch.ts'
import { type BaselineReuse, openReuse } from './reuse/reuse-baseline.ts'
import { reuseBatch } from './reuse/reuse-batch.ts'
import type { Sample, SampledTurn } from './sample/draw.ts'
import { refuseOtherShard } from './shards/report.ts'

const arms: readonly Arm[] = ['baseline', 'candidate']

/**
 * Replays and grades the drawn turns in both arms, a batch at a time, and journals each unit as it arrives. After each
 * batch the results are looked at; where the plan allows it, they may end the run. What an earlier part of the same
 * run has measured is not asked again.
 */
export async function measure(
  parts: MeasurementRequest & {
    /** What was before; nothing keeps it where this is left out. */
    past?: MeasuredPast
  },
): Promise<RunRecord> {
  const { ports, resolved, plan, sample, directory, past = nothingKept } = parts
  await refuseOtherShard(directory, null)
  const clients = await connectClients(parts)
  const sources = listSources(clients)
  const history = await continueJournal({ past, directory, header: writeHeader(parts, sources) })
  const measurement = await openMeasurement({ ...parts, clients })
  try {
    const { measuring, prober, journal } = measurement
    const { units, known, instruments } = measuring
    const before = measurement.watch()
    const isMoreAsked = leavesTurns({ watch: before, sample, units })
    const reuse = await openReuse({ ...parts, turns: isMoreAsked ? sample.turns : [], sources, units })
    const part = numberPart(journal, isMoreAsked)
    instruments.batches.beginPart(part)
    const items = listKnownItems(plan, parts.labelledSets, part)
    const asked = [...items.calibration, ...items.control].filter((item) => !known.has(nameKnown(item)))
    ports.log.info(
      quoteRun({
        plan,
        sample,
        policy: resolved.policy,
        labelledSets: parts.labelledSets,
        done: units.size,
        reused: reuse.offered,
        known: asked.length,
        spent: journal.spent,
        jobMinutes: ports.jobMinutes ?? null,
        off: before.off ?? (instruments.batches.isUsed ? 'requests in batches are sent all at once' : null),
      }),
    )
    // A run that is refused before shows no results, and is no attempt.
    const unkept = await past.begin()
    if (isMoreAsked) await prober.probe()
    const { probes } = prober
    const work = { measuring, watch: measurement.watch, ...items, reuse, probes }
    const { watch, decidedAfter } = await (instruments.batches.isUsed ? measureInBatches : measureInTurn)(
      work,
    )
    if (isMoreAsked) await prober.probe()
    // A run that ends early has met only the first of its controls.
    await gradeMissing(measuring, items.control)
    if (decidedAfter !== null) {
      ports.log.info(`Decided: ${sample.turns.length - decidedAfter} turns need not be asked.`)
    }
    const { usd, requests } = instruments.spent()
    return recordMeasurement({
      ...parts,
      // What had failed before and was not asked again stands as it was.
      ...{ units: units.addMissing(journal.failed), known, decidedAfter },
      audits: measurement.audits,
      facts: {
        timing: { startedAt: measurement.startedAt, elapsedMs: measurement.elapsedMs() },
        cost: { usd, requests },
        sources,
        probes: prober.probes,
        earlyStoppingOff: watch.off,
        reuse: reuse.facts(),
        history: unkept === null ? history : { kind: 'unknown', cause: unkept },
      },
    })
  } finally {
    await measurement.close()
  }
}

interface Work {
  measuring: Measuring
  watch: () => ResultWatch
  calibration: readonly KnownItem[]
  control: readonly KnownItem[]
  reuse: BaselineReuse
  probes: readonly RecordedProbe[]
}

interface Outcome {
  /** What looked at the results. */
  watch: ResultWatch
  /** After how many turns the results decided; `null`: they did not. */
  decidedAfter: number | null
}

/** Asks what is missing, and looks at the results as they come: nothing is asked beyond the look that decides. */
async function measureInTurn(work: Work): Promise<Outcome> {
  const { measuring } = work
  // What the graders are worth has to be known before the first look at what they say.
  await gradeMissing(measuring, work.calibration)
  const watch = work.watch()
  const look =
    watch.off === null ? (turns: readonly SampledTurn[]) => watch.isDecidedBy(turns, measuring.units) : null
  return { watch, decidedAfter: await measureTurns(work, look) }
}

/**
 * Asks all that is missing at once, as the next batch would be as long under way as this one. Only then the results are
 * looked at, in the same order: what lies beyond the look that decides was asked in vain, and is no part of the run.
 */
async function measureInBatches(work: Work): Promise<Outcome> {
  const { measuring } = work
  await finishAll([gradeMissing(measuring, work.calibration), measureTurns(work, null)])
  const watch = work.watch()
  const batches = listBatches(measuring.sample)
  const deciding = batches.findIndex((turns) => watch.isDecidedBy(turns, measuring.units))
  const decidedAfter = batches.slice(0, deciding + 1).flat().length
  return { watch, decidedAfter: deciding < 0 ? null : decidedAfter }
}

/** Waits for all of it, and passes on the first error then: what the others have measured is on disk. */
export async function finishAll(work: readonly Promise<unknown>[]): Promise<void> {
  for (const done of await Promise.allSettled(work)) if (done.status === 'rejected') throw done.reason
}

/**
 * Asks the turns that are missing, a batch at a time. After how many the results decided; `null`: they did not. `look`:
 * whether they do with the next batch; `null`: nothing looks at them.
 */
async function measureTurns(
  parts: Work,
  look: ((turns: readonly SampledTurn[]) => boolean) | null,
): Promise<number | null> {
  const { measuring } = parts
  const { sample, units, instruments } = measuring
  const batches = listBatches(sample)
  const controls = spreadControls(parts.control, batches.length)
  const window = createUnitWindow(instruments.mostUnits)
  const gradeItems = (items: readonly KnownItem[]) => gradeMissing(measuring, items)
  const underWay: Promise<void>[] = []
  for (const [index, batch] of batches.entries()) {
    await reuseBatch(measuring, {
      ...parts,
      ...{ batch, start: index * batchTurns, isLookedAt: look !== null, window, gradeItems },
      listMissing: (turns) => listMissing(turns, units),
    })
    const wanted = listMissing(batch, units)
    const work = measureBatch(measuring, { wanted, window, controls: controls[index] ?? [], gradeItems })
    if (look !== null) {
      await work.done
      if (look(batch)) return Math.min((index + 1) * batchTurns, sample.turns.length)
      continue
    }
    // Nothing looks at a batch as a whole: the next need not wait for the last of this one.
    underWay.push(work.done)
    work.done.catch(() => undefined)
    await work.begun
  }
  await Promise.all(underWay)
  return null
}

/** The turns that are looked at together, in the order of the sample. */
export function listBatches({ turns }: Sample): SampledTurn[][] {
  return Array.from({ length: Math.ceil(turns.length / batchTurns) }, (_, index) =>
    turns.slice(index * batchTurns, (index + 1) * batchTurns),
  )
}

/** Units of turns that nobody has measured. */
export function listMissing(
  turns: readonly SampledTurn[],
  units: ReadonlyMap<string, RecordedUnit>,
): { turn: SampledTurn; arm: Arm }[] {
  return turns
    .flatMap((turn) => arms.map((arm) => ({ turn, arm })))
    .filter(({ turn, arm }) => !units.has(nameUnit({ turn: turn.id, arm })))
}

/** Grades the items that were not graded before. */
export async function gradeMissing(measuring: Measuring, items: readonly KnownItem[]): Promise<void> {
  await measureKnown(
    measuring,
    items.filter((item) => !measuring.known.has(nameKnown(item))),
  )
}

/** Whether anything is left to ask of what an earlier part has measured, up to where its results decide. */
function leavesTurns(request: { watch: ResultWatch; sample: Sample; units: MeasuredUnits }): boolean {
  const { watch, sample, units } = request
  for (const batch of listBatches(sample)) {
    if (listMissing(batch, units).length > 0) return true
    if (watch.isDecidedBy(batch, units)) return false
  }
  return false
}
