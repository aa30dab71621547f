import { GateError } from './errors.ts'
import { type CategoryGraders, createGraders, gradeUnits, type MeasuredUnit } from './grade/grade.ts'
import { addUsage, noUsage } from './grade/grader.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { Arm, RunDirectory } from './ports.ts'
import type { GatePorts, GateRequest, PreparedPlan } from './prepare.ts'
import { buildRecord, priceUsage } from './record/build.ts'
import { type Journal, nameUnit, openJournal } from './record/journal.ts'
import { summarizeUnit } from './record/retain.ts'
import type { RecordedUnit, RunRecord } from './record/schema.ts'
import { createBudget } from './replay/budget.ts'
import type { Usage } from './replay/completion.ts'
import { createEndpoint, type Endpoint } from './replay/endpoint.ts'
import { replayUnits, type Unit } from './replay/replay.ts'
import type { Sample } from './sample/draw.ts'

/** Turns whose units are under way together; their transport failures are asked again before the next ones. */
const batchTurns = 250
const arms: readonly Arm[] = ['baseline', 'candidate']

interface MeasureRequest extends PreparedPlan {
  request: GateRequest
  ports: GatePorts
  resolved: ResolvedPolicy
  sample: Sample
  directory: RunDirectory
}

/** What carries out a plan. `spent` grows with every unit. */
interface Instruments {
  spent: { model: string; usage: Usage }[]
  endpoints: Record<Arm, Endpoint>
  judge: Endpoint | null
  graders: CategoryGraders[]
  requests: () => number
}

/**
 * Replays and grades every drawn turn in both arms, a batch at a time, and journals each unit as it arrives.
 * What an earlier part of the same run has measured is not asked again.
 */
export async function measure(parts: MeasureRequest): Promise<RunRecord> {
  const { request, ports, resolved, plan, planDigest, sample, directory } = parts
  const startedAt = ports.clock.now().toISOString()
  const startMs = ports.clock.monotonicMs()
  const stop = new AbortController()
  const cancelled = AbortSignal.any([ports.cancelled, stop.signal])
  const journal = await openJournal({ directory, planDigest })
  const units = new Map(journal.done)
  try {
    const instruments = await connectInstruments({ parts, cancelled, done: journal.done })
    for (let start = 0; start < sample.turns.length; start += batchTurns) {
      const batch = sample.turns.slice(start, start + batchTurns)
      const wanted = batch
        .flatMap((turn) => arms.map((arm) => ({ turn, arm })))
        .filter((unit) => !units.has(nameUnit({ ...unit, turn: unit.turn.id })))
      await measureBatch({ parts, wanted, units, journal, instruments, startMs, stop })
    }
    const { commits } = request
    return buildRecord({
      plan,
      sample,
      units,
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
        sources: {
          baseline: instruments.endpoints.baseline.source,
          candidate: instruments.endpoints.candidate.source,
          judge: instruments.judge?.source ?? null,
        },
      },
    })
  } finally {
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
    addSpending(instruments, unit)
    reportProgress({ ...request, units })
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

async function connectInstruments(request: {
  parts: MeasureRequest
  cancelled: AbortSignal
  done: ReadonlyMap<string, RecordedUnit>
}): Promise<Instruments> {
  const { parts, cancelled } = request
  const done = [...request.done.values()]
  const { ports, plan, resolved, rubrics } = parts
  const { replay, budget: limits } = resolved.policy
  const budget = createBudget({ limits, clock: ports.clock, cancelled })
  const connect = async (name: 'baseline' | 'candidate' | 'judge'): Promise<Endpoint> => {
    const client = await ports.connect(name)
    if (client.source.kind === 'recorded' && !replay.allowRecorded) throw refuseRecording(resolved.file, name)
    return createEndpoint({
      name,
      client,
      budget,
      clock: ports.clock,
      cancelled,
      random: ports.random,
      answeredBefore: done.some((unit) => hasAnswered(unit, name)),
      ...replay,
    })
  }
  const judged = plan.policy.categories.some((category) =>
    category.graders.some((grader) => grader.kind === 'judge'),
  )
  const judge = judged && plan.policy.judge !== null ? await connect('judge') : null
  const context = {
    judge: judge === null || plan.policy.judge === null ? null : { endpoint: judge, ...plan.policy.judge },
    rubrics: rubrics.rubrics,
    delimiter: ports.delimiter,
  }
  return {
    endpoints: { baseline: await connect('baseline'), candidate: await connect('candidate') },
    judge,
    graders: createGraders(resolved.policy.categories, context),
    requests: () => budget.requests(),
    spent: [plan.baseline, plan.candidate, plan.policy.judge?.model ?? ''].map((model) => ({
      model,
      usage: noUsage,
    })),
  }
}

// That a judge answered shows in the tokens it used.
function hasAnswered(unit: RecordedUnit, name: 'baseline' | 'candidate' | 'judge'): boolean {
  if (name === 'judge') return unit.judgeUsage.promptTokens > 0
  return unit.arm === name && unit.completion.kind === 'completed'
}

function addSpending({ spent }: Instruments, unit: RecordedUnit): void {
  const add = (index: number, usage: Usage | null) => {
    const entry = spent[index]
    if (entry !== undefined) entry.usage = addUsage(entry.usage, usage)
  }
  if (unit.completion.kind === 'completed') add(arms.indexOf(unit.arm), unit.completion.usage)
  add(arms.length, unit.judgeUsage)
}

function reportProgress(request: {
  parts: MeasureRequest
  units: ReadonlyMap<string, RecordedUnit>
  instruments: Instruments
  startMs: number
}): void {
  const { parts, units, instruments, startMs } = request
  const { endpoints, judge } = instruments
  parts.ports.log.progress({
    done: units.size,
    planned: parts.sample.turns.length * arms.length,
    requests: instruments.requests(),
    failures: endpoints.baseline.failures() + endpoints.candidate.failures() + (judge?.failures() ?? 0),
    costUsd: priceUsage(instruments.spent, parts.resolved.policy.prices),
    elapsedMs: parts.ports.clock.monotonicMs() - startMs,
  })
}

function refuseRecording(file: string, name: string): GateError {
  return new GateError({
    code: 'policy',
    message: `endpoint "${name}" is a recording, and the policy does not allow recordings`,
    where: { file, field: 'replay.allow_recorded' },
    remedy: 'set `replay.allow_recorded: true` in the policy, or give the endpoint a URL',
  })
}
