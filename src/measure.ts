import { setMaxListeners } from 'node:events'
import { continueJournal, type MeasuredPast, nothingKept } from './continue-journal.ts'
import { batchTurns } from './estimate/looks.ts'
import { settleCalibrations } from './estimate/settle.ts'
import { gradeUnits, type MeasuredUnit } from './grade/grade.ts'
import { connectClients, createInstruments, type Instruments, listSources } from './instruments.ts'
import {
  gradeKnown,
  type KnownItem,
  listKnownItems,
  nameKnown,
  numberPart,
  paceItems,
  spreadControls,
} from './known-items.ts'
import { digestParts } from './plan/parts.ts'
import { findDigestHeader, nameCheckpoint } from './policy/checkpoint-names.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { Arm, RunDirectory } from './ports.ts'
import type { GatePorts, GateRequest, PreparedPlan } from './prepare.ts'
import { createProber } from './probe-arms.ts'
import { quoteRun } from './quote.ts'
import { buildRecord } from './record/build.ts'
import { type Journal, nameUnit, openJournal } from './record/journal.ts'
import { summarizeUnit } from './record/retain.ts'
import type { AuditLine, RecordedKnown, RecordedUnit, RunRecord } from './record/schema.ts'
import { readAudits, writeAudits } from './record/store.ts'
import { replayUnits, type Unit } from './replay/replay.ts'
import { type ResultWatch, watchResults } from './result-watch.ts'
import type { Sample } from './sample/draw.ts'
import { createSpending, type Spending } from './spending.ts'

const arms: readonly Arm[] = ['baseline', 'candidate']

interface MeasureRequest extends PreparedPlan {
  request: GateRequest
  ports: GatePorts
  resolved: ResolvedPolicy
  sample: Sample
  directory: RunDirectory
  /** What was before; nothing keeps it where this is left out. */
  past?: MeasuredPast
}

/**
 * Replays and grades the drawn turns in both arms, a batch at a time, and journals each unit as it arrives. After each
 * batch the results are looked at; where the plan allows it, they may end the run. What an earlier part of the same
 * run has measured is not asked again.
 */
export async function measure(parts: MeasureRequest): Promise<RunRecord> {
  const { request, ports, resolved, plan, planDigest, sample, directory } = parts
  const startedAt = ports.clock.now().toISOString()
  const startMs = ports.clock.monotonicMs()
  const stop = new AbortController()
  const cancelled = stop.signal
  const cancel = () => stop.abort()
  ports.cancelled.addEventListener('abort', cancel)
  if (ports.cancelled.aborted) cancel()
  // Every request under way and every pause before a retry listens to it.
  setMaxListeners(0, cancelled)
  const clients = await connectClients(parts)
  const sources = listSources(clients)
  const { retainText } = resolved.policy
  const header = { planDigest, planParts: digestParts(plan), sources, retainText }
  const { past = nothingKept } = parts
  const history = await continueJournal({ past, directory, header })
  const journal = await openJournal({ directory, header })
  const units = new Map(journal.done)
  const known = new Map(journal.known)
  const audits = await readStandingAudits(directory, journal)
  try {
    const instruments = createInstruments({ settings: parts, clients, cancelled, done: journal.done })
    const spending = createSpending({ plan, prices: resolved.policy.prices })
    for (const line of [...units.values(), ...known.values()]) spending.add(line)
    const watchBy = () =>
      watchResults({
        plan: settleCalibrations({
          plan,
          known: [...known.values()].flatMap(({ outcomes }) => outcomes),
          answeredAs: {},
        }),
        sample,
        tier: request.run.tier,
        audits,
      })
    const before = watchBy()
    const isMoreAsked = leavesTurns({ watch: before, sample, units })
    const items = listKnownItems(plan, parts.labelledSets, numberPart(journal, isMoreAsked))
    const gradeItems = async (wanted: readonly KnownItem[]) => {
      const missing = wanted.filter((item) => !known.has(nameKnown(item)))
      await measureKnown({ items: missing, known, journal, instruments, spending, stop })
    }
    const asked = [...items.calibration, ...items.control].filter((item) => !known.has(nameKnown(item)))
    ports.log.info(
      quoteRun({
        plan,
        sample,
        budget: resolved.policy.budget,
        done: units.size,
        known: asked.length,
        off: before.off,
      }),
    )
    // A run that is refused before shows no results, and is no attempt.
    const unkept = await past.begin()
    const { timeoutMs } = resolved.policy.replay
    const prober = createProber({ clients, plan, clock: ports.clock, cancelled, timeoutMs, journal })
    if (isMoreAsked) await prober.probe()
    // What the graders are worth has to be known before the first look at what they say.
    await gradeItems(items.calibration)
    const watch = watchBy()
    const controls = spreadControls(items.control, Math.ceil(sample.turns.length / batchTurns))
    let decided = false
    for (let start = 0; start < sample.turns.length && !decided; start += batchTurns) {
      const batch = sample.turns.slice(start, start + batchTurns)
      const wanted = batch
        .flatMap((turn) => arms.map((arm) => ({ turn, arm })))
        .filter((unit) => !units.has(nameUnit({ ...unit, turn: unit.turn.id })))
      const mixed = { controls: controls[start / batchTurns] ?? [], gradeItems }
      await measureBatch({ parts, wanted, units, journal, instruments, spending, startMs, stop, ...mixed })
      decided = watch.isDecidedBy(batch, units)
    }
    if (isMoreAsked) await prober.probe()
    // A run that ends early has met only the first of its controls.
    await gradeItems(items.control)
    if (decided)
      ports.log.info(`Decided: ${sample.turns.length - countAsked(units)} turns need not be asked.`)
    const { commits } = request
    return buildRecord({
      plan,
      sample,
      units: new Map([...journal.failed, ...units]),
      known: [...known.values()],
      audits,
      prices: resolved.policy.prices,
      facts: {
        planDigest,
        gateVersion: request.gateVersion,
        run: request.run,
        commits: {
          policy: commits.policy,
          baseline: commits.baseline.kind === 'commit' ? commits.baseline.sha : 'named',
          candidate: commits.candidate.kind === 'commit' ? commits.candidate.sha : 'named',
          trustAnchor: commits.trustAnchor,
          policyChanges: resolved.changes,
          registration: parts.registrationIn,
        },
        timing: { startedAt, elapsedMs: Math.round(ports.clock.monotonicMs() - startMs) },
        requests: instruments.requests(),
        sources,
        probes: prober.probes,
        decided,
        earlyStoppingOff: watch.off,
        retainText,
        history: unkept === null ? history : { kind: 'unknown', cause: unkept },
      },
    })
  } finally {
    ports.cancelled.removeEventListener('abort', cancel)
    stop.abort()
    await journal.close()
  }
}

