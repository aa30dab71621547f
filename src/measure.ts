import { setMaxListeners } from 'node:events'
import { continueJournal, type MeasuredPast, nothingKept } from './continue-journal.ts'
import { batchTurns } from './estimate/looks.ts'
import { settleCalibrations } from './estimate/settle.ts'
import { connectClients, createInstruments, listSources } from './instruments.ts'
import { type KnownItem, listKnownItems, nameKnown, numberPart, spreadControls } from './known-items.ts'
import { createUnitWindow, type Measuring, measureBatch, measureKnown } from './measure-units.ts'
import { digestParts } from './plan/parts.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { Arm, RunDirectory } from './ports.ts'
import type { GatePorts, GateRequest, PreparedPlan } from './prepare.ts'
import { createProber } from './probe-arms.ts'
import { quoteRun } from './quote.ts'
import { buildRecord } from './record/build.ts'
import { type Journal, nameUnit, openJournal } from './record/journal.ts'
import type { AuditLine, RecordedUnit, RunRecord } from './record/schema.ts'
import { readAudits, writeAudits } from './record/store.ts'
import type { Spent } from './replay/spent.ts'
import { type ResultWatch, watchResults } from './result-watch.ts'
import type { Sample } from './sample/draw.ts'

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
    const { done, spent } = journal
    const instruments = createInstruments({ settings: parts, clients, cancelled, done, spent })
    const { clock, log } = ports
    const world = { clock, log, startMs, instruments, journal, stop }
    const measuring: Measuring = { ...world, plan, resolved, sample, units, known }
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
      await measureKnown(measuring, missing)
    }
    const asked = [...items.calibration, ...items.control].filter((item) => !known.has(nameKnown(item)))
    ports.log.info(
      quoteRun({
        plan,
        sample,
        policy: resolved.policy,
        labelledSets: parts.labelledSets,
        done: units.size,
        known: asked.length,
        spent,
        jobMinutes: ports.jobMinutes ?? null,
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
    const window = createUnitWindow(resolved.policy.replay.concurrency)
    const underWay: Promise<void>[] = []
    let decided = false
    for (let start = 0; start < sample.turns.length && !decided; start += batchTurns) {
      const batch = sample.turns.slice(start, start + batchTurns)
      const wanted = batch
        .flatMap((turn) => arms.map((arm) => ({ turn, arm })))
        .filter((unit) => !units.has(nameUnit({ ...unit, turn: unit.turn.id })))
      const mixed = { controls: controls[start / batchTurns] ?? [], gradeItems }
      const work = measureBatch(measuring, { wanted, window, ...mixed })
      if (watch.off === null) {
        await work
        decided = watch.isDecidedBy(batch, units)
        continue
      }
      // Nothing looks at a batch as a whole: the next need not wait for the last of this one.
      underWay.push(work)
      work.catch(() => undefined)
      await window.room()
    }
    await Promise.all(underWay)
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
        cost: describeCost(instruments.spent()),
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

/** What people said of labels that stand. A turn that is asked again gets another answer, of which nobody said anything. */
async function readStandingAudits(directory: RunDirectory, journal: Journal): Promise<AuditLine[]> {
  const audits = await readAudits(directory)
  const standing = audits.filter((audit) => !journal.failed.has(nameUnit(audit)))
  if (standing.length < audits.length) await writeAudits(directory, standing)
  return standing
}

function describeCost({ usd, requests }: Spent): RunRecord['summary']['cost'] {
  return { usd, requests }
}

function countAsked(units: ReadonlyMap<string, RecordedUnit>): number {
  return new Set([...units.values()].map(({ turn }) => turn)).size
}
