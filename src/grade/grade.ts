import type { CategoryPolicy } from '../policy/schema.ts'
import type { Arm } from '../ports.ts'
import type { Completion, Usage } from '../replay/completion.ts'
import type { ReplayedUnit } from '../replay/replay.ts'
import { addUsage, type GradeItem, type Grader, type GraderContext, noUsage } from './grader.ts'
import { graderKinds } from './graders/index.ts'
import { explainFailure, type Label } from './label.ts'

/** The graders of one category, in order. */
export interface CategoryGraders {
  category: string
  graders: Grader[]
}

/** One turn of one arm with its labels: what a journal line holds. */
export interface MeasuredUnit {
  turn: string
  arm: Arm
  completion: Completion
  labels: Record<string, Label>
  judgeUsage: Usage
}

/** Builds the graders of every category. */
export function createGraders(
  categories: CategoryPolicy[],
  context: Omit<GraderContext, 'category'>,
): CategoryGraders[] {
  return categories.map((category) => ({
    category: category.id,
    graders: category.graders.map((config) => {
      const kind = graderKinds.find((entry) => entry.kind === config.kind)
      if (kind === undefined)
        throw new Error(`no grader of kind ${config.kind}: the policy's schema let it through`)
      return kind.create(config, { ...context, category: category.id })
    }),
  }))
}

/** The rubrics that the categories' graders refer to, each once. */
export function listRubrics(categories: CategoryPolicy[]): string[] {
  const references = categories.flatMap((category) =>
    category.graders.flatMap(
      (config) =>
        graderKinds.find((entry) => entry.kind === config.kind)?.listRubrics(config, category.id) ?? [],
    ),
  )
  return [...new Set(references)].toSorted()
}

/** How many judgements one completion takes at most. */
export function countJudges(categories: readonly { graders: readonly { kind: string }[] }[]): number {
  return categories.reduce(
    (sum, { graders }) => sum + graders.filter(({ kind }) => kind === 'judge').length,
    0,
  )
}

/** Grades each completion in every category as soon as it arrives. */
export function gradeUnits(
  replayed: Promise<ReplayedUnit>[],
  categories: CategoryGraders[],
): Promise<MeasuredUnit>[] {
  return replayed.map(async (promise) => gradeUnit(await promise, categories))
}

async function gradeUnit(unit: ReplayedUnit, categories: CategoryGraders[]): Promise<MeasuredUnit> {
  const gradings = await Promise.all(
    categories.map(async (entry) => ({ category: entry.category, ...(await gradeInCategory(unit, entry)) })),
  )
  return {
    turn: unit.turn.id,
    arm: unit.arm,
    completion: unit.completion,
    labels: Object.fromEntries(gradings.map(({ category, label }) => [category, label])),
    judgeUsage: gradings.reduce((sum, { usage }) => addUsage(sum, usage), noUsage),
  }
}

// A later grader sees only what the earlier ones flagged; the first that does not flag decides.
async function gradeInCategory(
  unit: ReplayedUnit,
  entry: CategoryGraders,
): Promise<{ label: Label; usage: Usage }> {
  const { completion, turn, arm } = unit
  if (completion.kind === 'not-asked') return { label: completion, usage: noUsage }
  if (completion.kind === 'failed') return { label: explainFailure(completion, 'completion'), usage: noUsage }
  const item: GradeItem = { turn, arm, category: entry.category, completion }
  let label: Label = { kind: 'absent' }
  let usage = noUsage
  for (const grader of entry.graders) {
    const grading = await grader.grade(item)
    label = grading.label
    usage = addUsage(usage, grading.usage)
    if (label.kind !== 'present') break
  }
  return { label, usage }
}
