import { testAboveTwoPhase } from './audit-bounds.ts'
import { testAboveLimit } from './limit-test.ts'
import { type AuditCount, countTurns, type Observation } from './observations.ts'
import { type RateQuestion, testAbove } from './rate.ts'
import { roundBound } from './rounding.ts'

/** How sure it is, by what people found among the flags, that a rate is above its limit. */
export interface LimitAudit {
  /** `none`: no flag was read. `part`: some were. `all`: every one, so that their count is exact. */
  read: 'none' | 'part' | 'all'
  /** The smallest α at which what was confirmed exceeds the limit; 1 when nothing was. */
  pConfirmed: number
}

/**
 * The evidence of the audited flags alone. All read: the confirmed ones are counted. Some: where they are the first of
 * the seeded order, a random sample, the share of them that was confirmed stands for the rest (two-phase bound);
 * where people chose which to read, the others count as none.
 */
export function estimateAudit(request: {
  question: RateQuestion
  audit: AuditCount
  limit: number
}): LimitAudit {
  const { question, audit, limit } = request
  const { flagged, confirmed, refuted } = audit
  const audited = confirmed.length + refuted
  if (audited === 0) return { read: 'none', pConfirmed: 1 }
  const p =
    question.method === 'exact'
      ? testCounts({ question, audit, limit })
      : testAbove({ ...question, observations: keepConfirmed(question, audit), limit })
  return { read: audited === flagged ? 'all' : 'part', pConfirmed: roundBound(p) }
}

function testCounts(request: { question: RateQuestion; audit: AuditCount; limit: number }): number {
  const { question, audit, limit } = request
  const { flagged, confirmed, refuted } = audit
  const audited = confirmed.length + refuted
  const turns = countTurns(question.observations.filter(({ candidate }) => candidate !== 'not-asked'))
  if (audit.random && audited < flagged) {
    return testAboveTwoPhase({ flagged, turns, audited, confirmed: confirmed.length, limit })
  }
  if (limit >= 1) return 1
  return testAboveLimit({ events: confirmed.length, trials: turns, limit })
}

/** The turns of the record, their order kept, with every flag that was not confirmed taken as none. */
function keepConfirmed({ observations }: RateQuestion, { confirmed }: AuditCount): Observation[] {
  const kept = new Set(confirmed)
  return observations.map((entry, index) =>
    entry.candidate === 'event' && !kept.has(index) ? { ...entry, candidate: 'none' } : entry,
  )
}
