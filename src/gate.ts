import { type CategoryEstimate, estimateCategories } from './estimate/estimate.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import { measure } from './measure.ts'
import type { PolicyChange } from './policy/change.ts'
import { resolveCheckpoints, resolvePolicy } from './policy/resolve.ts'
import type { Policy } from './policy/schema.ts'
import type { RepositoryChanges, RunDirectory } from './ports.ts'
import { drawFromCorpus, type GatePorts, type GateRequest, preparePlan } from './prepare.ts'
import type { RunRecord } from './record/schema.ts'
import { writeRecord } from './record/store.ts'
import type { LoadedRegistration } from './registration/load.ts'
import { decideVerdict } from './verdict/decide.ts'
import type { Verdict } from './verdict/schema.ts'
import { findWorkflowEdits, listWorkflowEdits, type WorkflowEdits } from './workflow-edits.ts'

/** What judging a change needs of the world: to measure, and to see what else the change edits. */
export type JudgePorts = GatePorts & { changes: RepositoryChanges }

/** What a run ended with. */
export type GateResult =
  | Unmeasured
  | { kind: 'decided'; decided: Decided; directory: RunDirectory; registration: LoadedRegistration }

/** A run that ended before anything was asked. `invalid`: its own measurement could not be trusted. */
export type Unmeasured = { policyChanges: PolicyChange[] } & (
  | { kind: 'unchanged'; checkpoint: string; installs: boolean; workflow: WorkflowEdits }
  | { kind: 'invalid'; reason: 'policy-modified'; files: string[] }
)

/** A verdict and everything that it follows from. */
export interface Decided {
  record: RunRecord
  estimates: CategoryEstimate[]
  verdict: Verdict
  prices: Policy['prices']
}

/** The pipeline: policy, registration, plan, sample, replay and grade, record, estimate, verdict. */
export async function runGate(request: GateRequest, ports: JudgePorts): Promise<GateResult> {
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
  const prepared = await preparePlan({ request, ports, resolved, checkpoints })
  const directory = await ports.openDirectory()
  const sample = await drawFromCorpus({ ports, resolved, ...prepared, tier: request.run.tier })
  const record = await measure({ request, ports, resolved, ...prepared, sample, directory })
  await writeRecord(directory, record)
  const decided = { ...decideRecord(record), prices: resolved.policy.prices }
  return { kind: 'decided', decided, directory, registration: prepared.registration }
}

/** What follows from a record: the same from a run and from its files. */
export function decideRecord(record: RunRecord): Omit<Decided, 'prices'> {
  const estimates = estimateCategories(record)
  return { record, estimates, verdict: decideVerdict(record.summary, estimates) }
}
