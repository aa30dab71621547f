import { digestTools } from '../plan/tools.ts'
import { checkRealism, type RealismCheck } from '../policy/realism-policy.ts'
import type { RecordSummary } from '../record/schema.ts'

/** Whether what was measured of the realism of simulated tools is what policy requires, when the run began. */
export function judgeRealism({ plan, timing }: Pick<RecordSummary, 'plan' | 'timing'>): RealismCheck {
  const { realism } = plan
  const { tools } = plan.policy
  if (realism === undefined || tools === undefined) return { kind: 'ok' }
  return checkRealism({ ...realism, now: new Date(timing.startedAt), digests: digestTools(tools) })
}

/** Why rates that were measured with simulated tools say nothing, in words for `verdict.json`. */
export function findRealismProblems(summary: Pick<RecordSummary, 'plan' | 'timing'>): string[] {
  const check = judgeRealism(summary)
  return check.kind === 'ok' ? [] : [`realism: ${check.detail}`]
}
