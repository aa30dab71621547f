import type { ArmEstimate, CategoryEstimate } from '../estimate/estimate.ts'
import type { Arm } from '../ports.ts'
import { chooseUnit, countThings, formatBound, formatIn, type Unit } from './format.ts'
import { formatCount } from './text.ts'

/** What one arm's cell says: `12 of 4,975 = 0.24 %` with `0.39 %` as its upper bound. */
export interface ArmCell {
  counts: string
  /** `about 0.2 % true`, where the judge was calibrated. */
  truth: string | null
  /** Shown only where it lies above the limit. */
  lower: string | null
  /** `null` when no turn was graded. */
  upper: string | null
  /** `23 flags, 20 read, 3 were none; 2 others, 2 read, 1 was present`; `null` when nobody read any. */
  audit: string | null
}

/** Puts one arm's cell together. */
export function describeArm(request: { arm: Arm; estimate: CategoryEstimate; withLower: boolean }): ArmCell {
  const { arm: name, estimate, withLower } = request
  const arm = estimate[name]
  const { ratePer100k, lowerPer100k, upperPer100k } = arm
  const audit = describeAudit(arm)
  if (ratePer100k === null) {
    const counts = `0 of ${formatCount(arm.planned)} graded`
    return { counts, truth: null, lower: null, upper: null, audit }
  }
  // With unequal weights the rate is not the ratio of the counts, so it does not follow an equals sign.
  const equals = estimate.method === 'exact' ? ' =' : ', weighted'
  const unit = chooseArmUnit(arm)
  const limitPer100k = name === 'candidate' ? (estimate.limit?.limitPer100k ?? null) : null
  return {
    counts: `${formatCount(arm.events)} of ${formatCount(arm.graded)}${equals} ${formatIn(unit, ratePer100k)}`,
    truth: name === 'candidate' ? describeTruth(estimate, unit) : null,
    lower: withLower ? formatBound(unit, lowerPer100k, limitPer100k) : null,
    upper: formatBound(unit, upperPer100k, limitPer100k),
    audit,
  }
}

/** The unit of everything that is said of one arm. */
export function chooseArmUnit({ ratePer100k, upperPer100k }: ArmEstimate): Unit {
  return chooseUnit(ratePer100k ?? 0, upperPer100k)
}

/** `at least 6.7 %, at most 12 %`, or what of it is shown. */
export function joinBounds({ lower, upper }: ArmCell): string {
  const parts = [lower === null ? null : `at least ${lower}`, upper === null ? null : `at most ${upper}`]
  return parts.filter((part) => part !== null).join(', ')
}

/** The whole cell in a line. */
export function joinArm(cell: ArmCell): string {
  const bounds = joinBounds(cell)
  const truth = cell.truth === null ? '' : `, ${cell.truth}`
  const audit = cell.audit === null ? '' : `; ${cell.audit}`
  return `${cell.counts}${truth}${bounds === '' ? '' : ` (${bounds})`}${audit}`
}

function describeTruth({ judge }: CategoryEstimate, unit: Unit): string | null {
  if (judge.kind !== 'calibrated' || judge.trueRatePer100k === null) return null
  const truth = `about ${formatIn(unit, judge.trueRatePer100k)} true`
  return judge.belowFloor ? `${truth}, below the judge's floor` : truth
}

function describeAudit({ audit }: ArmEstimate): string | null {
  const { flagged, audited, refuted, others } = audit
  const parts = []
  if (audited > 0) {
    const none = `${formatCount(refuted)} ${refuted === 1 ? 'was' : 'were'} none`
    parts.push(`${countThings(flagged, 'flag', 'flags')}, ${formatCount(audited)} read, ${none}`)
  }
  if (others !== null && others.listed > 0) {
    const found = `${formatCount(others.found)} ${others.found === 1 ? 'was' : 'were'} present`
    parts.push(`${countThings(others.listed, 'other', 'others')}, ${formatCount(others.read)} read, ${found}`)
  }
  return parts.length === 0 ? null : parts.join('; ')
}
