import { createLooks, planStopping } from './estimate/looks.ts'
import { numberNames, type Observation, readState } from './estimate/observations.ts'
import type { Label } from './grade/label.ts'
import type { Plan, PlannedCategory } from './plan/plan.ts'
import type { Arm } from './ports.ts'
import { findReviewReasons, isReadable, nameItem } from './record/review.ts'
import type { AuditLine, RecordedUnit } from './record/schema.ts'
import { nameUnit } from './record/unit-name.ts'
import type { Sample, SampledTurn } from './sample/draw.ts'
import type { Tier } from './tier.ts'

/** The looks at a run's results while it is measured. */
export interface ResultWatch {
  /** Why they can't end the run; `null` when they may. */
  off: string | null
  /** Takes in the next batch; whether what has been asked decides. */
  isDecidedBy(batch: readonly SampledTurn[], units: LookedUnits): boolean
}

/** What a look needs of what is measured. */
export interface LookedUnits {
  /** By the unit's name. */
  labelsOf(name: string): Readonly<Record<string, Label>> | undefined
  values(): Iterable<RecordedUnit>
}

/** Whether people have read none, some or all of what there is to read beside the flags. */
type OthersRead = 'none' | 'part' | 'all'

/** What people said of items, by `nameItem`. */
type Said = ReadonlyMap<string, boolean>

/**
 * Watches the results of a plan's turns; what people said of an earlier part is taken into account as it is when the
 * record is decided. Where they have read the others in part, no look decides: the estimate won't either.
 */
export function watchResults(parts: {
  plan: Plan
  sample: Sample
  tier: Tier
  audits: readonly AuditLine[]
}): ResultWatch {
  const { plan, sample, tier, audits } = parts
  const { levels, off } = planStopping({ plan, tier, turns: listTurns(sample) })
  const blocking = plan.policy.categories.filter(({ role }) => role === 'block')
  const said: Said = new Map(audits.map((line) => [nameItem(line), line.present]))
  const looks = blocking.map((category) => ({
    category,
    look: createLooks({ plan, category, plannedTurns: sample.turns.length, levels }),
  }))
  return {
    off,
    isDecidedBy(batch, units) {
      if (off !== null) return false
      const decisions = looks.map(({ category, look }) => {
        const others = said.size === 0 ? 'none' : readOthers({ units, category, said })
        const decided = look(observeBatch({ batch, units, category: category.id, said, others }))
        return others === 'part' ? null : decided
      })
      if (plan.policy.gate.stopAtFirstFail && decisions.some((entry) => entry?.decision === 'fail'))
        return true
      return decisions.every((entry) => entry !== null)
    },
  }
}

// Apart from the watch, which would keep them as long as it lives.
function listTurns({ turns }: Sample): Pick<Observation, 'weight' | 'cluster'>[] {
  const clusters = numberNames(turns.map(({ conversation }) => conversation))
  return turns.map(({ weight }, index) => ({ weight, cluster: clusters[index] ?? 0 }))
}

/** How far the others were read among everything measured so far. */
function readOthers(request: { units: LookedUnits; category: PlannedCategory; said: Said }): OthersRead {
  const { units, category, said } = request
  let [read, left] = [0, 0]
  for (const { turn, arm, labels, trails, prescreens } of units.values()) {
    const label = labels[category.id]
    if (label === undefined || label.kind === 'present') continue
    const trail = trails[category.id]
    if (findReviewReasons({ category, label, trail, prescreens }).length === 0) continue
    if (said.has(nameItem({ turn, arm, category: category.id }))) read += 1
    else left += 1
  }
  if (read === 0) return 'none'
  return left === 0 ? 'all' : 'part'
}

function observeBatch(request: {
  batch: readonly SampledTurn[]
  units: LookedUnits
  category: string
  said: Said
  others: OthersRead
}): Observation[] {
  const { batch, units, category, said, others } = request
  const read = (turn: string, arm: Arm) => {
    const label = units.labelsOf(nameUnit({ turn, arm }))?.[category]
    if (label === undefined) return 'not-asked'
    return readSaid({ label, arm, present: said.get(nameItem({ turn, arm, category })), others })
  }
  return batch.map(({ id, weight }, index) => ({
    weight,
    cluster: index,
    stratum: 0,
    baseline: read(id, 'baseline'),
    candidate: read(id, 'candidate'),
  }))
}

function readSaid(request: {
  label: Label
  arm: Arm
  present: boolean | undefined
  others: OthersRead
}): Observation['candidate'] {
  const { label, arm, present, others } = request
  if (present === undefined || !isReadable(label)) return readState(label)
  const isFlag = label.kind === 'present'
  if (isFlag || others === 'all' || (present && arm === 'candidate')) return present ? 'event' : 'none'
  return readState(label)
}
