import { type Decided, decideRecord } from './decide-record.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import type { Refusal } from './history/settle.ts'
import { measure } from './measure.ts'
import type { PolicyChange } from './policy/change.ts'
import { resolveCheckpoints, resolvePolicy } from './policy/resolve.ts'
import type { History, RepositoryChanges, Reviews, RunDirectory } from './ports.ts'
import { drawFromCorpus, type GatePorts, type GateRequest, preparePlan } from './prepare.ts'
import type { PastAttempt } from './record/history.ts'
import type { RunRecord } from './record/schema.ts'
import { writeRecord } from './record/store.ts'
import { registerStanding } from './register-standing.ts'
import type { LoadedRegistration } from './registration/load.ts'
import { recallPast, reviewPast, settlePast } from './settle-past.ts'
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
  | { kind: 'decided'; decided: Decided; directory: RunDirectory; registration: LoadedRegistration }

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
  const { registration } = prepared
  const settled = await settlePast({ request, ports, resolved, prepared, recalled })
  if (settled.kind === 'refused') {
    const { candidate } = checkpoints
    return { ...settled, candidate, registration, policyChanges }
  }
  const directory = await ports.openDirectory()
  const finish = async (record: RunRecord): Promise<GateResult> => {
    await writeRecord(directory, record)
    const decided = { ...decideRecord(record), prices: resolved.policy.prices }
    return { kind: 'decided', decided, directory, registration }
  }
  if (settled.kind === 'standing') return finish(settled.record)
  const sample = await drawFromCorpus({ ports, resolved, ...prepared, tier: request.run.tier })
  const { past } = settled
  const measured = await measure({ request, ports, resolved, ...prepared, sample, directory, past })
  return finish(await reviewPast({ ...parts, record: measured }))
}
