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
 * Whether the registration at hand is the one that the candidate was measured with so far. What changed since counts only as
 * an amendment that is on the base: reviewed, numbered, and after those that were there.
 */
export function checkLock(request: {
  registration: Registered
  from: 'file' | 'standing'
  /** Whether the base has the very same. */
  onBase: boolean
  /** When the candidate was measured, and what was registered then, the earliest first. */
  earlier: readonly { at: string; registering: Registering }[]
  /** What the branch had since the first of them, the earliest first. */
  pushed: readonly PushedRegistration[]
}): RegistrationLock {
  const { registration, from, earlier, onBase } = request
  const [first] = earlier
  if (first === undefined) return { kind: 'first' }
  const { at: since } = first
  const known = earlier.flatMap(({ registering }) => (registering.kind === 'known' ? [registering] : []))
  // Each of them was checked against those before it.
  const last = known.at(-1)
  const before = last?.registration ?? null
  const isSame = last !== undefined && isAlike(last, { registration, from })
  const isAmendedBefore = known.some((registering) => !isAlike(registering, { registration, from }))
  const allowed = [...known, { kind: 'known' as const, registration, from }]
  const moved = isSame ? request.pushed.find(({ registering }) => !isOneOf(registering, allowed)) : undefined
  const amendments = registration.amendments.length
  if (isSame && moved === undefined) {
    return isAmendedBefore ? { kind: 'amended', since, amendments } : { kind: 'kept', since }
  }
  const isTold = moved === undefined ? isAmended(before, registration) : amendments > countFirst(known)
  if (onBase && isTold) return { kind: 'amended', since, amendments }
  const registering = last ?? first.registering
  const cause = chooseCause({ registering, from, moved: moved !== undefined })
  return { kind: 'broken', since, cause, why: describeCause({ cause, since, moved }) }
}

type KnownRegistering = Extract<Registering, { kind: 'known' }>

/** What the gate registers by itself follows the round of the sample; everything else has to be the same. */
function isAlike(one: KnownRegistering, other: Omit<KnownRegistering, 'kind'>): boolean {
  const isStanding = one.from === 'standing' && other.from === 'standing'
  const value = isStanding ? { ...one.registration, round: other.registration.round } : one.registration
  return digestValue(value) === digestValue(other.registration)
}

function isOneOf(registering: Registering, allowed: readonly KnownRegistering[]): boolean {
  // A commit that can't be read shows nothing either way.
  if (registering.kind === 'unreadable') return true
  if (registering.kind === 'none') return false
  return allowed.some((entry) => digestValue(entry.registration) === digestValue(registering.registration))
}

function countFirst(known: readonly KnownRegistering[]): number {
  return known[0]?.registration.amendments.length ?? 0
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
      return `it is not the one that was there when the candidate was last measured; it was first measured at ${since}`
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
