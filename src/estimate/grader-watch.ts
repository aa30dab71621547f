import type { Prescreen } from '../grade/prescreen.ts'
import type { Trail } from '../grade/trail.ts'
import { isSplit, type Votes } from '../grade/votes.ts'
import type { Arm } from '../ports.ts'
import { findPrescreened } from '../record/prescreened.ts'
import type { OutcomeLine, RunRecord } from '../record/schema.ts'
import { splitName } from '../record/unit-name.ts'
import { binomialUpperTail } from './distributions.ts'
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

type LabelWatch = Omit<GraderWatch, 'prescreens'>

/** Watches the graders of each category. */
export function watchGraders(
  record: Pick<RunRecord, 'outcomes' | 'completions'>,
): (category: string) => GraderWatch {
  const prescreens = watchPrescreens(record)
  const watches = new Map<string, LabelWatch>()
  record.outcomes.forEach((line) => {
    // Most labels are one answer, and have no trail: nothing is to be seen of them.
    if (line.trail === undefined) return
    const watch = watches.get(line.category) ?? createWatch()
    watches.set(line.category, watch)
    addLine(watch, line, line.trail)
  })
  return (category) => {
    const watch = watches.get(category) ?? createWatch()
    return { ...watch, takenBack: { ...watch.takenBack, pMore: testTakenBack(watch.takenBack) }, prescreens }
  }
}

function createWatch(): LabelWatch {
  return {
    again: { graded: 0, same: 0, flags: 0, repeated: 0 },
    takenBack: { baseline: { flags: 0, cleared: 0 }, candidate: { flags: 0, cleared: 0 }, pMore: 1 },
    split: 0,
    secondOpinions: { asked: 0, flagged: 0 },
  }
}

function addLine(watch: LabelWatch, { arm, label }: OutcomeLine, trail: Trail): void {
  const { steps, again } = trail
  const isFlag = label.kind === 'present'
  if (label.kind !== 'not-asked' && isGraded(again)) {
    watch.again.graded += 1
    if (label.kind === again) watch.again.same += 1
    if (isFlag) watch.again.flags += 1
    if (isFlag && again === 'present') watch.again.repeated += 1
  }
  if (steps.length > 1 && (steps[0]?.present ?? 0) > 0) {
    watch.takenBack[arm].flags += 1
    if (label.kind === 'absent') watch.takenBack[arm].cleared += 1
  }
  if (steps.some(isSplit)) watch.split += 1
  if (hasSecondOpinion(trail)) {
    watch.secondOpinions.asked += 1
    if (isFlag) watch.secondOpinions.flagged += 1
  }
}

function testTakenBack({ baseline, candidate }: TakenBack): number {
  const trials = baseline.cleared + candidate.cleared
  if (trials === 0) return 1
  return roundBound(binomialUpperTail({ events: candidate.cleared, trials, rate: 0.5 }))
}

function watchPrescreens(record: Pick<RunRecord, 'completions'>): PrescreenWatch {
  const { baseline, candidate } = countPrescreens(record)
  const completions = baseline.completions + candidate.completions
  const pMore = binomialUpperTail({
    events: candidate.found,
    trials: baseline.found + candidate.found,
    rate: completions === 0 ? 0 : candidate.completions / completions,
  })
  return { baseline, candidate, pMore: roundBound(pMore) }
}

function countPrescreens(record: Pick<RunRecord, 'completions'>): Record<Arm, PrescreenTally> {
  const { completions, reasons } = findPrescreened(record.completions)
  const tallies: Record<Arm, PrescreenTally> = {
    baseline: { completions: completions.baseline, found: 0, reasons: {} },
    candidate: { completions: completions.candidate, found: 0, reasons: {} },
  }
  for (const [name, prescreens] of reasons) {
    const tally = tallies[splitName(name).arm]
    tally.found += 1
    for (const reason of prescreens) tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1
  }
  return tallies
}

// What was not asked in the second grading is no disagreement.
function isGraded(again: Trail['again']): boolean {
  return again !== null && again !== 'not-asked'
}

/** By the same judge, or by the next one, which is asked of what the first cleared for no other reason. */
function hasSecondOpinion({ secondOpinion, steps }: Trail): boolean {
  return secondOpinion !== null || steps.slice(0, -1).some(isClear)
}

function isClear({ present, absent }: Votes): boolean {
  return present === 0 && absent > 0
}
