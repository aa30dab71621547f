import { digestValue, type Plan } from '../plan/plan.ts'
import type { RegistrationLock } from '../record/history.ts'

type Registered = Plan['registration']

/** What was registered for the candidate at some time, as far as it is known. */
export type Registering =
  | { kind: 'known'; registration: Registered; from: 'file' | 'standing' }
  /** No file named the candidate, or none that can be read. */
  | { kind: 'none' }
  /** What an attempt left can't be read any more. */
  | { kind: 'unreadable' }

/** What a push to the branch under test had for the candidate. */
export interface PushedRegistration {
  at: string
  sha: string
  registering: Registering
}

type Cause = Extract<RegistrationLock, { kind: 'broken' }>['cause']

/**
 * Whether the registration at hand is the one that was there when the candidate was first measured. What changed since
 * counts only as an amendment that is on the base: reviewed, numbered, and after those that were there.
 */
export function checkLock(request: {
  registration: Registered
  from: 'file' | 'standing'
  /** Whether the base has the very same. */
  onBase: boolean
  /** When the candidate was first measured, and what was registered then; `null` where it was not yet. */
  first: { at: string; registering: Registering } | null
  /** What the branch had since, the earliest first. */
  pushed: readonly PushedRegistration[]
}): RegistrationLock {
  const { registration, from, first, onBase } = request
  if (first === null) return { kind: 'first' }
  const { at: since, registering } = first
  const before = registering.kind === 'known' ? registering.registration : null
  const isSame = before !== null && digestValue(before) === digestValue(registration)
  const moved = isSame ? request.pushed.find((push) => !hasSame(push.registering, registration)) : undefined
  if (isSame && moved === undefined) return { kind: 'kept', since }
  if (onBase && isAmended(before, registration)) {
    return { kind: 'amended', since, amendments: registration.amendments.length }
  }
  const cause = chooseCause({ registering, from, moved: moved !== undefined })
  return { kind: 'broken', since, cause, why: describeCause({ cause, since, moved }) }
}

function hasSame(registering: Registering, registration: Registered): boolean {
  // A commit that can't be read shows nothing either way.
  if (registering.kind === 'unreadable') return true
  return registering.kind === 'known' && digestValue(registering.registration) === digestValue(registration)
}

function isAmended(before: Registered | null, now: Registered): boolean {
  const earlier = before?.amendments ?? []
  return (
    now.amendments.length > earlier.length &&
    digestValue(now.amendments.slice(0, earlier.length)) === digestValue(earlier)
  )
}

function chooseCause(request: {
  registering: Registering
  from: 'file' | 'standing'
  moved: boolean
}): Cause {
  const { registering, from, moved } = request
  if (moved) return 'moved'
  if (registering.kind === 'unreadable') return 'unreadable'
  if (registering.kind === 'none') return 'late'
  return registering.from === 'standing' && from === 'file' ? 'late' : 'edited'
}

function describeCause(request: {
  cause: Cause
  since: string
  moved: PushedRegistration | undefined
}): string {
  const { cause, since, moved } = request
  switch (cause) {
    case 'late':
      return `it was added after the candidate was first measured, at ${since}`
    case 'edited':
      return `it is not the one that was there when the candidate was first measured, at ${since}`
    case 'moved':
      return `it was there when the candidate was first measured, at ${since}, then was pushed away, at ${moved?.at ?? ''} (${moved?.sha.slice(0, 12) ?? ''}), and came back`
    case 'unreadable':
      return `what was registered when the candidate was first measured, at ${since}, can't be read any more`
  }
}

/**
 * Which sample of turns this is for the candidate: each epoch that was measured before is one, and is paid for
 * (docs/statistics.md). Epochs in the order of their first attempts.
 */
export function countRound(epochs: readonly string[], epoch: string): number {
  const distinct = [...new Set([...epochs, epoch])]
  return distinct.indexOf(epoch) + 1
}
