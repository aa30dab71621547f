import type { CategoryPolicy } from '../policy/schema.ts'
import type { Arm } from '../ports.ts'
import type { Completed, Completion } from '../replay/completion.ts'
import type { ReplayedUnit } from '../replay/replay.ts'
import type { SampledTurn } from '../sample/draw.ts'
import { type ChainGrading, gradeInCategory } from './chain.ts'
import type { GradeItem, Grader, GraderContext } from './grader.ts'
import { graderKinds } from './graders/index.ts'
import { createSharedJudges, groupShared, type SharedJudge } from './graders/judge/shared.ts'
import { explainFailure, type Label } from './label.ts'
import { findPrescreens, type Prescreen } from './prescreen.ts'
import { isGradedTwice } from './second-grading.ts'
import type { Trail } from './trail.ts'
import { addUses, type GraderUse } from './usage.ts'

/** The graders of one category, in order. */
export interface CategoryGraders {
  category: string
  graders: Grader[]
}

/** Everything that labels completions in a run. */
export interface GraderSet {
  categories: CategoryGraders[]
  /** Calls that label in several categories at once; they stand for the first graders of these. */
  shared: SharedJudge[]
  /** The share of completions that is graded twice. */
  secondGradingShare: number
  /** Whether a judge that is asked once more may say something else: a recording says the same each time. */
  canAskAgain: boolean
}

/** One turn of one arm with its labels: what a journal line holds. */
export interface MeasuredUnit {
  turn: string
  arm: Arm
  completion: Completion
  labels: Record<string, Label>
  /** How labels came about that more than one answer led to, by category. */
  trails: Record<string, Trail>
  /** Why the completion is not left to one opinion of a judge. */
  prescreens: Prescreen[]
  /** What all graders took, both gradings together. */
  uses: GraderUse[]
}

/** Builds the graders of every category. */
export function createGraders(
  categories: CategoryPolicy[],
  context: Omit<GraderContext, 'category' | 'step'> & Pick<GraderSet, 'secondGradingShare' | 'canAskAgain'>,
): GraderSet {
  const { secondGradingShare, canAskAgain, ...parts } = context
  return {
    categories: categories.map((category) => ({
      category: category.id,
      graders: category.graders.map((config, step) =>
        findKind(config.kind).create(config, { ...parts, category: category.id, step }),
      ),
    })),
    shared: createSharedJudges(categories, parts),
    secondGradingShare,
    canAskAgain,
  }
}

/** The graders of some categories, with the shared calls that label in any of them. */
export function pickGraders(set: GraderSet, wanted: readonly string[]): GraderSet {
  return {
    ...set,
    categories: set.categories.filter(({ category }) => wanted.includes(category)),
    shared: set.shared.filter(({ categories }) => categories.some((id) => wanted.includes(id))),
  }
}

/** The rubrics that the categories' graders refer to, each once. */
export function listRubrics(categories: CategoryPolicy[]): string[] {
  return listOnce(categories, (config) => findKind(config.kind).listRubrics(config))
}

/** The endpoints that the categories' graders ask, each once. */
export function listEndpoints(categories: readonly Pick<CategoryPolicy, 'graders'>[]): string[] {
  return listOnce(categories, (config) => findKind(config.kind).listEndpoints(config))
}

function listOnce(
  categories: readonly Pick<CategoryPolicy, 'graders'>[],
  list: (config: CategoryPolicy['graders'][number]) => string[],
): string[] {
  return [...new Set(categories.flatMap(({ graders }) => graders.flatMap(list)))].toSorted()
}

function findKind(kind: string) {
  const found = graderKinds.find((entry) => entry.kind === kind)
  if (found === undefined) throw new Error(`no grader of kind ${kind}: the policy's schema let it through`)
  return found
}

/**
 * How many calls the graders of categories take: for each completion, whatever it is, and at most for one that is
 * flagged in every category. Retries, second opinions and second gradings come on top.
 */
