import { createLooks, planStopping } from './estimate/looks.ts'
import { numberNames, type Observation, readState } from './estimate/observations.ts'
import type { Plan } from './plan/plan.ts'
import type { Arm } from './ports.ts'
import { nameFlag } from './record/audit.ts'
import { nameUnit } from './record/journal.ts'
import type { AuditLine, RecordedUnit } from './record/schema.ts'
import type { Sample, SampledTurn } from './sample/draw.ts'
import type { Tier } from './tier.ts'

/** The looks at a run's results while it is measured. */
export interface ResultWatch {
  /** Why they can't end the run; `null` when they may. */
  off: string | null
  /** Takes in the next batch; whether what has been asked decides. */
  isDecidedBy(batch: readonly SampledTurn[], units: ReadonlyMap<string, RecordedUnit>): boolean
}

/** Watches the results of a plan's turns; what people said of flags in an earlier part is taken into account. */
export function watchResults(parts: {
  plan: Plan
  sample: Sample
  tier: Tier
  audits: readonly AuditLine[]
}): ResultWatch {
  const { plan, sample, tier, audits } = parts
  const clusters = numberNames(sample.turns.map(({ conversation }) => conversation))
  const turns = sample.turns.map(({ weight }, index) => ({ weight, cluster: clusters[index] ?? 0 }))
  const { levels, off } = planStopping({ plan, tier, turns })
  const blocking = plan.policy.categories.filter(({ role }) => role === 'block')
  const refuted = new Set(audits.filter(({ present }) => !present).map(nameFlag))
  const looks = blocking.map((category) => ({
    category: category.id,
    look: createLooks({ plan, category, plannedTurns: turns.length, levels }),
  }))
  return {
    off,
    isDecidedBy(batch, units) {
      if (off !== null) return false
      const decisions = looks.map(({ category, look }) =>
        look(observeBatch({ batch, units, category, refuted })),
      )
      if (plan.policy.gate.stopAtFirstFail && decisions.some((entry) => entry?.decision === 'fail'))
        return true
      return decisions.every((entry) => entry !== null)
    },
  }
}

function observeBatch(request: {
  batch: readonly SampledTurn[]
  units: ReadonlyMap<string, RecordedUnit>
  category: string
  /** Flags that people found to be none. */
  refuted: ReadonlySet<string>
}): Observation[] {
  const { batch, units, category, refuted } = request
  const read = (turn: string, arm: Arm) => {
    if (refuted.has(nameFlag({ turn, arm, category }))) return 'none'
    const label = units.get(nameUnit({ turn, arm }))?.labels[category]
    return label === undefined ? 'not-asked' : readState(label)
  }
  return batch.map(({ id, weight }, index) => ({
    weight,
    cluster: index,
    stratum: 0,
    baseline: read(id, 'baseline'),
    candidate: read(id, 'candidate'),
  }))
}
