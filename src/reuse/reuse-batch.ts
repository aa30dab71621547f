import type { KnownItem } from '../known-items.ts'
import { type Measuring, measureBatch } from '../measure-units.ts'
import type { RecordedProbe } from '../record/schema.ts'
import type { Unit } from '../replay/replay.ts'
import type { UnitWindow } from '../replay/window.ts'
import type { SampledTurn } from '../sample/draw.ts'
import type { BaselineReuse } from './reuse-baseline.ts'

/**
 * Does what has to be done before a batch is asked: what is compared is asked in both arms, and once that has been compared,
 * what an earlier run measured is taken over, of this batch alone: nothing of one that is never reached. What is compared is
 * asked all at once, unless results are looked at in between.
 */
export async function reuseBatch(
  measuring: Measuring,
  parts: {
    reuse: BaselineReuse
    batch: readonly SampledTurn[]
    /** The place of its first turn. */
    start: number
    /** Whether results are looked at after each batch. */
    isLookedAt: boolean
    probes: readonly RecordedProbe[]
    listMissing: (turns: readonly SampledTurn[]) => Unit[]
    window: UnitWindow
    gradeItems: (items: readonly KnownItem[]) => Promise<void>
  },
): Promise<void> {
  const { reuse, batch, start, isLookedAt, probes, listMissing, window, gradeItems } = parts
  const { units, journal, instruments, sample } = measuring
  const { checkedTurns } = reuse
  const until = isLookedAt ? Math.min(checkedTurns, start + batch.length) : checkedTurns
  if (start < until && (isLookedAt || start === 0)) {
    const wanted = listMissing(sample.turns.slice(start, until))
    await measureBatch(measuring, { wanted, controls: [], gradeItems, window }).done
    if (until === checkedTurns) reuse.settle({ units, probes })
  }
  const taken = reuse.takeOver(batch, units)
  for (const unit of taken) units.add(unit)
  await Promise.all(taken.map((unit) => journal.append(unit, instruments.spent())))
}
