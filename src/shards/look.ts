import { batchTurns } from '../estimate/looks.ts'
import type { Plan } from '../plan/plan.ts'
import type { Arm } from '../ports.ts'
import type { MeasuredUnits } from '../record/measured-units.ts'
import type { RecordedUnit } from '../record/schema.ts'
import { nameUnit } from '../record/unit-name.ts'
import type { ResultWatch } from '../result-watch.ts'
import type { Sample } from '../sample/draw.ts'

const arms: readonly Arm[] = ['baseline', 'candidate']

/** A unit that the job was lost with which was to ask it. */
export function createLost(request: { turn: string; arm: Arm; plan: Plan }): RecordedUnit {
  const { turn, arm, plan } = request
  const missing = { kind: 'missing', class: 'transport', of: 'completion', cause: 'shard-lost' } as const
  return {
    turn,
    arm,
    completion: { kind: 'failed', cause: 'shard-lost' },
    labels: Object.fromEntries(plan.policy.categories.map(({ id }) => [id, missing])),
    trails: {},
    prescreens: [],
    uses: [],
  }
}

/**
 * After how many turns the results decide, looked at batch by batch in the sample's order as in a run of one job; `null`
 * where they don't. What is missing of a place where all who were to ask are over is lost; the first batch of which
 * anything is still to come ends the looks.
 */
export function findDecision(request: {
  watch: ResultWatch
  plan: Plan
  sample: Sample
  units: MeasuredUnits
  isOver: (place: number) => boolean
}): number | null {
  const { watch, plan, sample, units, isOver } = request
  if (watch.off !== null) return null
  const lost = new Map<string, RecordedUnit>()
  const filled = {
    labelsOf: (name: string) => units.labelsOf(name) ?? lost.get(name)?.labels,
    *values() {
      yield* units.values()
      yield* lost.values()
    },
  }
  for (let start = 0; start < sample.turns.length; start += batchTurns) {
    const batch = sample.turns.slice(start, start + batchTurns)
    for (const [index, { id: turn }] of batch.entries()) {
      for (const arm of arms) {
        const name = nameUnit({ turn, arm })
        if (units.has(name)) continue
        if (!isOver(start + index)) return null
        lost.set(name, createLost({ turn, arm, plan }))
      }
    }
    if (watch.isDecidedBy(batch, filled)) return start + batch.length
  }
  return null
}
