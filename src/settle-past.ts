import { type AcceptancePorts, findAcceptance } from './accept-failure.ts'
import type { MeasuredPast } from './continue-journal.ts'
import { GateError } from './errors.ts'
import { type Attempt, attemptSchema } from './history/attempt.ts'
import { checkLock, countRound, type Registering } from './history/lock.ts'
import { describeAttempt, type ReadAttempt, type Refusal, settleAttempts } from './history/settle.ts'
import { type Past, readAudited, readPast, readPushes, readRegistering } from './past.ts'
import { compareParts, digestParts, type PlanParts } from './plan/parts.ts'
import { digestValue } from './plan/plan.ts'
import type { Checkpoints, ResolvedPolicy } from './policy/resolve.ts'
import type { History, HistoryKey } from './ports.ts'
import type { GateRequest, PreparedPlan } from './prepare.ts'
import type { PastAttempt, RegistrationLock } from './record/history.ts'
import type { RunRecord } from './record/schema.ts'

/** What was done about the candidate before, as far as it is known. */
export type RecalledPast =
  | { kind: 'none' }
  | { kind: 'known'; key: HistoryKey; past: Past; history: History }
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
 * Reads the attempts on a candidate.
 * @throws GateError when they can't be told, unless policy lets that be
 */
export async function recallPast(parts: {
  request: GateRequest
  ports: HistoryPorts
  resolved: ResolvedPolicy
  checkpoints: Checkpoints
}): Promise<RecalledPast> {
  const { request, ports, resolved, checkpoints } = parts
  const { history, repository } = ports
  if (history === null) return { kind: 'none' }
  const { policy } = resolved
  const key = { pointerFile: policy.checkpoint.file, candidate: checkpoints.candidate }
  try {
    const past = await readPast({
      ports: { history, repository },
      key,
      policy,
      base: request.commits.policy,
    })
    return { kind: 'known', key, past, history }
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
    return { kind: 'measure', past: { history: recalled, continued: null, begin } }
  }
  const { past } = recalled
  const { plan, planDigest } = prepared
  const parted = digestParts(plan)
  const describe = (attempt: ReadAttempt) => describeAttempt(attempt, parted)
  const lock = await readLock({ ...parts, recalled }).catch((error: unknown) => tolerate(error, resolved))
  if (lock.kind === 'unknown') return { kind: 'measure', past: { history: lock, continued: null, begin } }
  const { attempts } = past
  const epochs = attempts.flatMap(({ began }) => (began === null ? [] : [began.epoch]))
  const settled = settleAttempts({
    attempts,
    planDigest,
    tier: request.run.tier,
    lock,
    round: {
      registered: plan.registration.round,
      wanted: countRound(epochs, plan.policy.sample.epoch),
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
  const { continued } = settled
  const directory = continued === null ? undefined : past.directories.get(continued.ended.folder)
  return {
    kind: 'measure',
    past: {
      history: {
        kind: 'kept',
        number: attempts.length + 1,
        attempts: attempts.map(describe),
        registration: lock,
        continued: null,
        republishedBy: null,
      },
      continued: continued === null || directory === undefined ? null : { run: continued.run, directory },
      begin,
    },
  }
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
  const [first] = recalled.past.attempts
  const { from } = loaded
  if (first === undefined) return checkLock({ ...plan, from, onBase: false, first: null, pushed: [] })
  const { repository } = ports
  const { policy } = resolved
  const source = { repository, policy, candidate: plan.candidate }
  const onBase = await readRegistering(source, request.commits.policy)
  const pushes = await recalled.history.listPushes(first.startedAt)
  const pushed = from === 'standing' ? [] : await readPushes({ ...source, pushes, loaded })
  return checkLock({
    registration: plan.registration,
    from,
    onBase: onBase.kind === 'known' && digestValue(onBase.registration) === digestValue(plan.registration),
    first: { at: first.startedAt, registering: describeFirst(first) },
    pushed,
  })
}

function describeFirst({ began }: ReadAttempt): Registering {
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
  const { past, history, key } = recalled
  const folder = attempt.ended?.kind === 'read' ? attempt.ended.folder : ''
  const directory = past.directories.get(folder)
  if (directory === undefined) throw new Error(`no directory of ${folder}`)
  const { policy } = resolved
  const base = request.commits.policy
  const { repository } = ports
  const record = await readAudited({
    request: { ports: { history, repository }, key, policy, base },
    run: attempt.run.id,
    directory,
  })
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
        policy,
        commits: request.commits,
        candidate: key.candidate,
        run: attempt.run.id,
      }),
    },
  }
}

/** Keeps that the run begins; why it could not, or `null`. */
async function beginAttempt(parts: {
  request: GateRequest
  ports: HistoryPorts
  prepared: PreparedPlan
}): Promise<string | null> {
  const { request, ports, prepared } = parts
  const { plan } = prepared
  const key = { pointerFile: plan.policy.checkpoint.file, candidate: plan.candidate }
  try {
    await ports.history?.begin(key, JSON.stringify(describeStart({ request, prepared })))
    return null
  } catch (error) {
    return `that this attempt began could not be kept: ${error instanceof Error ? error.message : String(error)}`
  }
}

function describeStart({ request, prepared }: { request: GateRequest; prepared: PreparedPlan }): Attempt {
  const { run, gateVersion } = request
  const { plan, planDigest, registration } = prepared
  return attemptSchema.parse({
    version: 1,
    gateVersion,
    run: { id: run.id ?? '', attempt: run.attempt, event: run.event },
    tier: run.tier,
    pointerFile: plan.policy.checkpoint.file,
    baseline: plan.baseline,
    candidate: plan.candidate,
    epoch: plan.policy.sample.epoch,
    planDigest,
    planParts: digestParts(plan),
    registration: {
      from: registration.from,
      file: registration.file,
      value: plan.registration,
    },
  })
}