/** Whether anything is left to ask of what an earlier part has measured, up to where its results decide. */
function leavesTurns(request: {
  watch: ResultWatch
  sample: Sample
  units: ReadonlyMap<string, RecordedUnit>
}): boolean {
  const { watch, sample, units } = request
  for (let start = 0; start < sample.turns.length; start += batchTurns) {
    const batch = sample.turns.slice(start, start + batchTurns)
    if (batch.some(({ id }) => arms.some((arm) => !units.has(nameUnit({ turn: id, arm }))))) return true
    if (watch.isDecidedBy(batch, units)) return false
  }
  return false
}

/** Measures units, and grades controls in step with them. */
async function measureBatch(request: {
  parts: MeasureRequest
  wanted: Unit[]
  units: Map<string, RecordedUnit>
  journal: Journal
  instruments: Instruments
  spending: Spending
  startMs: number
  stop: AbortController
  controls: readonly KnownItem[]
  gradeItems: (items: readonly KnownItem[]) => Promise<void>
}): Promise<void> {
  const { parts, wanted, units, journal, instruments, stop } = request
  const { plan, resolved } = parts
  const { checkpoint } = plan.policy
  const replayed = replayUnits({
    units: wanted,
    endpoints: instruments.endpoints,
    settings: {
      models: {
        baseline: nameCheckpoint(checkpoint, plan.baseline).asked,
        candidate: nameCheckpoint(checkpoint, plan.candidate).asked,
      },
      digestHeader: findDigestHeader(checkpoint),
      temperature: plan.policy.replay.temperature,
      maxTokens: plan.policy.replay.maxTokens,
    },
  })
  const keep = async (measured: MeasuredUnit) => {
    const unit = summarizeUnit(measured, resolved.policy.retainText)
    if (unit.completion.kind !== 'not-asked') await journal.append(unit)
    units.set(nameUnit(unit), unit)
    request.spending.add(unit)
    reportProgress(request)
  }
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
  const pace = paceItems(request.controls, wanted.length)
  const graded: Promise<void>[] = []
  const gradeDue = (due: readonly KnownItem[]) => graded.push(heed(request.gradeItems(due)))
  const kept = gradeUnits(replayed, instruments.graders).map((measured) => heed(measured.then(keep)))
  // As each completion comes to the judge, so do the controls that are due: in one queue, one behind the other.
  for (const arrived of replayed) arrived.then(() => gradeDue(pace.next())).catch(() => undefined)
  await Promise.all(kept)
  gradeDue(pace.rest())
  await Promise.all(graded)
  if (errors.length > 0) throw errors[0]
}

/** What people said of labels that stand. A turn that is asked again gets another answer, of which nobody said anything. */
async function readStandingAudits(directory: RunDirectory, journal: Journal): Promise<AuditLine[]> {
  const audits = await readAudits(directory)
  const standing = audits.filter((audit) => !journal.failed.has(nameUnit(audit)))
  if (standing.length < audits.length) await writeAudits(directory, standing)
  return standing
}

/** Grades known items and journals each as it is graded. */
async function measureKnown(request: {
  items: readonly KnownItem[]
  known: Map<string, RecordedKnown>
  journal: Journal
  instruments: Instruments
  spending: Spending
  stop: AbortController
}): Promise<void> {
  const { items, known, journal, instruments, spending, stop } = request
  const errors: unknown[] = []
  const graded = items.map(async (item) => {
    try {
      const line = await gradeKnown(item, instruments.graders)
      if (line.outcomes.some(({ label }) => label.kind === 'not-asked')) return
      await journal.append(line)
      known.set(line.known, line)
      spending.add(line)
    } catch (error) {
      errors.push(error)
      stop.abort()
    }
  })
  await Promise.all(graded)
  if (errors.length > 0) throw errors[0]
}

function countAsked(units: ReadonlyMap<string, RecordedUnit>): number {
  return new Set([...units.values()].map(({ turn }) => turn)).size
}

function reportProgress(request: {
  parts: MeasureRequest
  units: ReadonlyMap<string, RecordedUnit>
  instruments: Instruments
  spending: Spending
  startMs: number
}): void {
  const { parts, units, instruments, spending, startMs } = request
  parts.ports.log.progress({
    done: units.size,
    planned: parts.sample.turns.length * arms.length,
    requests: instruments.requests(),
    failures: instruments.failures(),
    costUsd: spending.usd(),
    elapsedMs: parts.ports.clock.monotonicMs() - startMs,
  })
}
