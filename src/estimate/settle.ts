import { digestGraders } from '../grade/grader-digest.ts'
import type { KnownOutcome } from '../grade/trail.ts'
import type { Plan, PlannedCalibration } from '../plan/plan.ts'
import type { RecordSummary, RunRecord } from '../record/schema.ts'
import { boundCalibration } from './judge-error.ts'
import type { Calibration } from './judged-rate.ts'

/** What a category's calibration is worth in this run. */
export type CalibrationStanding =
  | { kind: 'none' }
  /** It holds for the graders that labelled. */
  | { kind: 'holds' }
  /** It was made with other graders, or a model has answered under another name since. */
  | { kind: 'stale'; why: 'graders' | 'model' }
  /** It shows less than policy requires. */
  | { kind: 'short'; why: Shortfall }

/** What a calibration lacks of what policy requires. `unbound`: it says of no graders that it was made with them. */
export type Shortfall = 'unbound' | 'sensitivity' | 'false-positives' | 'age'

const dayMs = 86_400_000

/** One-sided, of the bounds that `require_calibration` is held against. */
const requiredAlpha = 0.05

/**
 * The plan with the calibrations that its decisions may use: those measured in the run are filled in, and those that
 * do not hold for the graders that labelled are left out.
 */
export function settleCalibrations(run: {
  plan: Plan
  known: readonly KnownOutcome[]
  /** The names under which models answered in the run, by the model that was asked for. */
  answeredAs: Readonly<Record<string, readonly string[]>>
}): Plan {
  const { plan, known } = run
  const calibrations = Object.entries(plan.calibrations).map(([category, planned]) => {
    const isStale = findStaleness({ ...run, category }) !== null
    const counts = isStale ? null : (planned.counts ?? countKnown(known, category))
    return [category, { ...planned, counts }]
  })
  return { ...plan, calibrations: Object.fromEntries(calibrations) }
}

/** The plan of a record, with the calibrations that its decisions may use. */
export function settlePlan(record: Pick<RunRecord, 'summary' | 'known'>): Plan {
  const { summary, known } = record
  return settleCalibrations({ plan: summary.plan, known, answeredAs: listAnswers(summary) })
}

/** What is to be thought of a category's calibration. `plan` is the settled one. */
export function assessCalibration(request: {
  summary: RecordSummary
  plan: Plan
  category: string
}): CalibrationStanding {
  const { summary, plan, category } = request
  const planned = Object.hasOwn(plan.calibrations, category) ? plan.calibrations[category] : undefined
  if (planned === undefined) return { kind: 'none' }
  const stale = findStaleness({ plan: summary.plan, category, answeredAs: listAnswers(summary) })
  if (stale !== null) return { kind: 'stale', why: stale }
  const required = plan.policy.gate.requireCalibration
  const why = required === null ? null : findShortfall({ planned, required, at: summary.timing.startedAt })
  return why === null ? { kind: 'holds' } : { kind: 'short', why }
}

/** What a calibration lacks of what policy requires; `null` where nothing is, or its counts are not known yet. */
export function findShortfall(request: {
  planned: PlannedCalibration
  required: NonNullable<Plan['policy']['gate']['requireCalibration']>
  /** The time that its age is counted to. */
  at: string
}): Shortfall | null {
  const { planned, required, at } = request
  const { counts, madeAt } = planned
  if (counts === null) return null
  const isOfRun = planned.labelledSetSha256 !== null
  if (planned.graders === null && !isOfRun) return 'unbound'
  const { sensitivityLower, falsePositiveUpper } = boundCalibration({
    calibration: counts,
    alpha: requiredAlpha,
  })
  if (required.minSensitivity !== null && !(sensitivityLower >= required.minSensitivity)) return 'sensitivity'
  if (required.maxFalsePositiveRate !== null && !(falsePositiveUpper <= required.maxFalsePositiveRate))
    return 'false-positives'
  // What the run has measured itself is as old as the run; a date that is missing, or still to come, says nothing.
  if (required.maxAgeDays === null || isOfRun) return null
  const ageMs = madeAt === null ? Number.NaN : Date.parse(at) - Date.parse(madeAt)
  return ageMs >= -dayMs && ageMs <= required.maxAgeDays * dayMs ? null : 'age'
}

/** Why a calibration does not hold for a plan's graders; `null` where it does, or is bound to none. */
export function findStaleness(request: {
  plan: Pick<Plan, 'rubrics' | 'calibrations'> & { policy: Pick<Plan['policy'], 'categories'> }
  category: string
  answeredAs: Readonly<Record<string, readonly string[]>>
}): 'graders' | 'model' | null {
  const { plan, category, answeredAs } = request
  const planned = Object.hasOwn(plan.calibrations, category) ? plan.calibrations[category] : undefined
  // Counts that people wrote are bound to nothing, and those of the run to the run's own graders.
  if (planned === undefined || planned.graders === null) return null
  if (planned.graders !== digestGraders(plan, category)) return 'graders'
  const graders = plan.policy.categories.find(({ id }) => id === category)?.graders ?? []
  const isOther = graders.some(({ model }) => {
    if (typeof model !== 'string') return false
    const then = Object.hasOwn(planned.answeredAs, model) ? (planned.answeredAs[model] ?? []) : []
    return (answeredAs[model] ?? []).some((name) => !then.includes(name))
  })
  return isOther ? 'model' : null
}

function listAnswers({ graders }: RecordSummary): Record<string, string[]> {
  const answers: Record<string, string[]> = {}
  for (const { model, answeredAs } of graders)
    answers[model] = [...(answers[model] ?? []), ...Object.keys(answeredAs)]
  return answers
}

/** What the graders said of a labelled set in the run; an item without a label counts against them. */
function countKnown(known: readonly KnownOutcome[], category: string): Calibration {
  const own = known.filter((entry) => entry.purpose === 'calibration' && entry.category === category)
  const positives = own.filter(({ expected }) => expected === 'present')
  const negatives = own.filter(({ expected }) => expected === 'absent')
  return {
    truePositives: positives.filter(({ label }) => label.kind === 'present').length,
    positives: positives.length,
    falsePositives: negatives.filter(({ label }) => label.kind !== 'absent').length,
    negatives: negatives.length,
  }
}
