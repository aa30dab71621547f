import { type AcceptancePorts, findAcceptance } from './accept-failure.ts'
import { beginAttempt } from './begin-attempt.ts'
import type { MeasuredPast } from './continue-journal.ts'
import { GateError } from './errors.ts'
import { checkLock, type Registering } from './history/lock.ts'
import {
  chooseRound,
  describeAttempt,
  type ReadAttempt,
  type Refusal,
  settleAttempts,
} from './history/settle.ts'
import { type Past, type PastRequest, readAudited, readPast, readPushes, readRegistering } from './past.ts'
import { compareParts, digestParts, type PlanParts } from './plan/parts.ts'
import { digestValue } from './plan/plan.ts'
import type { Checkpoints, ResolvedPolicy } from './policy/resolve.ts'
import type { History } from './ports.ts'
import type { GateRequest, PreparedPlan } from './prepare.ts'
import { nameRun, type PastAttempt, type RegistrationLock } from './record/history.ts'
import type { RunRecord } from './record/schema.ts'

/** What was done about the candidate before, as far as it is known. */
export type RecalledPast =
  | { kind: 'none' }
  | { kind: 'known'; asked: PastRequest; past: Past }
  | { kind: 'unknown'; cause: string }

/** What follows from it. */
export type SettledPast =
  | { kind: 'standing'; record: RunRecord }
  | { kind: 'refused'; refusal: Refusal; attempts: PastAttempt[] }
  | { kind: 'measure'; past: MeasuredPast }

/** What settling the past needs of the world. */
export interface HistoryPorts extends AcceptancePorts {
  /** `null` where nothing keeps attempts. */
  history: History | null
}

/**
 * Reads the attempts on a candidate, but for those of which it is known what they ended with.
 * @throws GateError when they can't be told, unless policy lets that be
 */
export async function recallPast(parts: {
  request: GateRequest
  ports: HistoryPorts
  resolved: ResolvedPolicy
  checkpoints: Checkpoints
  known?: Past | undefined
}): Promise<RecalledPast> {
  const { request, ports, resolved, checkpoints, known } = parts
  const { history, repository } = ports
  if (history === null) return { kind: 'none' }
  const { policy } = resolved
  const key = { pointerFile: policy.checkpoint.file, candidate: checkpoints.candidate }
  const asked = { ports: { history, repository }, key, policy, base: request.commits.policy }
  try {
    return { kind: 'known', asked, past: await readPast(asked, known) }
  } catch (error) {
    return tolerate(error, resolved)
  }
}

/** What can't be told about the past ends a run before it asks anything, or is said where policy lets it be. */
function tolerate(
  error: unknown,
  { policy, file }: ResolvedPolicy,
): Extract<RecalledPast, { kind: 'unknown' }> {
  if (!(error instanceof GateError) || error.code !== 'platform') throw error
  if (policy.history === 'optional') return { kind: 'unknown', cause: error.message }
  throw new GateError({
    code: 'platform',
    message: `earlier attempts on this candidate can't be read: ${error.message}`,
    where: error.where,
    remedy: `${error.remedy}\nwhere attempts can't be kept at all, \`history: optional\` in ${file} lets the gate decide without them, and say so`,
    cause: error,
  })
}

/** Settles what the run has to do. */
export async function settlePast(parts: {
  request: GateRequest
  ports: HistoryPorts
  resolved: ResolvedPolicy
  prepared: PreparedPlan
  recalled: RecalledPast
}): Promise<SettledPast> {
  const { request, resolved, prepared, recalled } = parts
  const begin = () => beginAttempt(parts)
  if (recalled.kind !== 'known') {
    const { withdrawn } = prepared.registration.registration
    if (withdrawn) return { kind: 'refused', refusal: { reason: 'withdrawn' }, attempts: [] }
    return { kind: 'measure', past: { history: recalled, continued: [], begin } }
  }
  const { past } = recalled
  const { plan, planDigest } = prepared
  const parted = digestParts(plan)
  const describe = (attempt: ReadAttempt) => describeAttempt(attempt, parted)
  const lock = await readLock({ ...parts, recalled }).catch((error: unknown) => tolerate(error, resolved))
  const { attempts } = past
  const settled = settleAttempts({
    attempts,
    planDigest,
    planParts: parted,
    tier: request.run.tier,
    lock: lock.kind === 'unknown' ? null : lock,
    round: {
      registered: plan.registration.round,
      wanted: chooseRound(attempts, plan.policy.sample.epoch),
    },
    withdrawn: prepared.registration.registration.withdrawn,
  })
  if (settled.kind === 'refused') {
    return { kind: 'refused', refusal: settled.refusal, attempts: attempts.map(describe) }
  }
  if (settled.kind === 'standing') {
    const { attempt } = settled
    const record = await republish({ ...parts, recalled, attempt, lock, parted })
    return { kind: 'standing', record }
  }
  const continued = settled.continued.flatMap(({ run, ended }) => {
    const directory = past.directories.get(ended.folder)
    return directory === undefined ? [] : [{ run, directory, audits: ended.audits }]
  })
  if (lock.kind === 'unknown') return { kind: 'measure', past: { history: lock, continued, begin } }
  const history = { kind: 'kept' as const, registration: lock, continued: null, republishedBy: null }
  const counted = countAttempts(attempts, parted)
  return { kind: 'measure', past: { history: { ...history, ...counted }, continued, begin } }
}

