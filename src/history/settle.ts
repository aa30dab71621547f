import { compareParts, isSameMeasurement, type PlanParts } from '../plan/parts.ts'
import type { PastAttempt, RegistrationLock } from '../record/history.ts'
import type { AuditLine } from '../record/schema.ts'
import type { Attempt } from './attempt.ts'
import { countRound } from './lock.ts'

/** An attempt with what could be read of its start and its end. */
export interface ReadAttempt {
  run: { id: string; attempt: number }
  startedAt: string
  began: Attempt | null
  /** `null`: it has not ended. `gone`: what it ended with can't be had any more. */
  ended: EndedAttempt | { kind: 'gone' } | null
  /** Why its verdict can't stand for another run. */
  doubts: string[]
}

/** What an attempt ended with. */
export interface EndedAttempt {
  kind: 'read'
  /** Where its files were put. */
  folder: string
  /** `null`: it ended without one. */
  verdict: 'pass' | 'fail' | 'inconclusive' | null
  complete: boolean
  /** Whether its record can be decided again by this version. */
  decidable: boolean
  /** Whether what it has measured can be kept. */
  continuable: boolean
  /** What people said of its flags. */
  audits: readonly AuditLine[]
}

/** What is to be done about a candidate, given what was done before. */
export type Settled =
  /** Nothing is asked: what this attempt found stands. */
  | { kind: 'standing'; attempt: ReadAttempt & { ended: EndedAttempt } }
  | { kind: 'refused'; refusal: Refusal }
  /** Turns are asked; those that the attempts to continue have asked are not asked again. */
  | { kind: 'measure'; continued: (ReadAttempt & { ended: EndedAttempt })[] }

/** Why nothing is measured and nothing stands. */
export type Refusal =
  | { reason: 'withdrawn' }
  | { reason: 'registration'; lock: Extract<RegistrationLock, { kind: 'broken' }> }
  | { reason: 'round'; registered: number; wanted: number }
  /** It failed before, in a run whose record this version can't decide again. */
  | { reason: 'failed-before'; attempt: ReadAttempt }

/**
 * Settles what a run has to do. A FAIL stands for the candidate whatever its plan, so that a new plan never clears one; any
 * other verdict for the same plan alone. What was measured in the same way is never drawn anew, whatever decides on it by now.
 */
export function settleAttempts(request: {
  /** The earliest first. */
  attempts: readonly ReadAttempt[]
  planDigest: string
  planParts: PlanParts
  tier: 'smoke' | 'release'
  /** `null`: it can't be told. */
  lock: RegistrationLock | null
  round: { registered: number; wanted: number }
  withdrawn: boolean
}): Settled {
  const { attempts, planDigest, planParts, tier, lock, round, withdrawn } = request
  const ended = attempts.filter(hasEnded)
  const failed = ended.find((attempt) => attempt.ended.verdict === 'fail')
  if (failed !== undefined) {
    return failed.ended.decidable
      ? { kind: 'standing', attempt: failed }
      : { kind: 'refused', refusal: { reason: 'failed-before', attempt: failed } }
  }
  if (withdrawn) return { kind: 'refused', refusal: { reason: 'withdrawn' } }
  if (lock?.kind === 'broken') return { kind: 'refused', refusal: { reason: 'registration', lock } }
  if (round.registered !== round.wanted) return { kind: 'refused', refusal: { reason: 'round', ...round } }
  const usable = ended.filter(
    ({ began, doubts }) =>
      doubts.length === 0 && began !== null && isSameMeasurement(began.planParts, planParts),
  )
  const standing = usable.find(
    ({ began, ended }) =>
      began?.planDigest === planDigest &&
      ended.complete &&
      ended.decidable &&
      (tier === 'smoke' || began.tier === tier),
  )
  if (standing !== undefined) return { kind: 'standing', attempt: standing }
  // One that found other models or graders than it began with speaks against those that it continued, too.
  const spoilt = usable.findLastIndex((attempt) => !attempt.ended.continuable)
  return { kind: 'measure', continued: usable.slice(spoilt + 1) }
}

/** What a record says of an attempt. */
export function describeAttempt(attempt: ReadAttempt, parts: PlanParts): PastAttempt {
  const { run, startedAt, began, ended, doubts } = attempt
  const read = ended?.kind === 'read' ? ended : null
  return {
    run,
    startedAt,
    tier: began?.tier ?? null,
    planDigest: began?.planDigest ?? null,
    changed: began === null ? [] : compareParts(began.planParts, parts),
    verdict: read?.verdict ?? null,
    ended: ended !== null,
    complete: read?.complete ?? false,
    doubts: [...doubts, ...(ended?.kind === 'gone' ? ["what it ended with can't be had any more"] : [])],
  }
}

/** Which round of samples an epoch is for the candidate, by the epochs that were measured before. */
export function chooseRound(attempts: readonly ReadAttempt[], epoch: string): number {
  const epochs = attempts.flatMap(({ began }) => (began === null ? [] : [began.epoch]))
  return countRound(epochs, epoch)
}

function hasEnded(attempt: ReadAttempt): attempt is ReadAttempt & { ended: EndedAttempt } {
  return attempt.ended?.kind === 'read'
}
