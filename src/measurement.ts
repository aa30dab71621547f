import { setMaxListeners } from 'node:events'
import { settleCalibrations } from './estimate/settle.ts'
import { type Clients, createInstruments, listSources, type Sources } from './instruments.ts'
import { type Measuring, tellProgress } from './measure-units.ts'
import { digestParts } from './plan/parts.ts'
import { deriveSeed, type Plan } from './plan/plan.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { RunDirectory } from './ports.ts'
import type { GatePorts, GateRequest, PreparedPlan } from './prepare.ts'
import { createProber, type Prober } from './probe-arms.ts'
import { buildRecord, type RunFacts } from './record/build.ts'
import { type Journal, openJournal } from './record/journal.ts'
import type { JournalHeader } from './record/journal-lines.ts'
import type { AuditLine, RecordedKnown, RecordedUnit, RunRecord } from './record/schema.ts'
import { readAudits, writeAudits } from './record/store.ts'
import { nameUnit } from './record/unit-name.ts'
import { createDeadlines } from './replay/deadlines.ts'
import { type ResultWatch, watchResults } from './result-watch.ts'
import type { Sample } from './sample/draw.ts'
import { createToolInstruments } from './tool-instruments.ts'

/** What is measured, and with what. */
export interface MeasurementRequest extends PreparedPlan {
  request: GateRequest
  ports: GatePorts
  resolved: ResolvedPolicy
  sample: Sample
  directory: RunDirectory
}

/** What binds a journal to what is measured. */
export function writeHeader(
  parts: Pick<MeasurementRequest, 'plan' | 'planDigest' | 'resolved'>,
  sources: Sources,
): JournalHeader {
  const { plan, planDigest, resolved } = parts
  return { planDigest, planParts: digestParts(plan), sources, retainText: resolved.policy.retainText }
}

/** A measurement that has been opened: endpoints, journal, and what is known already. */
export interface Measurement {
  measuring: Measuring
  prober: Prober
  journal: Journal
  startedAt: string
  /** Milliseconds since it was opened. */
  elapsedMs(): number
  /** Looks at what is known, from the first batch on. */
  watch(): ResultWatch
  audits: readonly AuditLine[]
  close(): Promise<void>
}

/**
 * Opens what carries out a plan, with what earlier parts of the run have left in the directory. What others have measured
 * is known, and not journalled again.
 */
export async function openMeasurement(
  parts: MeasurementRequest & {
    clients: Clients
    others?: { units: Iterable<RecordedUnit>; known: Iterable<RecordedKnown>; audits: readonly AuditLine[] }
  },
): Promise<Measurement> {
  const { request, ports, resolved, plan, sample, directory, clients } = parts
  const { clock, log } = ports
  const startedAt = clock.now().toISOString()
  const startMs = clock.monotonicMs()
  const stop = new AbortController()
  const cancelled = stop.signal
  const cancel = () => stop.abort()
  ports.cancelled.addEventListener('abort', cancel)
  if (ports.cancelled.aborted) cancel()
  // Every request under way and every pause before a retry listens to it.
  setMaxListeners(0, cancelled)
  const journal = await openJournal({
    directory,
    header: writeHeader(parts, listSources(clients)),
    turns: listStanding(parts),
  })
  const { others = { units: [], known: [], audits: [] } } = parts
  const units = journal.done
  for (const unit of others.units) if (!units.has(nameUnit(unit))) units.add(unit)
  const known = new Map([...others.known].map((line) => [line.known, line]))
  for (const [name, line] of journal.known) known.set(name, line)
  const audits = [...others.audits, ...(await readStandingAudits(directory, journal))]
  const { spent } = journal
  const instruments = createInstruments({ settings: parts, clients, cancelled, done: units, journal, spent })
  const tools =
    clients.tools === null
      ? null
      : await createToolInstruments({
          sources: clients.tools,
          ports,
          simulator: instruments.simulator,
          seed: deriveSeed(plan),
          deadlines: createDeadlines(cancelled),
          timeoutMs: resolved.policy.replay.timeoutMs,
        })
  const { timeoutMs } = resolved.policy.replay
  const measuring: Measuring = {
    ...{ clock, log, startMs, instruments, tools, journal, stop },
    ...{ plan, resolved, sample, units, known },
  }
  instruments.batches.onChange(() => tellProgress(measuring))
  return {
    measuring,
    prober: createProber({ clients, plan, clock, cancelled, timeoutMs, journal }),
    journal,
    startedAt,
    elapsedMs: () => Math.round(clock.monotonicMs() - startMs),
    watch: () => watchKnown({ plan, sample, tier: request.run.tier, audits, known }),
    audits,
    async close() {
      ports.cancelled.removeEventListener('abort', cancel)
      stop.abort()
      await tools?.close()
      await journal.close()
    },
  }
}

/** The turns of a whole sample; of a smoke run's first ones the others may have been measured before. */
export function listStanding({
  request,
  sample,
}: Pick<MeasurementRequest, 'request' | 'sample'>): ReadonlySet<string> | undefined {
  return request.run.tier === 'release' ? new Set(sample.turns.map(({ id }) => id)) : undefined
}

/** Looks at results with what the graded items say the graders are worth. */
export function watchKnown(parts: {
  plan: Plan
  sample: Sample
  tier: GateRequest['run']['tier']
  audits: readonly AuditLine[]
  known: ReadonlyMap<string, RecordedKnown>
}): ResultWatch {
  const { plan, sample, tier, audits, known } = parts
  const outcomes = [...known.values()].flatMap((line) => line.outcomes)
  return watchResults({
    plan: settleCalibrations({ plan, known: outcomes, answeredAs: {} }),
    sample,
    tier,
    audits,
  })
}

/** What people said of labels that stand. A turn that is asked again gets another answer, of which nobody said anything. */
export async function readStandingAudits(
  directory: RunDirectory,
  journal: Pick<Journal, 'failed'>,
): Promise<AuditLine[]> {
  const audits = await readAudits(directory)
  const standing = audits.filter((audit) => !journal.failed.has(nameUnit(audit)))
  if (standing.length < audits.length) await writeAudits(directory, standing)
  return standing
}

/**
 * Puts the record of a measurement together. What lies beyond the look that decided was asked by whoever could not wait
 * for it, and is no part of the run: its turns count as not asked, however many jobs there were.
 */
export function recordMeasurement(
  parts: Omit<MeasurementRequest, 'directory' | 'ports'> & {
    units: ReadonlyMap<string, RecordedUnit>
    known: ReadonlyMap<string, RecordedKnown>
    audits: readonly AuditLine[]
    /** After how many turns the results decided; `null`: they did not. */
    decidedAfter: number | null
    facts: Pick<RunFacts, 'timing' | 'cost' | 'sources' | 'probes' | 'earlyStoppingOff' | 'history' | 'reuse'>
  },
): RunRecord {
  const { request, resolved, plan, planDigest, sample, decidedAfter, facts } = parts
  const { commits } = request
  const asked = new Set(sample.turns.slice(0, decidedAfter ?? undefined).map(({ id }) => id))
  return buildRecord({
    plan,
    sample,
    units: parts.units,
    turns: decidedAfter,
    known: [...parts.known.values()],
    audits: parts.audits.filter(({ turn }) => asked.has(turn)),
    facts: {
      ...facts,
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
      decided: decidedAfter !== null,
      retainText: resolved.policy.retainText,
    },
  })
}
