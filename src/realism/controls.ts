import { type ControlPair, type DegradeKind, degradeKinds } from './degrade.ts'
import { estimateWinRate, type PairOutcome, type WinRate } from './win-rate.ts'

/** Whether degraded rollouts are detected. */
export interface ControlResult {
  pairs: number
  /** The share that was detected, a tie as half; `null` where no pair has both answers. */
  rate: number | null
  /** One-sided; what is missing counts as not detected. */
  lower: number
  detected: boolean
  byKind: { kind: DegradeKind; pairs: number; detected: number; tied: number; missing: number }[]
}

/** What of the controls was detected; `null` where there are none. */
export function summarizeControls(request: {
  controls: readonly ControlPair[]
  /** By control: whether the degraded rollout was taken for the real one. */
  outcomes: readonly PairOutcome[]
  winRate: WinRate
  alpha: number
}): ControlResult | null {
  const { controls, outcomes, alpha } = request
  if (controls.length === 0) return null
  const { rate, upper, pairs } = request.winRate
  const byKind = degradeKinds.flatMap((kind) => {
    const own = outcomes.filter((_, index) => controls[index]?.kind === kind)
    if (own.length === 0) return []
    const { lost, tied, missing } = estimateWinRate({ outcomes: own, alpha })
    return [{ kind, pairs: own.length, detected: lost, tied, missing }]
  })
  return { pairs, rate: rate === null ? null : 1 - rate, lower: 1 - upper, detected: upper < 0.5, byKind }
}
