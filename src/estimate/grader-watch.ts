import type { Prescreen } from '../grade/prescreen.ts'
import type { Trail } from '../grade/trail.ts'
import { isSplit, type Votes } from '../grade/votes.ts'
import type { Arm } from '../ports.ts'
import type { OutcomeLine, RunRecord } from '../record/schema.ts'
import { binomialUpperTail } from './distributions.ts'
import { groupByCategory } from './observations.ts'
import { roundBound } from './rounding.ts'

/** How a category's graders behaved beside the labels that they gave. Shown, never decides. */
export interface GraderWatch {
  /** Turns of both arms that were graded twice: how many came to the same label, and what became of the flags. */
  again: { graded: number; same: number; flags: number; repeated: number }
  /** Labels for which votes of one grader contradict each other. */
  split: number
  /** Pre-screened completions that got a second opinion, and how many of these it flagged. */
  secondOpinions: { asked: number; flagged: number }
  /** Flags of a model that a later grader took back, by arm. */
  takenBack: TakenBack
  /** Of all completions, whatever the category. */
  prescreens: PrescreenWatch
}

/** How many first flags there were in each arm, and how many of them are none in the end. */
export interface TakenBack extends Record<Arm, { flags: number; cleared: number }> {
  /** How likely so many of all that was taken back are the candidate's, were its first flags like the baseline's. */
  pMore: number
}

/** The pre-screened completions of both arms. */
export interface PrescreenWatch extends Record<Arm, PrescreenTally> {
  /**
   * How likely the candidate has so many, or more, of all of them where it is like the baseline: exact, given how many
   * both have together (a binomial in the share of the completions that are the candidate's).
   */
  pMore: number
}

/** Completions that are not left to one opinion of a judge: how many, and why; one may have several reasons. */
export interface PrescreenTally {
  completions: number
  found: number
  reasons: Partial<Record<Prescreen, number>>
}

/** Watches the graders of each category. */
export function watchGraders(
  record: Pick<RunRecord, 'outcomes' | 'completions'>,
): (category: string) => GraderWatch {
  const prescreens = watchPrescreens(record)
  // Most labels are one answer, and have no trail: nothing is to be seen of them.
  const byCategory = groupByCategory(record.outcomes.filter(({ trail }) => trail !== undefined))
  return (category) => ({ ...watchOutcomes(byCategory.get(category) ?? []), prescreens })
}

function watchOutcomes(outcomes: readonly OutcomeLine[]): Omit<GraderWatch, 'prescreens'> {
  const twice = outcomes.filter(({ label, trail }) => label.kind !== 'not-asked' && isGraded(trail?.again))
  const flags = twice.filter(({ label }) => label.kind === 'present')
  const opinions = outcomes.filter(hasSecondOpinion)
  return {
    again: {
      graded: twice.length,
      same: twice.filter(({ label, trail }) => label.kind === trail?.again).length,
      flags: flags.length,
      repeated: flags.filter(({ trail }) => trail?.again === 'present').length,
    },
    takenBack: watchTakenBack(outcomes),
    split: outcomes.filter(({ trail }) => trail?.steps.some(isSplit) === true).length,
    secondOpinions: {
      asked: opinions.length,
      flagged: opinions.filter(({ label }) => label.kind === 'present').length,
    },
  }
}

function watchTakenBack(outcomes: readonly OutcomeLine[]): TakenBack {
  const count = (arm: Arm) => {
    const flagged = outcomes.filter(
      ({ arm: own, trail }) =>
        own === arm && (trail?.steps.length ?? 0) > 1 && (trail?.steps[0]?.present ?? 0) > 0,
    )
    return {
      flags: flagged.length,
      cleared: flagged.filter(({ label }) => label.kind === 'absent').length,
    }
  }
  const [baseline, candidate] = [count('baseline'), count('candidate')]
  const cleared = baseline.cleared + candidate.cleared
  const pMore =
    cleared === 0 ? 1 : binomialUpperTail({ events: candidate.cleared, trials: cleared, rate: 0.5 })
  return { baseline, candidate, pMore: roundBound(pMore) }
}

function watchPrescreens(record: Pick<RunRecord, 'completions'>): PrescreenWatch {
  const [baseline, candidate] = [countPrescreens(record, 'baseline'), countPrescreens(record, 'candidate')]
  const completions = baseline.completions + candidate.completions
  const pMore = binomialUpperTail({
    events: candidate.found,
    trials: baseline.found + candidate.found,
    rate: completions === 0 ? 0 : candidate.completions / completions,
  })
  return { baseline, candidate, pMore: roundBound(pMore) }
}

function countPrescreens({ completions }: Pick<RunRecord, 'completions'>, arm: Arm): PrescreenTally {
  const tally: PrescreenTally = { completions: 0, found: 0, reasons: {} }
  for (const { arm: own, completion, prescreens = [] } of completions) {
    if (own !== arm || completion.kind !== 'completed') continue
    tally.completions += 1
    if (prescreens.length > 0) tally.found += 1
    for (const reason of prescreens) tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1
  }
  return tally
}

// What was not asked in the second grading is no disagreement.
function isGraded(again: Trail['again'] | undefined): boolean {
  return again !== undefined && again !== null && again !== 'not-asked'
}

/** By the same judge, or by the next one, which is asked of what the first cleared for no other reason. */
function hasSecondOpinion({ trail }: OutcomeLine): boolean {
  if (trail === undefined) return false
  return trail.secondOpinion !== null || trail.steps.slice(0, -1).some(isClear)
}

function isClear({ present, absent }: Votes): boolean {
  return present === 0 && absent > 0
}
