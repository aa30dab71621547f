import { setMaxListeners } from 'node:events'
import { batchTurns } from './estimate/looks.ts'
import { countJudges, gradeUnits, type MeasuredUnit } from './grade/grade.ts'
import { addUsage, noUsage } from './grade/grader.ts'
import { connectClients, createInstruments, type Instruments, listSources } from './instruments.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { Arm, RunDirectory } from './ports.ts'
import type { GatePorts, GateRequest, PreparedPlan } from './prepare.ts'
import { buildRecord, priceUsage } from './record/build.ts'
import { type Journal, nameUnit, openJournal } from './record/journal.ts'
import { summarizeUnit } from './record/retain.ts'
import type { RecordedUnit, RunRecord } from './record/schema.ts'
import { readAudits } from './record/store.ts'
import type { Usage } from './replay/completion.ts'
import { replayUnits, type Unit } from './replay/replay.ts'
import { watchResults } from './result-watch.ts'
import type { Sample } from './sample/draw.ts'

const arms: readonly Arm[] = ['baseline', 'candidate']

interface MeasureRequest extends PreparedPlan {
  request: GateRequest
  ports: GatePorts
  resolved: ResolvedPolicy
  sample: Sample
  directory: RunDirectory
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
  const journal = await openJournal({ directory, header: { planDigest, sources, retainText } })
  const units = new Map(journal.done)
  const audits = await readAudits(directory)
  try {
    const instruments = createInstruments({ settings: parts, clients, cancelled, done: journal.done })
    const spending = createSpending(parts)
    for (const unit of units.values()) spending.add(unit)
    const watch = watchResults({ plan, sample, tier: request.run.tier, audits })
    ports.log.info(quote({ parts, done: units.size, off: watch.off }))
    let decided = false
    for (let start = 0; start < sample.turns.length && !decided; start += batchTurns) {
      const batch = sample.turns.slice(start, start + batchTurns)
      const wanted = batch
        .flatMap((turn) => arms.map((arm) => ({ turn, arm })))
        .filter((unit) => !units.has(nameUnit({ ...unit, turn: unit.turn.id })))
      await measureBatch({ parts, wanted, units, journal, instruments, spending, startMs, stop })
      decided = watch.isDecidedBy(batch, units)
    }
    if (decided)
      ports.log.info(`Decided: ${sample.turns.length - countAsked(units)} turns need not be asked.`)
    const { commits } = request
    return buildRecord({
      plan,
      sample,
      units: new Map([...journal.failed, ...units]),
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
          policyDiffersInHead: resolved.differsInHead,
        },
        timing: { startedAt, elapsedMs: Math.round(ports.clock.monotonicMs() - startMs) },
        requests: instruments.requests(),
        sources,
        decided,
        earlyStoppingOff: watch.off,
        retainText,
      },
    })
  } finally {
    ports.cancelled.removeEventListener('abort', cancel)
    stop.abort()
    await journal.close()
  }
}

async function measureBatch(request: {
  parts: MeasureRequest
  wanted: Unit[]
  units: Map<string, RecordedUnit>
  journal: Journal
  instruments: Instruments
  spending: Spending
  startMs: number
  stop: AbortController
}): Promise<void> {
  const { parts, wanted, units, journal, instruments, stop } = request
  const { plan, resolved } = parts
  const replayed = replayUnits({
    units: wanted,
    endpoints: instruments.endpoints,
    settings: {
      models: { baseline: plan.baseline, candidate: plan.candidate },
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
  const kept = gradeUnits(replayed, instruments.graders).map(async (measured) => {
    try {
      await keep(await measured)
    } catch (error) {
      errors.push(error)
      stop.abort()
    }
  })
  // An error ends the run: nothing more is asked, and what has been measured is on disk before it is passed on.
  await Promise.all(kept)
  if (errors.length > 0) throw errors[0]
}

function countAsked(units: ReadonlyMap<string, RecordedUnit>): number {
  return new Set([...units.values()].map(({ turn }) => turn)).size
}

/** What a run has cost so far. */
interface Spending {
  add(unit: RecordedUnit): void
  /** `null` when a price is not known. */
  usd(): number | null
}

function createSpending({ plan, resolved }: MeasureRequest): Spending {
  const spent = [plan.baseline, plan.candidate, plan.policy.judge?.model ?? ''].map((model) => ({
    model,
    usage: noUsage,
  }))
  const addTo = (index: number, usage: Usage | null) => {
    const entry = spent[index]
    if (entry !== undefined) entry.usage = addUsage(entry.usage, usage)
  }
  return {
    add(unit) {
      if (unit.completion.kind === 'completed') addTo(arms.indexOf(unit.arm), unit.completion.usage)
      addTo(arms.length, unit.judgeUsage)
    },
    usd: () => priceUsage(spent, resolved.policy.prices),
  }
}

/** What will be asked, said before anything is. */
function quote(request: { parts: MeasureRequest; done: number; off: string | null }): string {
  const { parts, done, off } = request
  const { plan, sample } = parts
  const units = sample.turns.length * arms.length - done
  const judges = countJudges(plan.policy.categories)
  const before = done === 0 ? '' : ` (${done} completions of an earlier part of this run are there)`
  const { maxRequests, maxMinutes } = parts.resolved.policy.budget
  const limits = [
    ...(maxRequests === null ? [] : [`${maxRequests} requests`]),
    ...(maxMinutes === null ? [] : [`${maxMinutes} minutes`]),
  ]
  const budget = limits.length === 0 ? 'no budget is set' : `the budget is ${limits.join(' and ')}`
  const ending =
    off === null ? 'It ends as soon as the results decide.' : `It does not end early by its results: ${off}.`
  return `${sample.turns.length} turns in two arms: ${units} completions to ask for and at most ${units * judges} judgements, retries not counted${before}; ${budget}. ${ending}`
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
