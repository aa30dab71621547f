import type { WinRate } from './win-rate.ts'

/** Between which win rates a simulation counts as indistinguishable. */
export interface RealismLimits {
  lower: number
  upper: number
}

/** With 1,000 pairs a true rate of ½ is found within them with a chance of .86, at bounds of 95 %. */
export const defaultLimits: RealismLimits = { lower: 0.45, upper: 0.55 }

/** What a measurement says of a simulation. */
export interface RealismVerdict {
  verdict: 'indistinguishable' | 'distinguishable' | 'inconclusive'
  /**
   * `within-limits`: both bounds are. `taken-for-simulated`, `taken-for-real`: the interval lies below, or above ½.
   * `blind`: the degraded rollouts were not detected. `no-control`: there were none. `no-answers`: no pair has both answers.
   * `too-few`: the interval holds ½ and reaches beyond the limits.
   */
  reason:
    | 'within-limits'
    | 'taken-for-simulated'
    | 'taken-for-real'
    | 'blind'
    | 'no-control'
    | 'no-answers'
    | 'too-few'
}

/**
 * Not to be told apart from ½ is no realism: `indistinguishable` takes both bounds within the limits (two one-sided tests,
 * Schuirmann 1987). A discriminator that does not detect degraded rollouts shows nothing about others.
 */
export function decideRealism(parts: {
  winRate: WinRate
  limits: RealismLimits
  /** Whether the degraded rollouts were detected; `null` where nothing could be degraded. */
  detects: boolean | null
}): RealismVerdict {
  const { winRate, limits, detects } = parts
  const { rate, lower, upper } = winRate
  if (rate === null) return { verdict: 'inconclusive', reason: 'no-answers' }
  if (detects === null) return { verdict: 'inconclusive', reason: 'no-control' }
  if (!detects) return { verdict: 'inconclusive', reason: 'blind' }
  if (lower >= limits.lower && upper <= limits.upper) {
    return { verdict: 'indistinguishable', reason: 'within-limits' }
  }
  if (upper < 0.5) return { verdict: 'distinguishable', reason: 'taken-for-simulated' }
  if (lower > 0.5) return { verdict: 'distinguishable', reason: 'taken-for-real' }
  return { verdict: 'inconclusive', reason: 'too-few' }
}

/**
 * The same of a comparison by features, whose held-out choices are not independent: it tells them apart where its permutation
 * test does, which is exact.
 */
export function decideAutomatic(
  parts: Parameters<typeof decideRealism>[0] & { permutationP: number; alpha: number },
): RealismVerdict {
  const decided = decideRealism(parts)
  if (
    decided.verdict === 'indistinguishable' ||
    ['no-answers', 'no-control', 'blind'].includes(decided.reason)
  ) {
    return decided
  }
  return parts.permutationP <= parts.alpha
    ? { verdict: 'distinguishable', reason: 'taken-for-simulated' }
    : { verdict: 'inconclusive', reason: 'too-few' }
}
