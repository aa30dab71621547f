import { gradeUnits, type MeasuredUnit } from './grade/grade.ts'
import type { Instruments } from './instruments.ts'
import { gradeKnown, type KnownItem, paceItems } from './known-items.ts'
import type { Plan } from './plan/plan.ts'
import { findDigestHeader, nameCheckpoint } from './policy/checkpoint-names.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { GatePorts } from './prepare.ts'
import { type Journal, nameUnit } from './record/journal.ts'
import { summarizeUnit } from './record/retain.ts'
import type { RecordedKnown, RecordedUnit } from './record/schema.ts'
import { mostUnderWay } from './replay/adaptive-limit.ts'
import { replayUnits, type Unit } from './replay/replay.ts'
import type { Sample } from './sample/draw.ts'

/** A measurement under way. */
export interface Measuring {
  plan: Plan
  resolved: ResolvedPolicy
  sample: Sample
  log: GatePorts['log']
  clock: GatePorts['clock']
  startMs: number
  instruments: Instruments
  journal: Journal
  /** What is measured, by its name, with what earlier parts have measured. */
  units: Map<string, RecordedUnit>
  known: Map<string, RecordedKnown>
  /** Ends the run: nothing more is asked, and what is under way is broken off. */
  stop: AbortController
}

/** What is asked, but not before there is room for it. */
export interface UnitWindow {
  add(work: Promise<unknown>): void
  /** Resolves when less than the window is under way. */
  room(): Promise<void>
}

/**
 * Units that are asked at once where nothing waits for a batch as a whole: more than can be under way at both arms and
 * wait for a judge, so that no straggler leaves places empty, and few enough to be held in memory.
 */
export function createUnitWindow(concurrency: number | 'auto'): UnitWindow {
  const size = Math.max(2 * mostUnderWay, concurrency === 'auto' ? 0 : 4 * concurrency)
  let underWay = 0
  let waiting: (() => void)[] = []
  const leave = () => {
    underWay -= 1
    if (underWay >= size) return
    for (const go of waiting) go()
    waiting = []
  }
  return {
    add(work) {
      underWay += 1
      work.then(leave, leave)
    },
    room: () => (underWay < size ? Promise.resolve() : new Promise((go) => waiting.push(go))),
  }
}

/** Measures units, and grades controls in step with them. `window`: told of each. */
export async function measureBatch(
  measuring: Measuring,
  batch: {
    wanted: Unit[]
    controls: readonly KnownItem[]
    gradeItems: (items: readonly KnownItem[]) => Promise<void>
    window: UnitWindow
  },
): Promise<void> {
  const { instruments, stop } = measuring
  const { wanted, gradeItems, window } = batch
  const replayed = replayUnits({
    units: wanted,
    endpoints: instruments.endpoints,
    settings: describeReplay(measuring.plan),
  })
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
  const gradeDue = (due: readonly KnownItem[]) => graded.push(heed(gradeItems(due)))
  const keep = (measured: MeasuredUnit) => keepUnit(measuring, measured)
  const kept = gradeUnits(replayed, instruments.graders).map((measured) => heed(measured.then(keep)))
  for (const unit of kept) window.add(unit)
  // As each completion comes to the judge, so do the controls that are due: in one queue, one behind the other.
  for (const arrived of replayed) arrived.then(() => gradeDue(pace.next())).catch(() => undefined)
  await Promise.all(kept)
  gradeDue(pace.rest())
  await Promise.all(graded)
  if (errors.length > 0) throw errors[0]
}

function describeReplay({
  policy,
  baseline,
  candidate,
}: Plan): Parameters<typeof replayUnits>[0]['settings'] {
  const { checkpoint, replay } = policy
  return {
    models: {
      baseline: nameCheckpoint(checkpoint, baseline).asked,
      candidate: nameCheckpoint(checkpoint, candidate).asked,
    },
    digestHeader: findDigestHeader(checkpoint),
    temperature: replay.temperature,
    maxTokens: replay.maxTokens,
  }
}

async function keepUnit(measuring: Measuring, measured: MeasuredUnit): Promise<void> {
  const { resolved, journal, instruments, units, sample } = measuring
  const unit = summarizeUnit(measured, resolved.policy.retainText)
  if (unit.completion.kind !== 'not-asked') await journal.append(unit, instruments.spent())
  units.set(nameUnit(unit), unit)
  const { requests, usd } = instruments.spent()
  measuring.log.progress({
    done: units.size,
    planned: sample.turns.length * 2,
    requests,
    failures: instruments.failures(),
    costUsd: usd,
    elapsedMs: measuring.clock.monotonicMs() - measuring.startMs,
  })
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
