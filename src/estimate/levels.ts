import type { Plan } from '../plan/plan.ts'
import { divideAlpha, type StoppingLevels } from './stopping-rule.ts'

/** The error rates of one round: what its tests and bounds may spend. One-sided. */
export interface Levels {
  /** Of each bound, and of all FAILs by limits and margins together. */
  alpha: number
  /** Of finding it worse than the baseline. */
  regressionAlpha: number
  /**
   * Where "not worse" ends: passing takes a p above it. It is the policy's own level in every round and at every look;
   * what is spent to find a candidate worse less easily must not let it pass more easily.
   */
  notWorseAlpha: number
  /** How looks and end share the levels; `null` without early stopping. */
  looks: { limit: StoppingLevels; regression: StoppingLevels } | null
  /** Whether the last turn decides what no look has decided; not so when everything was spent on looks. */
  finalDecides: boolean
}

/**
 * The levels of a plan's round. Round 1 has α, round j ≥ 2 has α/(j(j+1)): all rounds together spend no more than
 * 1.5·α. Where results may end the run, `divideAlpha` says how looks and end share it.
 */
export function chooseLevels(request: { plan: Plan; stopsEarly: boolean }): Levels {
  const { plan, stopsEarly } = request
  const { gate } = plan.policy
  const share = shareOfRound(plan.registration.round)
  const mode = stopsEarly ? gate.earlyStopping : 'off'
  const limit = divideAlpha(mode, gate.alpha * share)
  const regression = divideAlpha(mode, gate.regressionAlpha * share)
  return {
    alpha: limit.final ?? gate.alpha * share,
    notWorseAlpha: gate.regressionAlpha,
    regressionAlpha: regression.final ?? gate.regressionAlpha * share,
    looks: stopsEarly ? { limit, regression } : null,
    finalDecides: limit.final !== null,
  }
}

/** α of all rounds up to this one, as a multiple of α: 1, 1.17, 1.25, …, never above 1.5. */
export function sumRounds(round: number): number {
  return Array.from({ length: round }, (_, index) => shareOfRound(index + 1)).reduce(
    (sum, part) => sum + part,
    0,
  )
}

function shareOfRound(round: number): number {
  return round === 1 ? 1 : 1 / (round * (round + 1))
}
