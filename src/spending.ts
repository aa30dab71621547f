import { addUses, type GraderUse, noUsage } from './grade/usage.ts'
import type { Plan } from './plan/plan.ts'
import type { Policy } from './policy/schema.ts'
import { priceUsage } from './record/build.ts'
import type { RecordedKnown, RecordedUnit } from './record/schema.ts'

/** What a run has cost so far. */
export interface Spending {
  add(line: RecordedUnit | RecordedKnown): void
  /** `null` when a price is not known. */
  usd(): number | null
}

/** Adds up what the lines of a journal have taken, at a policy's prices. */
export function createSpending({ plan, prices }: { plan: Plan; prices: Policy['prices'] }): Spending {
  let uses: GraderUse[] = []
  const add = (use: Omit<GraderUse, 'answeredAs'>) => {
    uses = addUses([...uses, { ...use, answeredAs: {} }])
  }
  return {
    add(line) {
      for (const use of line.uses) add(use)
      if (!('completion' in line) || line.completion.kind !== 'completed') return
      const model = line.arm === 'baseline' ? plan.baseline : plan.candidate
      add({ endpoint: line.arm, model, usage: line.completion.usage ?? noUsage })
    },
    usd: () => priceUsage(uses, prices),
  }
}
