import type { GateError } from '../../errors.ts'
import type { Registration } from '../../registration/schema.ts'
import type { TestsForecast } from '../forecast/plan-forecast.ts'

/** What became of a file of the registrations' folder. */
export type FileChange =
  | { kind: 'added' | 'changed' | 'removed' }
  /** `from`: the path that it had before. */
  | { kind: 'renamed'; from: string }

/** What is allowed and may surprise. */
export type ReviewNotice =
  /** The file that had it is gone, and no other has it. */
  | { kind: 'unregistered'; candidate: string }
  /** It says something else than before, and no amendment says so. */
  | { kind: 'not-amended' }
  /** No file of the repository can hold such an id. */
  | { kind: 'odd-candidate' }
  | { kind: 'round'; round: number }

/** A changed registration. */
export interface ReviewedRegistration {
  file: string
  change: FileChange
  /** `null` where it can't be told. */
  candidate: string | null
  /** `null` where it can't be read, does not fit, or is gone. */
  registration: Registration | null
  /** `null` without a registration to forecast. */
  tests: TestsForecast | null
  notices: ReviewNotice[]
  problems: GateError[]
}

/** What a change under test registers. */
export interface RegistrationReview {
  folder: string
  policyFile: string
  /** The base has no policy yet: it was checked against the one that the change brings. */
  installs: boolean
  /** Of the forecasts; `imagined`: without the corpus, with as many turns of equal weight as the policy asks for. */
  sample: { kind: 'drawn'; turns: number } | { kind: 'imagined'; turns: number; cause: string }
  /** By category; `null` without one. */
  policyLimits: ReadonlyMap<string, number | null>
  registrations: ReviewedRegistration[]
  /** What is wrong with the policy itself, whatever is registered. */
  policyProblems: GateError[]
}

/** Everything that makes the change invalid. */
export function listProblems({ registrations }: RegistrationReview): GateError[] {
  return registrations.flatMap(({ problems }) => problems)
}
