import fc from 'fast-check'
import type { ClusterSummary } from '../../src/estimate/clustered-bounds.ts'
import type { Calibration, Measured } from '../../src/estimate/judge-error.ts'

/** A calibration as tp of positives, fp of negatives. */
export function calibrate(tp: number, positives: number, fp: number, negatives: number): Calibration {
  return { truePositives: tp, positives, falsePositives: fp, negatives }
}

export function count(events: number, trials: number): Measured & { kind: 'counts' } {
  return { kind: 'counts', events, trials }
}

const sizes = fc.oneof(fc.nat(3), fc.nat(60), fc.nat(3000))

/** Some of a number, all and none of it included. */
const parts = fc
  .tuple(sizes, fc.oneof(fc.constantFrom(0, 1, 99, 100), fc.nat(100)))
  .map(([whole, percent]) => ({ part: Math.round((whole * percent) / 100), whole }))

export const calibrations: fc.Arbitrary<Calibration> = fc
  .tuple(parts, parts)
  .map(([hits, alarms]) => calibrate(hits.part, hits.whole, alarms.part, alarms.whole))

export const counts = fc
  .tuple(fc.oneof(fc.nat(5), fc.nat(300)), fc.oneof(fc.nat(3), fc.nat(500), fc.nat(50_000)))
  .map(([events, others]) => count(events, events + others))

/** A gamma of shape 4 and scale .001 below; Korn & Graubard's bound lies above its. */
export const rare: ClusterSummary = {
  turns: 2000,
  clusters: 1000,
  rate: 0.004,
  variance: 2e-6,
  degreesOfFreedom: 999,
  sumSquaredTotals: 4e-6,
  effectiveTurns: 1800,
  effectiveClusters: 900,
}
export const common: ClusterSummary = { ...rare, rate: 0.2, variance: 4e-4, sumSquaredTotals: 5e-4 }
export const empty: ClusterSummary = {
  turns: 0,
  clusters: 0,
  rate: 0,
  variance: null,
  degreesOfFreedom: 0,
  sumSquaredTotals: 0,
  effectiveTurns: 0,
  effectiveClusters: 0,
}
