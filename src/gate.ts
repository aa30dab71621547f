import type { MeasuredPast } from './continue-journal.ts'
import { type Decided, decideRecord } from './decide-record.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import type { Refusal } from './history/settle.ts'
import { measure } from './measure.ts'
import { measureShard } from './measure-shard.ts'
import type { MeasurementRequest } from './measurement.ts'
import { mergeShards } from './merge-shards.ts'
import type { PolicyChange } from './policy/change.ts'
import { listPaidPrices } from './policy/prices.ts'
import { type Checkpoints, type ResolvedPolicy, resolveCheckpoints, resolvePolicy } from './policy/resolve.ts'
import type { History, RepositoryChanges, Reviews, RunDirectory, Shards } from './ports.ts'
import {
  drawFromCorpus,
  type GatePorts,
  type GateRequest,
  type PreparedPlan,
  preparePlan,
} from './prepare.ts'
import type { PastAttempt } from './record/history.ts'
import type { RunRecord } from './record/schema.ts'
import { writeRecord } from './record/store.ts'
import { registerStanding } from './register-standing.ts'
import type { LoadedRegistration } from './registration/load.ts'
import { keepBaseline } from './reuse/keep-baseline.ts'
import { type RecalledPast, recallPast, reviewPast, settlePast } from './settle-past.ts'
import { type LeftShard, readShards, type ShardReport } from './shards/report.ts'
import type { Shard } from './shards/shard.ts'
import { findWorkflowEdits, listWorkflowEdits, type WorkflowEdits } from './workflow-edits.ts'

/** What judging a change needs of the world: to measure, and to see what else the change edits and what was before. */
export type JudgePorts = GatePorts & {
  changes: RepositoryChanges
  /** `null` where nothing keeps attempts. */
  history: History | null
  /** `null` where nobody reviews. */
  reviews: Reviews | null
}

/** What a run ended with. */
export type GateResult =
  | Unmeasured
  | {
      kind: 'decided'
      decided: Decided
      directory: RunDirectory
      registration: LoadedRegistration
      /** The digest of what its directory keeps of the baseline for later runs; `null` where it keeps nothing. */
      keptBaseline: string | null
    }

/** A run that ended before anything was asked. `invalid`: its own measurement could not be trusted. */
export type Unmeasured = { policyChanges: PolicyChange[] } & (
  | { kind: 'unchanged'; checkpoint: string; installs: boolean; workflow: WorkflowEdits }
  | { kind: 'invalid'; reason: 'policy-modified'; files: string[] }
  | {
      kind: 'refused'
      refusal: Refusal
      candidate: string
      registration: LoadedRegistration
      attempts: PastAttempt[]
    }
)

/**
 * The pipeline: policy, registration, plan, what was before, sample, replay and grade, record, estimate, verdict. What
 * was found before and stands is published again, and nothing is asked.
 */
export async function runGate(request: GateRequest, ports: JudgePorts): Promise<GateResult> {
  return judge({ request, ports, carryOut: measure })
}

/** The same with what the shards of this run have measured: this job asks nothing itself. */
export async function runMerge(
  request: GateRequest,
  ports: JudgePorts & { shards: Shards },
  /** Shards in each wave. */
  of: number,
): Promise<GateResult> {
  return judge({
    request,
    ports,
    carryOut: async (parts) => mergeShards({ ...parts, of, left: await listShards(parts, ports.shards) }),
  })
}

/** What one of several jobs ended with. `standing`: a verdict is there already, and nothing is to be measured. */
export type ShardResult =
  | Unmeasured
  | { kind: 'standing' }
  | { kind: 'measured'; report: ShardReport; directory: RunDirectory }

/** Measures a shard's part of what a run would measure, and decides nothing. */
export async function runShard(
  request: GateRequest,
  ports: JudgePorts & { shards: Shards },
  shard: Shard,
): Promise<ShardResult> {
  const begun = await begin(request, ports)
  if (begun.kind !== 'measure') return begun.kind === 'standing' ? { kind: 'standing' } : begun
  const parts = await openRun(begun.run)
  const left = await listShards(parts, ports.shards)
  const report = await measureShard({ ...parts, shard, left })
  return { kind: 'measured', report, directory: parts.directory }
}

