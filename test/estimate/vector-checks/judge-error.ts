import { z } from 'zod'
import { boundStratifiedAudit, boundTwoPhase } from '../../../src/estimate/audit-bounds.ts'
import { boundSafe, type Correction, estimateTrueRate } from '../../../src/estimate/judge-error.ts'
import { boundMelded } from '../../../src/estimate/melded.ts'
import { type Check, nameList, number, parseBounds, pickBounds, type Vector } from './check.ts'

/** Negatives of a judge whose rates are given to three digits. */
const exact = 1000

function parseCorrection(vector: Vector): Correction {
  const { q, neff, tp, m1, fp, m0, alpha } = z
    .object({ q: number, neff: number, tp: number, m1: number, fp: number, m0: number, alpha: number })
    .parse(vector.args)
  return {
    measured: { kind: 'counts', events: q * neff, trials: neff },
    calibration: { truePositives: tp, positives: m1, falsePositives: fp, negatives: m0 },
    alpha,
  }
}

function parseRateAndBounds(vector: Vector): ReturnType<typeof nameList> {
  return nameList(['rate', 'lower', 'upper'], z.array(number).length(3).parse(vector.expected))
}

export const checks: Record<string, Check> = {
  melded: (vector) => ({
    actual: pickBounds(boundMelded(parseCorrection(vector))),
    expected: parseBounds(vector),
  }),
  safeBounds: (vector) => ({
    actual: pickBounds(boundSafe(parseCorrection(vector))),
    expected: parseBounds(vector),
  }),
  twoPhase: (vector) => {
    const { xFlag, n, audited, truePos, tp, m1, alpha } = z
      .object({
        xFlag: number,
        n: number,
        audited: number,
        truePos: number,
        tp: number,
        m1: number,
        alpha: number,
      })
      .parse(vector.args)
    // The vectors write a sensitivity of 1 as no positives.
    const calibration = m1 === 0 ? null : { truePositives: tp, positives: m1 }
    const audit = { flagged: xFlag, turns: n, audited, confirmed: truePos, calibration, alpha }
    return { actual: { ...boundTwoPhase(audit) }, expected: parseRateAndBounds(vector) }
  },
  stratifiedAudit: (vector) => {
    const args = z
      .object({ nFlag: number, nUn: number, mFlag: number, tFlag: number, mUn: number, tUn: number })
      .extend({ alpha: number })
      .parse(vector.args)
    const audit = {
      flagged: args.nFlag,
      unflagged: args.nUn,
      auditedFlagged: args.mFlag,
      confirmedFlagged: args.tFlag,
      auditedUnflagged: args.mUn,
      foundUnflagged: args.tUn,
      alpha: args.alpha,
    }
    return { actual: { ...boundStratifiedAudit(audit) }, expected: parseRateAndBounds(vector) }
  },
  // Its raw value, which may be negative, is not given: only that it is.
  roganGladen: (vector) => {
    const { q, se, fpr } = z.object({ q: number, se: number, fpr: number }).parse(vector.args)
    const { raw, reported } = z.object({ raw: number, reported: number }).parse(vector.expected)
    const calibration = {
      truePositives: Math.round(se * exact),
      positives: exact,
      falsePositives: Math.round(fpr * exact),
      negatives: exact,
    }
    const estimate = estimateTrueRate({ rate: q, calibration })
    return {
      actual:
        estimate.kind === 'unusable'
          ? { rate: null, belowFloor: null }
          : { rate: estimate.rate, belowFloor: Number(estimate.belowFloor) },
      expected: { rate: reported, belowFloor: Number(raw < 0) },
    }
  },
}
