import type { Plan } from '../../src/plan/plan.ts'
import type { Arm } from '../../src/ports.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import type { Probe } from '../../src/replay/probe.ts'

/** What a record says of who answered; what is left out is a run in which every answer names its checkpoint. */
export interface IdentityParts {
  checkpoint?: Partial<Plan['policy']['checkpoint']>
  ids?: Partial<Record<Arm, string>>
  digests?: Partial<Plan['digests']>
  candidate?: ArmParts
  baseline?: ArmParts
}

interface ArmParts extends Partial<RecordSummary['arms'][Arm]['identity']> {
  models?: Record<string, number>
  source?: RecordSummary['arms'][Arm]['source']
  systemFingerprints?: Record<string, number>
}

/** Changes a summary to one in which these answered. */
export function identify(parts: IdentityParts): (summary: RecordSummary) => RecordSummary {
  return (summary) => {
    const plan = {
      ...summary.plan,
      ...parts.ids,
      digests: { ...summary.plan.digests, ...parts.digests },
      policy: {
        ...summary.plan.policy,
        checkpoint: { ...summary.plan.policy.checkpoint, ...parts.checkpoint },
      },
    }
    const change = (arm: Arm) => {
      const { models = { [plan[arm]]: 400 }, source, systemFingerprints, ...identity } = parts[arm] ?? {}
      const own = summary.arms[arm]
      return {
        ...own,
        models,
        source: source ?? own.source,
        systemFingerprints: systemFingerprints ?? own.systemFingerprints,
        identity: { ...own.identity, ...identity },
      }
    }
    return { ...summary, plan, arms: { baseline: change('baseline'), candidate: change('candidate') } }
  }
}

/** An entry in an endpoint's list. */
export function listed(parts: Partial<Extract<Probe, { kind: 'listed' }>> = {}): Probe {
  return { kind: 'listed', name: 'ckpt-42', entrySha256: 'a'.repeat(64), servedDigest: null, ...parts }
}
