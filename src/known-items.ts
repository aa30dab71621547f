import { type GraderSet, gradeUnit, type MeasuredUnit, pickGraders } from './grade/grade.ts'
import { type LabelledItem, type LabelledSet, toUnit } from './grade/labelled-set.ts'
import type { KnownOutcome } from './grade/trail.ts'
import type { Plan } from './plan/plan.ts'
import type { RunLabelledSets } from './prepare-calibrations.ts'
import type { Journal } from './record/journal.ts'
import { summarizeLabel } from './record/retain.ts'
import type { RecordedKnown } from './record/schema.ts'

/** A known item that a run has to grade, and what for. */
export interface KnownItem {
  purpose: KnownOutcome['purpose']
  part: number
  item: LabelledItem
  /** The categories in which its label is asked for. */
  categories: readonly string[]
}

/** What names a known item among those of a run. */
export function nameKnown({ purpose, part, item }: Pick<KnownItem, 'purpose' | 'part' | 'item'>): string {
  // A calibration is of the whole run; controls watch the judge of each part.
  return purpose === 'control' ? `control:${part}:${item.id}` : `calibration:${item.id}`
}

/**
 * Grades a known item in the categories that it has labels of, by the very graders that measure, with the second
 * grading that its hash may bring.
 */
export async function gradeKnown(known: KnownItem, graders: GraderSet): Promise<RecordedKnown> {
  const measured = await gradeUnit(toUnit(known.item), pickGraders(graders, known.categories))
  return {
    known: nameKnown(known),
    outcomes: known.categories.flatMap((category) => describeOutcome({ known, category, measured })),
    uses: measured.uses,
  }
}

function describeOutcome(request: {
  known: KnownItem
  category: string
  measured: MeasuredUnit
}): KnownOutcome[] {
  const { known, category, measured } = request
  const { purpose, part, item } = known
  const expected = Object.hasOwn(item.labels, category) ? item.labels[category] : undefined
  const label = measured.labels[category]
  if (expected === undefined || label === undefined) return []
  const trail = Object.hasOwn(measured.trails, category) ? measured.trails[category] : undefined
  const [first] = trail?.steps ?? []
  return [
    {
      purpose,
      part,
      item: item.id,
      category,
      expected,
      label: summarizeLabel(label, false),
      screened: trail === undefined || first === undefined ? null : first.present > 0,
      again: trail?.again ?? null,
    },
  ]
}

/**
 * Which part of a run this is: the first, or one after those that have graded anything. A part that only repeats what is
 * there is none of its own.
 */
export function numberPart(
  journal: Pick<Journal, 'known'> & { done: { size: number } },
  isMoreAsked: boolean,
): number {
  const parts = [...journal.known.values()].flatMap(({ outcomes }) => outcomes.map(({ part }) => part))
  const last = Math.max(journal.done.size > 0 ? 1 : 0, ...parts)
  return Math.max(1, isMoreAsked ? last + 1 : last)
}

/** The known items of a run, by what they are for. */
export function listKnownItems(
  plan: Plan,
  sets: RunLabelledSets,
  part: number,
): { calibration: KnownItem[]; control: KnownItem[] } {
  const ids = plan.policy.categories.map(({ id }) => id)
  const label = (set: LabelledSet, purpose: KnownItem['purpose'], categories: string[]): KnownItem[] =>
    set.items.flatMap((item) => {
      const own = categories.filter((id) => Object.hasOwn(item.labels, id))
      return own.length === 0 ? [] : [{ purpose, part, item, categories: own }]
    })
  // One set may serve several categories: each of its items is graded once.
  const files = new Map([...sets.calibrations.values()].map((set) => [set.file, set]))
  // An item that a grader chose says nothing about how much graders find, or how much they flag wrongly.
  const byChance = (set: LabelledSet) => ({
    ...set,
    items: set.items.filter(({ chosen }) => chosen !== 'flagged'),
  })
  const calibration = [...files.values()].flatMap((set) =>
    label(
      byChance(set),
      'calibration',
      ids.filter((id) => sets.calibrations.get(id)?.file === set.file),
    ),
  )
  return {
    calibration: mergeItems(calibration),
    control: sets.controls === null ? [] : label(sets.controls, 'control', ids),
  }
}

/** An item that stands in several sets is one item, with the labels that it has in each. */
function mergeItems(items: readonly KnownItem[]): KnownItem[] {
  const merged = new Map<string, KnownItem>()
  for (const known of items) {
    const before = merged.get(nameKnown(known))
    const labels = { ...before?.item.labels, ...known.item.labels }
    const categories = [...(before?.categories ?? []), ...known.categories]
    merged.set(nameKnown(known), { ...known, item: { ...known.item, labels }, categories })
  }
  return [...merged.values()]
}

/**
 * The items for each of so many batches: those of each label spread evenly by themselves, in whatever order the set has
 * them, so that a judge that changes in the middle of a run meets positives and negatives before and after.
 */
export function spreadControls(items: readonly KnownItem[], batches: number): KnownItem[][] {
  const spread = Array.from({ length: Math.max(1, batches) }, (): KnownItem[] => [])
  const kinds = new Map<string, KnownItem[]>()
  for (const item of items) {
    const kind = JSON.stringify(item.categories.map((id) => [id, item.item.labels[id]]))
    const alike = kinds.get(kind)
    if (alike === undefined) kinds.set(kind, [item])
    else alike.push(item)
  }
  for (const kind of kinds.values()) {
    kind.forEach((item, index) => {
      spread[Math.floor(((index + 0.5) * spread.length) / kind.length)]?.push(item)
    })
  }
  return spread
}

/** Hands out items in step with other work: after each piece of it as many as are due. */
export function paceItems<Item>(items: readonly Item[], pieces: number): { next(): Item[]; rest(): Item[] } {
  let done = 0
  let given = 0
  const giveUpTo = (end: number): Item[] => {
    const due = items.slice(given, end)
    given = Math.max(given, end)
    return due
  }
  return {
    next() {
      done += 1
      return giveUpTo(Math.floor((items.length * Math.min(done, pieces)) / pieces))
    },
    rest: () => giveUpTo(items.length),
  }
}
