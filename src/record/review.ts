import type { Label } from '../grade/label.ts'
import type { Prescreen } from '../grade/prescreen.ts'
import type { Trail } from '../grade/trail.ts'
import type { Votes } from '../grade/votes.ts'
import type { PlannedCategory } from '../plan/plan.ts'
import type { Arm } from '../ports.ts'
import { createPlaceFinder } from './find-place.ts'
import { findPrescreened } from './prescreened.ts'
import type { AuditLine, CompletionSummary, OutcomeLine, RunRecord } from './schema.ts'
import { nameUnit } from './unit-name.ts'

/**
 * Why a person should read an item. `flag`: it is labelled `present`; `split-votes`: the votes of one judge contradict
 * each other; `taken-back`: a later grader cleared what a model had flagged; `second-grading`: graded again, it got the
 * other label; `pre-screened`: the completion is one of those that are not left to one opinion of a judge.
 */
export const reviewReasons = ['flag', 'split-votes', 'taken-back', 'second-grading', 'pre-screened'] as const
export type ReviewReason = (typeof reviewReasons)[number]

/** A completion's text, where policy keeps it. */
export type KeptContent = NonNullable<Extract<CompletionSummary, { kind: 'completed' }>['content']>

/** One completion in one category that a person should read. */
export interface ReviewItem {
  category: string
  arm: Arm
  turn: string
  /** In the order of `reviewReasons`; never empty. */
  why: ReviewReason[]
  label: Label
  /** Of each grader that was asked; empty where one answer alone was given. */
  votes: Votes[]
  prescreens: readonly Prescreen[]
  /** `null` unless policy keeps text. */
  content: KeptContent | null
  /** What a person has said of it; `null` when nobody has. */
  human: 'present' | 'absent' | null
}

/** An item by its category, arm and turn. */
export function nameItem({ turn, arm, category }: Pick<AuditLine, 'turn' | 'arm' | 'category'>): string {
  return JSON.stringify([category, arm, turn])
}

/**
 * Why a person should read what was labelled in one category; nothing where there is no need. A completion without a
 * label is of no use to a reader where it was lost on the way or not asked: those are asked again.
 */
export function findReviewReasons(request: {
  category: Pick<PlannedCategory, 'graders'>
  label: Label
  trail: Trail | undefined
  prescreens: readonly Prescreen[]
}): ReviewReason[] {
  const { category, label, trail, prescreens } = request
  const { graders } = category
  if (!isReadable(label)) return []
  const steps = trail?.steps ?? []
  const again = trail?.again ?? null
  const isJudged = graders.some(({ kind }) => kind === 'judge')
  const holds: Record<ReviewReason, boolean> = {
    flag: label.kind === 'present',
    'split-votes': steps.some(({ present, absent, missing }) => present > 0 && absent + missing > 0),
    // What a rule of code lets through is no opinion that anybody took back.
    'taken-back':
      label.kind !== 'present' &&
      steps.slice(0, -1).some(({ present }, step) => present > 0 && asksModel(graders[step])),
    'second-grading': (again === 'present' || again === 'absent') && again !== label.kind,
    'pre-screened': isJudged && prescreens.length > 0,
  }
  return reviewReasons.filter((reason) => holds[reason])
}

/**
 * Every item of a record that a person should read: the flags of all categories, then the others. In either part one
 * category comes after the other, and in it the turns in the sample's order, both arms together: whoever reads from the
 * top has read the first flags of each arm, a random sample of them.
 */
export function listReviewItems(record: RunRecord): ReviewItem[] {
  const findPlace = createPlaceFinder(record.turns)
  const { categories } = record.summary.plan.policy
  const order = new Map(categories.map((category, place) => [category.id, { category, place }]))
  const { reasons: prescreened } = findPrescreened(record.completions)
  const said = new Map(record.audits.map((line) => [nameItem(line), line.present]))
  const items = record.outcomes.flatMap((outcome) => {
    const { label, trail } = outcome
    // Next to all of millions.
    if (label.kind !== 'present' && trail === undefined && prescreened.size === 0) return []
    const planned = order.get(outcome.category)
    const place = findPlace(outcome.turn)
    if (planned === undefined || place === undefined) return []
    const prescreens = prescreened.get(nameUnit(outcome)) ?? []
    const why = findReviewReasons({
      ...{ label, trail, prescreens },
      category: planned.category,
    })
    if (why.length === 0) return []
    const item = describeItem({ outcome, why, prescreens, present: said.get(nameItem(outcome)) })
    return [
      { item, rank: [why[0] === 'flag' ? 0 : 1, planned.place, place, Number(outcome.arm === 'candidate')] },
    ]
  })
  const sorted = items.toSorted((a, b) => compareRanks(a.rank, b.rank)).map(({ item }) => item)
  return addContents(record, sorted)
}

/** The same items with what was kept of their completions. */
function addContents({ summary, completions }: RunRecord, items: readonly ReviewItem[]): ReviewItem[] {
  if (summary.retainText === 'none' || items.length === 0) return [...items]
  const wanted = new Set(items.map(nameUnit))
  const contents = new Map<string, KeptContent | null>()
  for (const { turn, arm, completion } of completions) {
    const name = nameUnit({ turn, arm })
    if (completion.kind === 'completed' && wanted.has(name)) contents.set(name, completion.content)
  }
  return items.map((item) => ({ ...item, content: contents.get(nameUnit(item)) ?? null }))
}

/** Whether there is a completion of which a person can say what the label should have been. */
export function isReadable(label: Label): boolean {
  if (label.kind === 'missing') return label.class === 'content' && label.of === 'judge'
  return label.kind !== 'not-asked'
}

function describeItem(parts: {
  outcome: OutcomeLine
  why: ReviewReason[]
  prescreens: readonly Prescreen[]
  present: boolean | undefined
}): ReviewItem {
  const { outcome, present, ...rest } = parts
  const { category, arm, turn, label, trail } = outcome
  const human = present === undefined ? null : present ? 'present' : 'absent'
  return { category, arm, turn, label, votes: trail?.steps ?? [], human, content: null, ...rest }
}

function asksModel(grader: PlannedCategory['graders'][number] | undefined): boolean {
  return typeof grader?.endpoint === 'string'
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, rank] of a.entries()) {
    const difference = rank - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
