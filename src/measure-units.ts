import { gradeUnit, type MeasuredUnit } from './grade/grade.ts'
import type { Instruments } from './instruments.ts'
import { gradeKnown, type KnownItem, paceItems } from './known-items.ts'
import type { Plan } from './plan/plan.ts'
import { findDigestHeader, nameCheckpoint } from './policy/checkpoint-names.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { GatePorts } from './prepare.ts'
import type { Journal } from './record/journal.ts'
import type { MeasuredUnits } from './record/measured-units.ts'
import { summarizeUnit } from './record/retain.ts'
import type { RecordedKnown, RecordedUnit } from './record/schema.ts'
import type { Completion } from './replay/completion.ts'
import {
  createReplay,
  type ReplayedUnit,
  type ReplaySettings,
  toRequest,
  type Unit,
} from './replay/replay.ts'
import type { UnitWindow } from './replay/window.ts'
import { digestRequest } from './reuse/request-digest.ts'
import type { Sample } from './sample/draw.ts'
import type { ToolInstruments } from './tool-instruments.ts'

/** A measurement under way. */
export interface Measuring {
  plan: Plan
  resolved: ResolvedPolicy
  sample: Sample
  log: GatePorts['log']
  clock: GatePorts['clock']
  startMs: number
  instruments: Instruments
  /** What answers tool calls; `null` where policy has none answer. */
  tools: ToolInstruments | null
  journal: Journal
  /** What is measured, by its name, with what earlier parts have measured. */
  units: MeasuredUnits
  known: Map<string, RecordedKnown>
  /** Ends the run: nothing more is asked, and what is under way is broken off. */
  stop: AbortController
}

/** Units that are measured together. */
export interface BatchWork {
  /** When all of them are under way, or over: the next may follow. */
  begun: Promise<void>
  /** When all of them are measured. */
  done: Promise<void>
}

/** Measures units as there is room for them in the window, and grades controls in step with them. */
export function measureBatch(
  measuring: Measuring,
  batch: {
    wanted: readonly Unit[]
    controls: readonly KnownItem[]
    gradeItems: (items: readonly KnownItem[]) => Promise<void>
    window: UnitWindow
  },
): BatchWork {
  const { instruments, stop } = measuring
  const { wanted, gradeItems, window } = batch
  const errors: unknown[] = []
  // An error ends the run: nothing more is asked, and what has been measured is on disk before it is passed on.
  const heed = async (work: Promise<void>) => {
    try {
      await work
    } catch (error) {
      errors.push(error)
      stop.abort()
    }
  }
  const pace = paceItems(batch.controls, wanted.length)
  const graded: Promise<void>[] = []
  const gradeDue = (due: readonly KnownItem[]) => {
    if (due.length > 0) graded.push(heed(gradeItems(due)))
  }
  const finish = async (unit: ReplayedUnit) => {
    const measured = gradeUnit(unit, instruments.graders)
    // As each completion comes to the judge, so do the controls that are due: in one queue, one behind the other.
    gradeDue(pace.next())
    await keepUnit(measuring, await measured, unit)
  }
  const replay = createReplay(createAsk(measuring))
  const begin = async <Asked>(units: readonly Asked[], work: (unit: Asked) => Promise<void>) => {
    const underWay: Promise<void>[] = []
    for (const unit of units) {
      await window.room()
      const measured = heed(work(unit))
      window.add(measured)
      underWay.push(measured)
    }
    return underWay
  }
  const first = begin(wanted, async (unit) => {
    const replayed = await replay.ask(unit)
    if (replayed !== null) await finish(replayed)
  })
  const measureAll = async () => {
    await Promise.all(await first)
    await Promise.all(await begin(replay.takeLeft(), async (unit) => finish(await replay.askAgain(unit))))
    gradeDue(pace.rest())
    await Promise.all(graded)
    if (errors.length > 0) throw errors[0]
  }
  return { begun: first.then(() => undefined), done: measureAll() }
}

/** Asks for one answer, or where tools are answered for a whole trajectory. */
function createAsk({ plan, instruments, tools }: Measuring): (unit: Unit) => Promise<Completion> {
  const settings = describeReplay(plan)
  return (unit) => {
    const endpoint = instruments.endpoints[unit.arm]
    return tools === null
      ? endpoint.ask(() => toRequest(unit, settings))
      : tools.follow(unit, { endpoint, settings })
  }
}

/** What a plan's arms are sent beside each prefix. */
export function describeReplay({ policy, baseline, candidate }: Plan): ReplaySettings {
  const { checkpoint, replay } = policy
  return {
    models: {
      baseline: nameCheckpoint(checkpoint, baseline).asked,
      candidate: nameCheckpoint(checkpoint, candidate).asked,
    },
    digestHeader: findDigestHeader(checkpoint),
    api: replay.api,
    temperature: replay.temperature,
    maxTokens: replay.maxTokens,
  }
}

async function keepUnit(measuring: Measuring, graded: MeasuredUnit, asked: Unit): Promise<void> {
  const { resolved, journal, instruments, units } = measuring
  const measured = stampUnit(measuring, graded, asked)
  const summarized = summarizeUnit(graded, resolved.policy.retainText)
  const unit = measured === undefined ? summarized : { ...summarized, measured }
  if (unit.completion.kind !== 'not-asked') await journal.append(unit, instruments.spent())
  units.add(unit)
  tellProgress(measuring)
}

/** Tells how far a measurement is, and what its batches say of themselves. */
export function tellProgress({ instruments, units, sample, log, clock, startMs }: Measuring): void {
  const { requests, usd } = instruments.spent()
  const batches = instruments.batches.counts()
  log.progress({
    done: units.asked,
    planned: sample.turns.length * 2,
    requests,
    failures: instruments.failures(),
    costUsd: usd,
    elapsedMs: clock.monotonicMs() - startMs,
    ...(batches === null ? {} : { batches }),
  })
}

/** When the baseline answered what, where policy lets a later run reuse it. */
function stampUnit(
  { plan, resolved, clock }: Measuring,
  { arm, completion }: MeasuredUnit,
  asked: Unit,
): RecordedUnit['measured'] {
  const isKept = arm === 'baseline' && completion.kind === 'completed'
  if (!isKept || resolved.policy.replay.reuseBaselineDays === null) return undefined
  return { at: clock.now().toISOString(), request: digestRequest(toRequest(asked, describeReplay(plan))) }
}

/** Grades known items and journals each as it is graded. */
export async function measureKnown(measuring: Measuring, items: readonly KnownItem[]): Promise<void> {
  const { known, journal, instruments, stop } = measuring
  const errors: unknown[] = []
  const graded = items.map(async (item) => {
    try {
      const line = await gradeKnown(item, instruments.graders)
      if (line.outcomes.some(({ label }) => label.kind === 'not-asked')) return
      await journal.append(line, instruments.spent())
      known.set(line.known, line)
    } catch (error) {
      errors.push(error)
      stop.abort()
    }
  })
  await Promise.all(graded)
  if (errors.length > 0) throw errors[0]
}
