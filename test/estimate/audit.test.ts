import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { estimateAudit } from '../../src/estimate/audit.ts'
import type { AuditCount } from '../../src/estimate/observations.ts'
import { expectClose } from './close.ts'

interface Counts {
  flagged: number
  turns: number
  audited: number
  confirmed: number
  found: number
  limit: number
}

function places(count: number): number[] {
  return Array.from({ length: count }, (_, place) => place)
}

/** The evidence of so many read flags, the first ones of the draw, and of so many events beside them. */
function estimate(counts: Counts, changes: Partial<AuditCount> = {}) {
  const { flagged, turns, audited, confirmed, found, limit } = counts
  const alike = { weight: 1, stratum: 0, baseline: 'none', candidate: 'none' } as const
  return estimateAudit({
    question: {
      observations: [{ ...alike, cluster: 0, count: turns }],
      arm: 'candidate',
      alpha: 0.05,
      method: 'exact',
      missingRule: 'within-budget',
      judge: null,
    },
    audit: {
      flagged,
      confirmed: places(confirmed),
      refuted: audited - confirmed,
      random: true,
      others: { listed: found, read: found, found: places(found) },
      ...changes,
    },
    limit,
  })
}

describe('what people confirmed, against a limit', () => {
  it.each([
    // scipy 1.17: P(R·P + S ≤ limit) by adaptive quadrature over R and P.
    [25, 1000, 12, 12, 3, 0.01, 5.39852197651422e-5],
    [25, 1000, 12, 6, 3, 0.01, 0.15099576672197074],
    [400, 5000, 100, 90, 2, 0.06, 0.002676455781972631],
    [30, 1000, 29, 1, 20, 0.02, 0.441060678680301],
    [100, 2000, 50, 10, 1, 0.005, 0.017917038596089],
    // Nothing of the flags confirmed: P(X ≥ 6) of Binomial(5,000, .002).
    [40, 5000, 10, 0, 6, 0.002, 0.9331032286286968],
  ])(
    'of %p flags in %p turns, the first %p read and %p confirmed, and %p found beside them, against %p',
    (flagged, turns, audited, confirmed, found, limit, p) => {
      const { pConfirmed, read } = estimate({ flagged, turns, audited, confirmed, found, limit })
      expectClose(pConfirmed, p, 1e-6)
      expect(read).toBe('part')
    },
  )

  it('counts exactly once every flag was read, or where people chose which to read', () => {
    const counts = { flagged: 30, turns: 1000, audited: 30, confirmed: 28, found: 2, limit: 0.02 }
    // scipy: binom.sf(29, 1000, .02).
    expectClose(estimate(counts).pConfirmed, 0.02069651867323949, 1e-9)
    expect(estimate(counts).read).toBe('all')
    const some = { ...counts, flagged: 60 }
    expectClose(estimate(some, { random: false }).pConfirmed, 0.02069651867323949, 1e-9)
  })

  it('has what was found where no flag was read, or there is none', () => {
    const found = { flagged: 9, turns: 1000, audited: 0, confirmed: 0, found: 3, limit: 0.001 }
    // scipy: binom.sf(2, 1000, .001).
    expectClose(estimate(found).pConfirmed, 0.080209342840201, 1e-9)
    expect(estimate(found).read).toBe('part')
    expect(estimate({ ...found, flagged: 0 }).read).toBe('all')
    expect(estimate({ ...found, found: 0 })).toEqual({ read: 'none', pConfirmed: 1 })
    expect(estimate({ ...found, found: 0 }, { others: null })).toEqual({ read: 'none', pConfirmed: 1 })
  })

  it('never gets weaker by one more that was found', () => {
    const shares = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        fc.record({ turns: fc.integer({ min: 60, max: 5000 }), flags: shares, read: shares, kept: shares }),
        fc.integer({ min: 0, max: 20 }),
        fc.double({ min: 1e-4, max: 0.3, noNaN: true }),
        ({ turns, flags, read, kept }, found, limit) => {
          const flagged = Math.round(flags * (turns / 2))
          const audited = Math.round(read * flagged)
          const confirmed = Math.round(kept * audited)
          const p = (more: number) =>
            estimate({ flagged, turns, audited, confirmed, found: found + more, limit }).pConfirmed
          expect(p(1)).toBeLessThanOrEqual(p(0) * (1 + 1e-5) + 1e-9)
        },
      ),
      { numRuns: 150 },
    )
  })
})
