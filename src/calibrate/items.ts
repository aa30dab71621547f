import type { TriedItem } from '../estimate/calibration-record.ts'
import { requireAgreement } from '../grade/agreeing-sets.ts'
import { type GraderSet, gradeUnit, type MeasuredUnit } from '../grade/grade.ts'
import { groupShared } from '../grade/graders/judge/shared.ts'
import { type LabelledItem, type LabelledSet, toUnit } from '../grade/labelled-set.ts'
import type { GraderUse } from '../grade/usage.ts'
import type { Votes } from '../grade/votes.ts'
import type { CategoryPolicy } from '../policy/schema.ts'

/** An item to grade, with the categories in which its labels are wanted. */
export interface CalibrationItem {
  item: LabelledItem
  wanted: { category: string; expected: TriedItem['expected']; chosen: LabelledItem['chosen'] }[]
}

/** A graded item: what it tells of each category, and what it took. */
export interface GradedItem {
  tried: { category: string; outcome: TriedItem; cause: string | null }[]
  uses: GraderUse[]
}

/**
 * The items to grade, each once whatever the number of sets that it stands in. Left out is what would count nowhere: a
 * confirmed flag, and a refuted one where nothing confirms.
 * @throws GateError for sets that contradict each other
 */
export function listCalibrationItems(request: {
  sets: readonly LabelledSet[]
  categories: readonly CategoryPolicy[]
}): CalibrationItem[] {
  const { sets, categories } = request
  requireAgreement(sets)
  const items = new Map<string, CalibrationItem>()
  for (const item of sets.flatMap((set) => set.items)) {
    const known = items.get(item.id) ?? { item, wanted: [] }
    for (const { id: category, graders } of categories) {
      const expected = Object.hasOwn(item.labels, category) ? item.labels[category] : undefined
      const counts = item.chosen !== 'flagged' || (expected === 'absent' && graders.length > 1)
      const isListed = known.wanted.some((entry) => entry.category === category)
      if (expected !== undefined && counts && !isListed)
        known.wanted.push({ category, expected, chosen: item.chosen })
    }
    if (known.wanted.length > 0) items.set(item.id, known)
  }
  return [...items.values()]
}

/**
 * The categories whose graders have to be built for those that are calibrated: these, and of every other one that
 * shares their call its part of that call, so that the call is the one of a run.
 */
export function selectCategories(
  categories: readonly CategoryPolicy[],
  calibrated: readonly string[],
): CategoryPolicy[] {
  const groups = groupShared(categories).filter((ids) => ids.some((id) => calibrated.includes(id)))
  const shared = new Set(groups.flat())
  return categories.flatMap((category) => {
    if (calibrated.includes(category.id)) return [category]
    return shared.has(category.id) ? [{ ...category, graders: category.graders.slice(0, 1) }] : []
  })
}

/** Grades an item by the graders of the categories in which it is wanted, as a run would, and reads what they said. */
export async function gradeItem(
  { item, wanted }: CalibrationItem,
  parts: { graders: GraderSet; categories: readonly CategoryPolicy[] },
): Promise<GradedItem> {
  const { graders, categories } = parts
  const isWanted = (category: string) => wanted.some((entry) => entry.category === category)
  const measured = await gradeUnit(toUnit(item), {
    ...graders,
    categories: graders.categories.filter(({ category }) => isWanted(category)),
    shared: graders.shared.filter((call) => call.categories.some(isWanted)),
  })
  return {
    uses: measured.uses,
    tried: wanted.flatMap((own) => {
      const category = categories.find(({ id }) => id === own.category)
      return category === undefined ? [] : [readTried({ item, own, category, measured })]
    }),
  }
}

function readTried(request: {
  item: LabelledItem
  own: CalibrationItem['wanted'][number]
  category: CategoryPolicy
  measured: MeasuredUnit
}): GradedItem['tried'][number] {
  const { item, own, category, measured } = request
  const { expected, chosen } = own
  const label = measured.labels[category.id] ?? { kind: 'absent' as const }
  const trail = measured.trails[category.id]
  const [first] = trail?.steps ?? []
  // Without a label in the end, and with a flag that only a later grader raised, it is as good as flagged.
  const isFlagged = label.kind !== 'absent' || (first !== undefined && isAgreed(first, category))
  return {
    category: category.id,
    cause: label.kind === 'missing' ? label.cause : label.kind === 'not-asked' ? label.reason : null,
    outcome: {
      item: item.id,
      expected,
      chosen,
      source: item.source ?? 'unknown',
      label: label.kind,
      firstFlagged: category.graders.length > 1 ? isFlagged : null,
      again: trail?.again ?? null,
    },
  }
}

/** Whether a first grader's votes are a flag. */
function isAgreed({ present, absent, missing }: Votes, { graders: [first] }: CategoryPolicy): boolean {
  const votes = present + absent + missing
  return present > 0 && present >= (first?.agree === 'majority' ? Math.floor(votes / 2) + 1 : votes)
}
