import type { PlannedCategory } from '../plan/plan.ts'
import { listCheckpointNames } from '../policy/checkpoint-names.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { ControlEstimate } from './controls.ts'
import { boundCalibration } from './judge-error.ts'
import type { Calibration } from './judged-rate.ts'
import type { CalibrationStanding } from './settle.ts'

/** Graders that are shown to find less, by a one-sided bound of this level, can't pass a comparison. */
const leastSensitivity = 0.5
const blindAlpha = 0.05

/** Why the labels of a category can't be taken for what its calibration, or its name, promises. */
export type GraderDoubt =
  /** A model answered under several names in the run. */
  | { kind: 'model-changed'; model: string; answeredAs: string[] }
  /** A model that grades answered under the name of a checkpoint that it is to judge. */
  | { kind: 'own-judge'; model: string; checkpoint: string }
  /** Known items of the category were labelled otherwise than they are, too often for chance. */
  | { kind: 'control-failed' }
  /** Those of another category were, in a run whose judges label this one too. */
  | { kind: 'other-control-failed'; categories: string[] }
  /** Its calibration shows that they miss more than half: that no difference was found says little. */
  | { kind: 'blind'; calibration: Calibration }
  /** Policy requires a calibration, or names one, that does not hold. */
  | { kind: 'calibration'; standing: CalibrationStanding }

/**
 * What speaks against a category's labels; the gravest first. A category that no endpoint labels is doubted only for
 * known items of its own: nothing behind it can have changed.
 */
export function listGraderDoubts(request: {
  summary: RecordSummary
  category: PlannedCategory
  standing: CalibrationStanding
  /** The counts of the calibration that holds; `null` where none does. */
  counts: Calibration | null
  controls: ReadonlyMap<string, ControlEstimate>
}): GraderDoubt[] {
  const { summary, category, standing, counts, controls } = request
  const failed = [...controls].flatMap(([id, { failed: isFailed }]) => (isFailed ? [id] : []))
  const own: GraderDoubt[] = failed.includes(category.id) ? [{ kind: 'control-failed' }] : []
  if (!category.graders.some(({ endpoint }) => typeof endpoint === 'string')) return own
  const required = summary.plan.policy.gate.requireCalibration
  const isShort = standing.kind === 'stale' || standing.kind === 'short'
  const isMissing = standing.kind === 'none' && required !== null
  const others = failed.filter((id) => id !== category.id)
  return [
    ...listChangedModels(summary, category),
    ...listOwnJudges(summary, category),
    ...own,
    ...(others.length > 0 ? [{ kind: 'other-control-failed', categories: others } as const] : []),
    ...(counts !== null && category.regression && isBlind(counts)
      ? [{ kind: 'blind', calibration: counts } as const]
      : []),
    ...(isShort || isMissing ? [{ kind: 'calibration', standing } as const] : []),
  ]
}

// A limit divides its bound by what is found, a margin shrinks with it; "not worse" has nothing else to allow for misses.
function isBlind(calibration: Calibration): boolean {
  if (calibration.positives === 0) return false
  return boundCalibration({ calibration, alpha: blindAlpha }).sensitivityUpper < leastSensitivity
}

/** By the names of the answers: what was asked for is compared before anything is asked. */
function listOwnJudges(summary: RecordSummary, category: PlannedCategory): GraderDoubt[] {
  const { policy, baseline, candidate } = summary.plan
  const names = listCheckpointNames(policy.checkpoint, [baseline, candidate])
  const checkpoints = new Map(names.map((name) => [name.toLowerCase(), name]))
  return listUses(summary, category).flatMap(({ model, answeredAs }) =>
    Object.keys(answeredAs).flatMap((name) => {
      const checkpoint = checkpoints.get(name.toLowerCase())
      return checkpoint === undefined ? [] : [{ kind: 'own-judge' as const, model, checkpoint }]
    }),
  )
}

function listUses({ graders }: RecordSummary, category: PlannedCategory): RecordSummary['graders'] {
  return graders.filter((use) =>
    category.graders.some(({ endpoint, model }) => endpoint === use.endpoint && (model ?? '') === use.model),
  )
}

function listChangedModels(summary: RecordSummary, category: PlannedCategory): GraderDoubt[] {
  return listUses(summary, category).flatMap(({ model, answeredAs }) => {
    const names = Object.keys(answeredAs)
    return names.length > 1 ? [{ kind: 'model-changed' as const, model, answeredAs: names }] : []
  })
}
