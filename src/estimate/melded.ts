import {
  boundJudged,
  type Correction,
  describeErrors,
  describeRates,
  requireCorrection,
} from './judged-rate.ts'
import type { Side } from './melding.ts'
import type { Bounds } from './proportion-bounds.ts'

/**
 * Bounds of the true rate with both of the judge's errors in both bounds (Bayer, Fay & Graubard 2023,
 * arXiv:2205.13494). Narrower than `boundSafe`, and only as good as the calibration's false alarms: where there are
 * fewer flags than it explains, the upper bound comes close to 0 or is 0. The probability behind a bound is within
 * a twentieth of α for α from .0025 on. Errors, and the ends 0 and 1, as of `boundSafe`.
 */
export function boundMelded(correction: Correction): Bounds {
  requireCorrection(correction)
  const { calibration, alpha } = correction
  const bound = (side: Side) =>
    describeRates({ ...correction, side }).map((rate) =>
      boundJudged({ rate, ...describeErrors(calibration, side), side, alpha }),
    )
  return { lower: Math.min(...bound('lower')), upper: Math.max(...bound('upper')) }
}