async function listShards({ plan }: PreparedPlan, shards: Shards): Promise<LeftShard[]> {
  const key = { pointerFile: plan.policy.checkpoint.file, candidate: plan.candidate }
  return readShards(await shards.list(key))
}

type CarriedOut = MeasurementRequest & { past: MeasuredPast }

async function judge(parts: {
  request: GateRequest
  ports: JudgePorts
  carryOut: (parts: CarriedOut) => Promise<RunRecord>
}): Promise<GateResult> {
  const { request, ports, carryOut } = parts
  const begun = await begin(request, ports)
  if (begun.kind !== 'measure' && begun.kind !== 'standing') return begun
  const { resolved, prepared } = begun.run
  const finish = async (directory: RunDirectory, record: RunRecord): Promise<GateResult> => {
    await writeRecord(directory, record)
    const { baseline, candidate } = record.summary.plan
    const prices = listPaidPrices(resolved.policy, [baseline, candidate])
    const decided = { ...decideRecord(record), prices }
    const isMeasured = begun.kind === 'measure'
    const keptBaseline = isMeasured ? await keepBaseline({ directory, decided, resolved, ports }) : null
    return { kind: 'decided', decided, directory, registration: prepared.registration, keptBaseline }
  }
  if (begun.kind === 'standing') return finish(await ports.openDirectory(), begun.record)
  const opened = await openRun(begun.run)
  const measured = await carryOut(opened)
  return finish(opened.directory, await reviewPast({ ...begun.run, record: measured }))
}

/** A run that has something to measure. */
interface Run {
  request: GateRequest
  ports: JudgePorts
  resolved: ResolvedPolicy
  checkpoints: Checkpoints
  recalled: RecalledPast
  prepared: PreparedPlan
  past: MeasuredPast
}

/** Finds out what there is to measure, before anything is asked. */
async function begin(
  request: GateRequest,
  ports: JudgePorts,
): Promise<
  Unmeasured | { kind: 'standing'; run: Omit<Run, 'past'>; record: RunRecord } | { kind: 'measure'; run: Run }
> {
  const resolved = await resolvePolicy({
    ...ports,
    commits: request.commits,
    file: request.policyFile,
    graderConfig: graderConfigSchema,
  })
  const checkpoints = await resolveCheckpoints({
    ...ports,
    commits: request.commits,
    pointer: resolved.policy.checkpoint,
  })
  const { commits } = request
  const { installs, changes: policyChanges } = resolved
  if (checkpoints.baseline === checkpoints.candidate) {
    const workflow = await findWorkflowEdits({ ...ports, commits })
    return { kind: 'unchanged', checkpoint: checkpoints.candidate, installs, workflow, policyChanges }
  }
  // One that brings the gate is refused below, with what to do about it.
  const files = installs ? [] : await listWorkflowEdits({ ...ports, commits })
  if (files.length > 0) return { kind: 'invalid', reason: 'policy-modified', files, policyChanges }
  const recalled = await recallPast({ request, ports, resolved, checkpoints })
  const parts = { request, ports, resolved, checkpoints, recalled }
  const prepared = await preparePlan({
    ...parts,
    registerStanding: (rubrics) => registerStanding({ ...parts, rubrics }),
  })
  const settled = await settlePast({ request, ports, resolved, prepared, recalled })
  if (settled.kind === 'refused') {
    const { candidate } = checkpoints
    return { ...settled, candidate, registration: prepared.registration, policyChanges }
  }
  const run = { ...parts, prepared }
  return settled.kind === 'standing'
    ? { kind: 'standing', run, record: settled.record }
    : { kind: 'measure', run: { ...run, past: settled.past } }
}

/** Opens the directory of a run and draws its turns. */
async function openRun({ request, ports, resolved, prepared, past }: Run): Promise<CarriedOut> {
  const directory = await ports.openDirectory()
  const sample = await drawFromCorpus({ ports, resolved, ...prepared, tier: request.run.tier })
  return { request, ports, resolved, ...prepared, sample, directory, past }
}
