import { GateError } from '../errors.ts'
import { type ArmEstimate, type CategoryEstimate, estimateCategories } from '../estimate/estimate.ts'
import { digestGraders } from '../grade/grader-digest.ts'
import type { Plan } from '../plan/plan.ts'
import type { Arm } from '../ports.ts'
import type { RecordSummary, RunRecord } from '../record/schema.ts'

/** How often a checkpoint showed a behaviour in an earlier run. */
export interface PastRate {
  ratePer100k: number
  /** As they were counted. */
  counted: { events: number; graded: number }
  /** As many turns of equal weight, each a conversation of its own, as those are worth; not always whole numbers. */
  events: number
  trials: number
}

/** A category of which nothing is taken from an earlier run, and why. */
export interface LeftOut {
  category: string
  why: 'not-measured' | 'graded-otherwise'
}

/** What an earlier run says of a checkpoint. */
export interface PastRates {
  /** In which arm it was measured; `both`: against itself. */
  arm: Arm | 'both'
  /** The turns that were drawn. */
  turns: number
  /** By category. */
  rates: Map<string, PastRate>
  leftOut: LeftOut[]
}

/** The graders that the rates are wanted for. */
export type WantedGraders = Parameters<typeof digestGraders>[0]

/**
 * Reads how often a checkpoint showed each behaviour in a run in which it was an arm. A category that other graders
 * labelled then is left out: its rate is another quantity.
 * @throws GateError when the run did not measure the checkpoint
 */
export function readPastRates(parts: {
  record: RunRecord
  checkpoint: string
  graders: WantedGraders
  /** What the run goes by, for an error. */
  name?: string
}): PastRates {
  const { record, graders } = parts
  const { plan, sample } = record.summary
  const arm = chooseArm({ ...parts, plan })
  const estimates = new Map(estimateCategories(record).map((estimate) => [estimate.category, estimate]))
  const rates = new Map<string, PastRate>()
  const leftOut: LeftOut[] = []
  for (const { id } of graders.policy.categories) {
    const estimate = estimates.get(id)
    const rate = estimate === undefined ? null : readRate({ estimate, arm, sample })
    if (rate === null) leftOut.push({ category: id, why: 'not-measured' })
    else if (digestGraders(plan, id) !== digestGraders(graders, id)) {
      leftOut.push({ category: id, why: 'graded-otherwise' })
    } else rates.set(id, rate)
  }
  return { arm, turns: sample.turnsDrawn, rates, leftOut }
}

function chooseArm(parts: { plan: Plan; checkpoint: string; name?: string }): PastRates['arm'] {
  const { plan, checkpoint, name } = parts
  const { baseline, candidate } = plan
  if (candidate === checkpoint) return baseline === checkpoint ? 'both' : 'candidate'
  if (baseline === checkpoint) return 'baseline'
  throw new GateError({
    code: 'record',
    message: `the run measured "${candidate}" against "${baseline}", and "${checkpoint}" is served`,
    where: name === undefined ? undefined : { file: name },
    remedy: 'name a run in which the checkpoint that is served was the candidate, or the baseline',
  })
}

function readRate(parts: {
  estimate: CategoryEstimate
  arm: PastRates['arm']
  sample: RecordSummary['sample']
}): PastRate | null {
  const { estimate, arm, sample } = parts
  const { ratePer100k, counted } = arm === 'both' ? joinArms(estimate) : readArm(estimate[arm])
  if (ratePer100k === null) return null
  const trials = counted.graded * (estimate.method === 'exact' ? 1 : measureWorth(sample))
  return { ratePer100k, counted, events: (ratePer100k / 100_000) * trials, trials }
}

function readArm({ ratePer100k, events, graded }: ArmEstimate) {
  return { ratePer100k, counted: { events, graded } }
}

/** Two replays of the same turns: the mean of both, of which no more is known than of one. */
function joinArms({ baseline, candidate }: CategoryEstimate): ReturnType<typeof readArm> {
  if (baseline.ratePer100k === null) return readArm(candidate)
  if (candidate.ratePer100k === null) return readArm(baseline)
  return {
    ratePer100k: (baseline.ratePer100k + candidate.ratePer100k) / 2,
    counted: {
      events: (baseline.events + candidate.events) / 2,
      graded: Math.min(baseline.graded, candidate.graded),
    },
  }
}

/** How many turns of equal weight, each a conversation of its own, a drawn one is worth (Kish). */
export function measureWorth(sample: RecordSummary['sample']): number {
  const { turnsDrawn, effectiveConversations } = sample
  return turnsDrawn === 0 ? 1 : Math.min(1, effectiveConversations / turnsDrawn)
}