export function countCalls(categories: readonly Pick<CategoryPolicy, 'id' | 'graders'>[]): {
  each: number
  flagged: number
} {
  const groups = groupShared(categories)
  const shared = new Set(groups.flat())
  const countOf = (config: CategoryPolicy['graders'][number]) =>
    findKind(config.kind).listEndpoints(config).length * (typeof config.votes === 'number' ? config.votes : 1)
  let each = groups.length
  let flagged = 0
  for (const { id, graders } of categories) {
    const [first, ...later] = graders
    if (first !== undefined && !shared.has(id)) each += countOf(first)
    flagged += later.reduce((sum, config) => sum + countOf(config), 0)
  }
  return { each, flagged }
}

/** The calls of grading in words. */
export function describeCalls(categories: readonly Pick<CategoryPolicy, 'id' | 'graders'>[]): string {
  const { each, flagged } = countCalls(categories)
  const name = (count: number) => `${count} ${count === 1 ? 'call' : 'calls'}`
  const ofEach = each === 0 ? 'no call to grade one' : `${name(each)} to grade each`
  return flagged === 0 ? ofEach : `${ofEach}, up to ${name(flagged)} more where it is flagged`
}

/** Labels one completion in every category; a fraction twice. */
export async function gradeUnit(unit: ReplayedUnit, set: GraderSet): Promise<MeasuredUnit> {
  const { completion, turn, arm } = unit
  const measured = { turn: turn.id, arm, completion, trails: {}, prescreens: [], uses: [] }
  if (completion.kind !== 'completed') {
    const label = completion.kind === 'failed' ? explainFailure(completion, 'completion') : completion
    return {
      ...measured,
      labels: Object.fromEntries(set.categories.map(({ category }) => [category, label])),
    }
  }
  const prescreens = findPrescreens(completion)
  const item = { turn, arm, completion, prescreens }
  const first = await gradeCompletion({ ...item, pass: 'first' }, set)
  const isTwice = set.canAskAgain && isGradedTwice({ turn: turn.id, arm, share: set.secondGradingShare })
  const again = isTwice ? await gradeCompletion({ ...item, pass: 'again' }, set) : null
  const trails = first.graded.flatMap((graded, index) => {
    const trail = describeTrail(graded, again?.graded[index])
    return trail === null ? [] : [[graded.category, trail]]
  })
  return {
    ...measured,
    labels: Object.fromEntries(first.graded.map(({ category, label }) => [category, label])),
    trails: Object.fromEntries(trails),
    prescreens,
    uses: addUses([...first.uses, ...(again?.uses ?? [])]),
  }
}

/** How a label came about; `null` where one answer led to it, and nobody graded it again. */
function describeTrail(first: ChainGrading, second: ChainGrading | undefined): Trail | null {
  const { steps, secondOpinion } = first
  const again = second?.asked ? second.label.kind : null
  const votes = steps.reduce((sum, { present, absent, missing }) => sum + present + absent + missing, 0)
  const isPlain = steps.length < 2 && votes < 2 && secondOpinion === null
  return isPlain && again === null ? null : { steps, secondOpinion, again }
}

/** What a completion was graded in each category, in their order. */
interface GradedCompletion {
  graded: ChainGrading[]
  uses: GraderUse[]
}

async function gradeCompletion(
  request: {
    turn: SampledTurn
    arm: Arm
    completion: Completed
    prescreens: readonly Prescreen[]
    pass: GradeItem['pass']
  },
  set: GraderSet,
): Promise<GradedCompletion> {
  const { prescreens, ...item } = request
  const screened = await Promise.all(set.shared.map((judge) => judge.grade(item)))
  const begun = new Map(screened.flatMap(({ gradings }) => [...gradings]))
  const isSuspicious = set.canAskAgain && prescreens.length > 0
  const graded = await Promise.all(
    set.categories.map(({ category, graders }) =>
      gradeInCategory({
        item: { ...item, category },
        graders,
        begun: begun.get(category) ?? null,
        isSuspicious,
      }),
    ),
  )
  return { graded, uses: addUses([...screened, ...graded].flatMap(({ uses }) => uses)) }
}
