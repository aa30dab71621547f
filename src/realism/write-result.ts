import { roundBound } from '../estimate/rounding.ts'
import type { DiscriminatorResult, RealismResult, WrittenWinRate } from '../policy/realism-result.ts'
import type { AutomaticResult } from './automatic.ts'
import type { ControlResult } from './controls.ts'
import type { RealismVerdict } from './decide.ts'
import type { RealismSlice } from './slices.ts'
import type { WinRate } from './win-rate.ts'

/** A win rate as the file has it. */
export function writeWinRate(winRate: WinRate): WrittenWinRate {
  const { pairs, conversations, won, tied, lost, missing, rate, lower, upper, p, method } = winRate
  const counts = { pairs, conversations, won, tied, lost, missing }
  return { ...counts, rate, lower, upper, p, effective_pairs: winRate.effectivePairs, method }
}

/** What was detected, as the file has it. */
export function writeControl(control: ControlResult | null): DiscriminatorResult['control'] {
  if (control === null) return null
  const { pairs, rate, lower, detected, byKind } = control
  return {
    pairs,
    rate: rate === null ? null : roundBound(rate),
    lower: roundBound(lower),
    detected,
    by_kind: byKind,
  }
}

/** A slice as the file has it. */
export function writeSlice(slice: RealismSlice): DiscriminatorResult['slices'][number] {
  const { by, name, adjustedP, finding } = slice
  return { by, name, ...writeWinRate(slice), adjusted_p: adjustedP, finding }
}

/** A comparison by features as the file has it. */
export function writeAutomatic(parts: {
  compared: AutomaticResult
  control: ControlResult | null
  decided: RealismVerdict
}): RealismResult['automatic'] {
  const { compared, control, decided } = parts
  const { permutationP, permutations, folds, features, telling } = compared
  return {
    win_rate: writeWinRate(compared.winRate),
    permutation_p: permutationP,
    permutations,
    folds,
    features,
    telling,
    control: writeControl(control),
    ...decided,
  }
}