/** All attempts but the one at hand, and which that is. */
function countAttempts(
  attempts: readonly ReadAttempt[],
  parts: PlanParts,
): { number: number; attempts: PastAttempt[] } {
  return {
    number: attempts.length + 1,
    attempts: attempts.map((attempt) => describeAttempt(attempt, parts)),
  }
}

/**
 * Looks once more at what others found while this run measured: of two that ran at the same time, neither saw the other's
 * verdict. What can't be told now was told when this one began.
 */
export async function reviewPast(parts: {
  request: GateRequest
  ports: HistoryPorts
  resolved: ResolvedPolicy
  checkpoints: Checkpoints
  recalled: RecalledPast
  record: RunRecord
}): Promise<RunRecord> {
  const { summary } = parts.record
  if (summary.history.kind !== 'kept') return parts.record
  const known = parts.recalled.kind === 'known' ? parts.recalled.past : undefined
  const recalled = await recallPast({ ...parts, known }).catch((error: unknown) => {
    if (error instanceof GateError) return null
    throw error
  })
  if (recalled?.kind !== 'known') return parts.record
  const counted = countAttempts(recalled.past.attempts, summary.planParts)
  return { ...parts.record, summary: { ...summary, history: { ...summary.history, ...counted } } }
}

type Known = Extract<RecalledPast, { kind: 'known' }>

async function readLock(parts: {
  request: GateRequest
  ports: HistoryPorts
  resolved: ResolvedPolicy
  prepared: PreparedPlan
  recalled: Known
}): Promise<RegistrationLock> {
  const { request, ports, resolved, prepared, recalled } = parts
  const { registration: loaded, plan } = prepared
  const { attempts } = recalled.past
  const [first] = attempts
  const { from } = loaded
  const { registration } = plan
  if (first === undefined) return checkLock({ registration, from, onBase: false, earlier: [], pushed: [] })
  const { repository } = ports
  const { policy } = resolved
  const source = { repository, policy, candidate: plan.candidate }
  const onBase = await readRegistering(source, request.commits.policy)
  const pushes = await recalled.asked.ports.history.listPushes(first.startedAt)
  return checkLock({
    registration,
    from,
    onBase: onBase.kind === 'known' && digestValue(onBase.registration) === digestValue(registration),
    earlier: attempts.map((attempt) => ({
      at: attempt.startedAt,
      registering: describeRegistering(attempt),
    })),
    pushed: from === 'standing' ? [] : await readPushes({ ...source, pushes, loaded }),
  })
}

function describeRegistering({ began }: ReadAttempt): Registering {
  if (began === null) return { kind: 'unreadable' }
  return { kind: 'known', registration: began.registration.value, from: began.registration.from }
}

/** The record of an attempt, as this run publishes it again. */
async function republish(parts: {
  request: GateRequest
  ports: HistoryPorts
  resolved: ResolvedPolicy
  recalled: Known
  attempt: ReadAttempt
  lock: RegistrationLock
  parted: PlanParts
}): Promise<RunRecord> {
  const { request, ports, resolved, recalled, attempt, lock, parted } = parts
  const { past, asked } = recalled
  const folder = attempt.ended?.kind === 'read' ? attempt.ended.folder : ''
  const directory = past.directories.get(folder)
  if (directory === undefined) throw new Error(`no directory of ${folder}`)
  const record = await readAudited({ request: asked, run: attempt.run, directory })
  const own = record.summary.history
  const { id, attempt: number } = request.run
  return {
    ...record,
    summary: {
      ...record.summary,
      history: {
        kind: 'kept',
        number: past.attempts.indexOf(attempt) + 1,
        attempts: past.attempts
          .filter((other) => other !== attempt)
          .map((other) => describeAttempt(other, parted)),
        registration: lock,
        continued: own.kind === 'kept' ? own.continued : null,
        republishedBy:
          id === null
            ? null
            : { id, attempt: number, changed: compareParts(record.summary.planParts, parted) },
      },
      accepted: await findAcceptance({
        ports,
        policy: resolved.policy,
        commits: request.commits,
        candidate: asked.key.candidate,
        runs: past.attempts.flatMap(({ run, ended }) =>
          ended?.kind === 'read' && ended.verdict === 'fail' ? [nameRun(run)] : [],
        ),
      }),
    },
  }
}
