import { applies } from '../../grade/evidence.ts'
import { type LabelledItem, type LabelledSet, toUnit } from '../../grade/labelled-set.ts'
import { isGradedTwice } from '../../grade/second-grading.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Rubric } from '../../policy/rubric.ts'
import type { Arm } from '../../ports.ts'
import type { SampledTurn } from '../../sample/draw.ts'
import { measureData } from './grading-calls.ts'
import { reckonTrajectory } from './tool-steps.ts'

/** What graders are asked of: a known item, or a turn's completion in either arm. */
export interface GradedItem {
  /** Completions of it, those that are graded twice counted twice. */
  gradings: number
  /** Characters of a judge's prompt about it, without what is not known yet. */
  characters: number
  /** Whether its completion is still to come. */
  isOpen: boolean
  /** The rubrics that are expected to speak of it, and those that may. */
  likely: readonly Rubric['appliesTo'][]
  possible: readonly Rubric['appliesTo'][]
  /** The categories that it is graded in; `null`: all. */
  categories: readonly string[] | null
  /** What people say that it is, by category. */
  labels: LabelledItem['labels']
}

/** A known item, and the categories in which it is graded. */
export interface KnownItem {
  item: LabelledItem
  categories: readonly string[]
}

/** The labelled sets that a run grades. */
export interface RunSets {
  controls: LabelledSet | null
  /** By category. */
  calibrations: ReadonlyMap<string, LabelledSet>
}

const arms: readonly Arm[] = ['baseline', 'candidate']
const everywhere: readonly Rubric['appliesTo'][] = ['all', 'tool-calls', 'reasoning']

/**
 * Turns as graders will meet them. Which completions are graded twice is known before they are there: a hash decides.
 * That tools are called is expected where they are offered; reasoning may be shown anywhere.
 */
export function describeTurns(
  turns: readonly SampledTurn[],
  { share, tools }: { share: number; tools: Plan['policy']['tools'] | null },
): GradedItem[] {
  return turns.map((turn) => {
    const twice = arms.filter((arm) => isGradedTwice({ turn: turn.id, arm, share })).length
    return {
      gradings: arms.length + twice,
      characters: measureData({ turn }) + reckonTrajectory(turn, tools ?? null).ownCharacters,
      isOpen: true,
      likely: hasTools(turn) ? everywhere : ['all', 'reasoning'],
      possible: everywhere,
      categories: null,
      labels: {},
    }
  })
}

/** Known items as graders will meet them: their completions are there, and so are their labels. */
export function describeKnown(items: readonly KnownItem[], share: number): GradedItem[] {
  return items.flatMap(({ item, categories }) => {
    const { turn, arm, completion } = toUnit(item)
    if (completion.kind !== 'completed') return []
    const speaking = everywhere.filter((appliesTo) => applies({ appliesTo }, { turn, completion }))
    const graded = {
      gradings: isGradedTwice({ turn: turn.id, arm, share }) ? 2 : 1,
      characters: measureData({ turn, completion }),
      isOpen: false,
      likely: speaking,
      possible: speaking,
      categories,
      labels: item.labels,
    }
    return [graded]
  })
}

/**
 * The items of labelled sets that a run grades: those of a set that several categories name once, and none that a
 * grader chose in a calibration.
 */
export function listKnown(
  { controls, calibrations }: RunSets,
  categories: readonly string[],
): { calibration: KnownItem[]; controls: KnownItem[] } {
  const files = new Map([...calibrations.values()].map((set) => [set.file, set]))
  return {
    calibration: [...files.values()].flatMap((set) => {
      const naming = categories.filter((id) => calibrations.get(id)?.file === set.file)
      return pickLabelled(
        set.items.filter(({ chosen }) => chosen !== 'flagged'),
        naming,
      )
    }),
    controls: pickLabelled(controls?.items ?? [], categories),
  }
}

function pickLabelled(items: readonly LabelledItem[], categories: readonly string[]): KnownItem[] {
  return items.flatMap((item) => {
    const own = categories.filter((id) => Object.hasOwn(item.labels, id))
    return own.length === 0 ? [] : [{ item, categories: own }]
  })
}

function hasTools({ prefix, tools }: SampledTurn): boolean {
  return (tools ?? []).length > 0 || prefix.at(-1)?.role === 'tool'
}
