import type { AuditLine, RunRecord } from '../../src/record/schema.ts'
import { nameCategory } from './settings.ts'
import type { World } from './world.ts'

/** People read every flag, and say of each what is true. */
export function auditFlags(record: RunRecord, world: World): RunRecord {
  const audits = record.outcomes.flatMap(({ turn, arm, category, label }): AuditLine[] => {
    if (label.kind !== 'present') return []
    const place = world.places.get(turn) ?? -1
    const present = world.events[arm].some(
      (events, index) => nameCategory(index) === category && events[place] === 1,
    )
    return [{ turn, arm, category, present }]
  })
  return { ...record, audits }
}
