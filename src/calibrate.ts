import { gradeAll } from './calibrate/grading.ts'
import { type GradedItem, selectCategories } from './calibrate/items.ts'
import { readPolicy } from './calibrate/policy.ts'
import { readCalibrationSets } from './calibrate/sets.ts'
import { GateError } from './errors.ts'
import { summarizeCalibration } from './estimate/calibration-record.ts'
import { listRubrics } from './grade/grade.ts'
import { digestGraders } from './grade/grader-digest.ts'
import { type LoadedRubrics, loadRubrics } from './grade/rubrics.ts'
import { addUses, type GraderUse } from './grade/usage.ts'
import type { GradingSettings } from './instruments.ts'
import type { CalibrationRecord, CategoryCalibration } from './policy/calibration.ts'
import type { CategoryPolicy, Policy } from './policy/schema.ts'
import type { GatePorts } from './prepare.ts'
import { priceUsage } from './record/build.ts'

/** What `calibrate` is asked to do. */
export interface CalibrationRequest {
  /** The commit, or the work tree, that policy, rubrics and the policy's labelled sets are read from. */
  sha: string
  policyFile: string
  /** Labelled sets beside the policy; empty: those that the policy names as calibrations. */
  sets: readonly { file: string; text: string }[]
  /** Empty: every category that has labels. */
  categories: readonly string[]
  /** No second grading. */
  once: boolean
  /** The record that the new one takes the place of, and its categories. */
  replaced?: { file: string; categories: readonly string[] }
  gateVersion: string
}

/** The world, as far as a calibration touches it. */
export type CalibrationPorts = Pick<
  GatePorts,
  'repository' | 'files' | 'clock' | 'connect' | 'log' | 'random' | 'delimiter' | 'cancelled'
>

/** A calibration, with what its record does not say. */
export interface CalibrationRun {
  record: CalibrationRecord
  policy: Policy
  /** Categories that were wanted and have no label. */
  unlabelled: string[]
  /** How many labels are missing for which cause, by category. */
  causes: Record<string, Record<string, number>>
}

/**
 * Tries the policy's graders on labelled sets, exactly as a run would ask them, and counts how often they err.
 * @throws GateError for a set that can't be used, for an endpoint that does not answer, and where budget or a cancel
 * ends it: a part of a set says something else than the set
 */
export async function calibrate(
  request: CalibrationRequest,
  ports: CalibrationPorts,
): Promise<CalibrationRun> {
  const { sha, policyFile: file } = request
  const policy = await readPolicy({ ...ports, sha, file })
  const { sets, items, calibrated, unlabelled } = await readCalibrationSets({ request, ports, policy })
  requireKept({ request, policy, calibrated })
  const needed = selectCategories(
    policy.categories,
    calibrated.map(({ id }) => id),
  )
  const rubrics = await loadRubrics({ ...ports, references: listRubrics(needed), sha })
  const settings: GradingSettings = {
    ports,
    resolved: { file, policy: { ...policy, categories: needed } },
    rubrics,
  }
  const share = request.once ? 0 : 1
  const graded = await gradeAll({ settings, ports, items, secondGradingShare: share })
  requireLabels(graded.items)
  const uses = addUses(graded.items.flatMap((entry) => entry.uses))
  return {
    policy,
    unlabelled,
    causes: Object.fromEntries(calibrated.map(({ id }) => [id, countCauses(graded.items, id)])),
    record: {
      version: 1,
      made_at: ports.clock.now().toISOString(),
      gate_version: request.gateVersion,
      labelled_sets: sets.map(({ file, sha256, items: own }) => ({ file, sha256, items: own.length })),
      categories: Object.fromEntries(
        calibrated.map((category) => [
          category.id,
          describeCategory({ category, policy, rubrics, graded: graded.items, uses }),
        ]),
      ),
      cost: { requests: graded.requests, usd: priceUsage(uses, policy.prices) },
    },
  }
}

/** A record is written as a whole: what is not calibrated again would be lost with the one before. */
function requireKept(parts: {
  request: CalibrationRequest
  policy: Policy
  calibrated: readonly CategoryPolicy[]
}): void {
  const { request, policy, calibrated } = parts
  const { file, categories } = request.replaced ?? { file: '', categories: [] }
  const lost = policy.categories
    .map(({ id }) => id)
    .filter((id) => categories.includes(id) && !calibrated.some((category) => category.id === id))
  if (lost.length === 0) return
  throw new GateError({
    code: 'usage',
    message: `the record that lies there is of ${lost.map((id) => `"${id}"`).join(', ')} too, which would be lost`,
    where: { file },
    remedy: 'name another file with --out, or calibrate these categories with the others',
  })
}

function requireLabels(graded: readonly GradedItem[]): void {
  const tried = graded.flatMap((entry) => entry.tried)
  if (tried.some(({ outcome }) => outcome.label !== 'missing')) return
  const causes = [...new Set(tried.flatMap(({ cause }) => (cause === null ? [] : [cause])))]
  throw new GateError({
    code: 'endpoint',
    message: `the graders labelled none of the ${graded.length} items (${causes.join(', ')})`,
    remedy: 'check the endpoint and the model of the judge, then run it again',
  })
}

function countCauses(graded: readonly GradedItem[], category: string): Record<string, number> {
  const causes: Record<string, number> = {}
  for (const { tried } of graded)
    for (const { category: own, cause } of tried)
      if (own === category && cause !== null) causes[cause] = (causes[cause] ?? 0) + 1
  return causes
}

function describeCategory(parts: {
  category: CategoryPolicy
  policy: Policy
  rubrics: LoadedRubrics
  graded: readonly GradedItem[]
  uses: readonly GraderUse[]
}): CategoryCalibration {
  const { category, policy, rubrics, graded, uses } = parts
  const tried = graded.flatMap((entry) =>
    entry.tried.flatMap(({ category: id, outcome }) => (id === category.id ? [outcome] : [])),
  )
  return {
    graders: digestGraders({ rubrics: rubrics.texts, policy }, category.id),
    answered_as: listAnswers(category, uses),
    ...summarizeCalibration(tried),
  }
}

/** The names under which a category's models answered; a model that gave no answer has none. */
function listAnswers(
  { graders }: CategoryPolicy,
  uses: readonly GraderUse[],
): CategoryCalibration['answered_as'] {
  const answers: CategoryCalibration['answered_as'] = {}
  for (const { endpoint, model, answeredAs } of uses) {
    const isOwn = graders.some((grader) => grader.endpoint === endpoint && (grader.model ?? '') === model)
    if (!isOwn || Object.keys(answeredAs).length === 0) continue
    const own = answers[model] ?? {}
    for (const [name, count] of Object.entries(answeredAs)) own[name] = (own[name] ?? 0) + count
    answers[model] = own
  }
  return answers
}
