import type { RealismCheck } from '../policy/realism-policy.ts'
import type { RealismResult } from '../policy/realism-result.ts'
import { countThings } from './format.ts'
import { say, type Text, verbatim } from './text.ts'

const shownDigits = 12

/**
 * Which realism was measured, when and of what, and whether it is what policy requires: a sentence or two for the report.
 * `null` for a result that the policy names and that is not there.
 */
export function sayRealism(result: RealismResult | null, check: RealismCheck): Text {
  const short: Text =
    check.kind === 'ok' ? [''] : say` It does not show what policy requires: ${check.detail}.`
  if (result === null) return say`Realism of simulated tools: not measured.${short}`
  const { discriminator, automatic, of, measured_at: at } = result
  const { win_rate: winRate, verdict } = discriminator ?? automatic
  const { rate, lower, upper, pairs } = winRate
  const by: Text = discriminator === null ? say`features alone` : say`${verbatim(discriminator.model)}`
  const simulator: Text =
    of.simulator === null
      ? say`an unnamed simulator`
      : say`simulator ${verbatim(of.simulator.slice(0, shownDigits))}`
  return say`Realism of simulated tools: ${verdict}, by ${by} on ${countThings(pairs, 'pair', 'pairs')}: win rate ${rate === null ? 'none' : percent(rate)} (${percent(lower)} to ${percent(upper)}; 50 % can’t be told apart), measured ${at.slice(0, 10)} of ${simulator}.${short}`
}

function percent(proportion: number): string {
  return `${(100 * proportion).toFixed(1)} %`
}
