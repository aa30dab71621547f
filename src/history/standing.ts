import { GateError } from '../errors.ts'
import type { Policy } from '../policy/schema.ts'
import type { RecordSummary, RunRecord } from '../record/schema.ts'
import { suggestFileName } from '../registration/file-name.ts'
import type { LoadedRegistration } from '../registration/load.ts'
import type { Registration } from '../registration/schema.ts'
import { writeRegistration } from '../registration/write.ts'
import { draftPrediction } from './draft-prediction.ts'
import { type LeftOut, measureWorth, readPastRates } from './past-rates.ts'

/** What stands where the name of a registration's file would: there is none. */
export const standingFile = 'standing'

/** A registration that the gate made by itself, and the categories of which it says nothing. */
export interface StandingRegistration {
  loaded: LoadedRegistration
  leftOut: LeftOut[]
}

/**
 * Registers of a candidate that it is the same as the last release: each category's rate as it was measured of the
 * baseline, with the interval of `draftPrediction`. Pure: the same record and policy give the same registration.
 *
 * How many turns the next run has is taken from the policy and the past draw, before anything is drawn.
 * @param parts.past a run in which the baseline was the candidate, or the baseline already
 * @throws GateError when nothing of that run can be taken over
 */
export function draftStanding(parts: {
  policy: Policy
  /** The policy's rubrics, by reference. */
  rubrics: Record<string, string>
  baseline: string
  candidate: string
  past: RunRecord
  round: number
}): StandingRegistration {
  const { policy, rubrics, baseline, candidate, past, round } = parts
  const { rates, leftOut } = readPastRates({
    record: past,
    checkpoint: baseline,
    graders: { policy, rubrics },
  })
  const next = expectTurns(policy, past.summary.sample)
  const predictions = [...rates].map(([category, rate]) => draftPrediction({ category, past: rate, next }))
  if (predictions.length === 0) {
    const cause = 'its last run measured none of the categories with the graders of this policy'
    throw refuseStanding({ ...parts, folder: policy.registrations, cause })
  }
  const registration: Registration = {
    version: 1,
    candidate,
    round,
    predictions,
    amendments: [],
    withdrawn: false,
  }
  const text = writeRegistration(registration, {
    head: [`Made by the gate (registration: standing): the same as ${baseline}.`],
    predictions: new Map(),
  })
  return { loaded: { file: standingFile, from: 'standing', text, registration }, leftOut }
}

/** The error of a policy that lets the gate register by itself where it has nothing to go by. */
export function refuseStanding(parts: {
  baseline: string
  candidate: string
  folder: string
  cause: string
}): GateError {
  const { baseline, candidate, folder, cause } = parts
  return new GateError({
    code: 'registration',
    message: `nothing can be registered by itself for "${candidate}": of the last release, "${baseline}", ${cause}`,
    where: { file: `${folder}/` },
    remedy: `write ${folder}/${suggestFileName(candidate)}, or let \`checkpoint-gate register --replay\` draft it, before the run`,
  })
}

/** How many turns of equal weight the next draw is worth, as far as it is like the past one. */
function expectTurns({ sample }: Policy, past: RecordSummary['sample']): number {
  const there = sample.turnsPerConversation === 'one' ? past.conversations : past.turnsEligible
  return Math.max(1, Math.floor(Math.min(sample.turns, there) * measureWorth(past)))
}
