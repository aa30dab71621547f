import { testAboveTwoPhase } from './audit-bounds.ts'
import { testAboveLimit } from './limit-test.ts'
import { accumulate, computeMean, computeSpread, describeLower, type Marginal } from './marginal.ts'
import { type AuditCount, countTurns, type Observation } from './observations.ts'
import { placeNodes } from './quadrature.ts'
import { type RateQuestion, testAbove } from './rate.ts'
import { roundBound } from './rounding.ts'

/** How sure it is, by what people found among the flags and beside them, that a rate is above its limit. */
export interface LimitAudit {
  /** `none`: no flag was read, and nothing found beside them. `part`: not every flag. `all`: every one, so that their count is exact. */
  read: 'none' | 'part' | 'all'
  /** The smallest α at which what was confirmed exceeds the limit; 1 when nothing was. */
  pConfirmed: number
}

/**
 * The evidence of the audited turns alone. All flags read: the confirmed ones are counted. Some: where they are the first
 * of the seeded order, a random sample, the share of them that was confirmed stands for the rest (two-phase bound);
 * where people chose which to read, the others count as none. What people found beside the flags is counted with them.
 */
export function estimateAudit(request: {
  question: RateQuestion
  audit: AuditCount
  limit: number
}): LimitAudit {
  const { question, audit, limit } = request
  const { flagged, confirmed, refuted } = audit
  const audited = confirmed.length + refuted
  if (audited + listFound(audit).length === 0) return { read: 'none', pConfirmed: 1 }
  const p =
    question.method === 'exact'
      ? testCounts({ question, audit, limit })
      : testAbove({ ...question, observations: keepConfirmed(question, audit), limit })
  return { read: audited === flagged ? 'all' : 'part', pConfirmed: roundBound(p) }
}

function testCounts(request: { question: RateQuestion; audit: AuditCount; limit: number }): number {
  const { question, audit, limit } = request
  const { flagged, refuted } = audit
  const [confirmed, found] = [audit.confirmed.length, listFound(audit).length]
  const audited = confirmed + refuted
  const turns = countTurns(question.observations.filter(({ candidate }) => candidate !== 'not-asked'))
  if (limit >= 1) return 1
  if (audit.random && audited > 0 && audited < flagged) {
    const flags = { flagged, turns, audited, confirmed, limit }
    return found === 0 ? testAboveTwoPhase(flags) : testAboveWithFound({ ...flags, found })
  }
  return testAboveLimit({ events: confirmed + found, trials: turns, limit })
}

const nodes = 64

/**
 * The p value of "the true rate is at most the limit" where a random part of the flags was read, and events were found
 * among turns that are no flags: P(flags·precision + found ≤ limit), each of the three by half of its confidence
 * distribution (melding, as in `testAboveTwoPhase`, which this is without anything found). For rare events the sum of
 * two counts' distributions is that of their sum: Gamma(x) + Gamma(y) = Gamma(x + y).
 */
function testAboveWithFound(
  test: Parameters<typeof testAboveTwoPhase>[0] & {
    found: number
  },
): number {
  const { flagged, turns, audited, confirmed, found, limit } = test
  const others = describeLower({ events: found, trials: turns })
  const rate = describeLower({ events: flagged, trials: turns })
  const precision = describeLower({ events: confirmed, trials: audited })
  // Between nodes a much narrower distribution would be a step that they can't see: the widest is integrated exactly.
  if (computeSpread(others) < spreadOfProduct(rate, precision)) {
    return placeNodes(others, nodes).reduce(
      (sum, { value, weight }) =>
        sum + (value >= limit ? 0 : weight * testAboveTwoPhase({ ...test, limit: limit - value })),
      0,
    )
  }
  const shares = placeNodes(precision, nodes)
  return placeNodes(rate, nodes).reduce(
    (sum, { value, weight }) =>
      sum +
      weight *
        shares.reduce(
          (inner, share) => inner + share.weight * accumulate(others, limit - value * share.value),
          0,
        ),
    0,
  )
}

function spreadOfProduct(first: Marginal, second: Marginal): number {
  const [a, b] = [computeMean(first), computeMean(second)]
  const [da, db] = [computeSpread(first), computeSpread(second)]
  return Math.sqrt(a * a * db * db + b * b * da * da + da * da * db * db)
}

function listFound({ others }: AuditCount): readonly number[] {
  return others?.found ?? []
}

/** The turns of the record, their order kept, with every flag that was not confirmed taken as none. */
function keepConfirmed({ observations }: RateQuestion, audit: AuditCount): Observation[] {
  const kept = new Set([...audit.confirmed, ...listFound(audit)])
  return observations.map((entry, index) =>
    entry.candidate === 'event' && !kept.has(index) ? { ...entry, candidate: 'none' } : entry,
  )
}
