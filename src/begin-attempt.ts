import { type Attempt, attemptSchema } from './history/attempt.ts'
import { digestParts } from './plan/parts.ts'
import type { History } from './ports.ts'
import type { GateRequest, PreparedPlan } from './prepare.ts'

/** Keeps that the run begins; why it could not, or `null`. */
export async function beginAttempt(parts: {
  request: GateRequest
  ports: { history: History | null }
  prepared: PreparedPlan
}): Promise<string | null> {
  const { request, ports, prepared } = parts
  const { plan } = prepared
  const key = { pointerFile: plan.policy.checkpoint.file, candidate: plan.candidate }
  try {
    await ports.history?.begin(key, JSON.stringify(describeStart({ request, prepared })))
    return null
  } catch (error) {
    return `that this attempt began could not be kept: ${error instanceof Error ? error.message : String(error)}`
  }
}

function describeStart({ request, prepared }: { request: GateRequest; prepared: PreparedPlan }): Attempt {
  const { run, gateVersion, commits } = request
  const { plan, planDigest, registration } = prepared
  return attemptSchema.parse({
    version: 1,
    gateVersion,
    run: { id: run.id ?? '', attempt: run.attempt, event: run.event },
    tier: run.tier,
    pointerFile: plan.policy.checkpoint.file,
    baseline: plan.baseline,
    candidate: plan.candidate,
    epoch: plan.policy.sample.epoch,
    commits: {
      policy: commits.policy,
      candidate: commits.candidate.kind === 'commit' ? commits.candidate.sha : 'named',
    },
    planDigest,
    planParts: digestParts(plan),
    registration: {
      from: registration.from,
      file: registration.file,
      value: plan.registration,
    },
  })
}
