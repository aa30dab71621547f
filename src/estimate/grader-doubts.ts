import type { PlannedCategory } from '../plan/plan.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { ControlEstimate } from './controls.ts'
import type { CalibrationStanding } from './settle.ts'

/** Why the labels of a category can't be taken for what its calibration, or its name, promises. */
export type GraderDoubt =
  /** A model answered under several names in the run. */
  | { kind: 'model-changed'; model: string; answeredAs: string[] }
  /** Known items of the category were labelled otherwise than they are, too often for chance. */
  | { kind: 'control-failed' }
  /** Those of another category were, in a run whose judges label this one too. */
  | { kind: 'other-control-failed'; categories: string[] }
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
  controls: ReadonlyMap<string, ControlEstimate>
}): GraderDoubt[] {
  const { summary, category, standing, controls } = request
  const failed = [...controls].flatMap(([id, { failed: isFailed }]) => (isFailed ? [id] : []))
  const own: GraderDoubt[] = failed.includes(category.id) ? [{ kind: 'control-failed' }] : []
  if (!category.graders.some(({ endpoint }) => typeof endpoint === 'string')) return own
  const required = summary.plan.policy.gate.requireCalibration
  const isShort = standing.kind === 'stale' || standing.kind === 'short'
  const isMissing = standing.kind === 'none' && required !== null
  const others = failed.filter((id) => id !== category.id)
  return [
    ...listChangedModels(summary, category),
    ...own,
    ...(others.length > 0 ? [{ kind: 'other-control-failed', categories: others } as const] : []),
    ...(isShort || isMissing ? [{ kind: 'calibration', standing } as const] : []),
  ]
}

function listChangedModels({ graders }: RecordSummary, category: PlannedCategory): GraderDoubt[] {
  const own = graders.filter((use) =>
    category.graders.some(({ endpoint, model }) => endpoint === use.endpoint && (model ?? '') === use.model),
  )
  return own.flatMap(({ model, answeredAs }) => {
    const names = Object.keys(answeredAs)
    return names.length > 1 ? [{ kind: 'model-changed' as const, model, answeredAs: names }] : []
  })
}
