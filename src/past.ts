import { decideRecord } from './decide-record.ts'
import { GateError } from './errors.ts'
import { type Attempt, attemptSchema } from './history/attempt.ts'
import { assessStanding } from './history/complete.ts'
import type { PushedRegistration, Registering } from './history/lock.ts'
import type { EndedAttempt, ReadAttempt } from './history/settle.ts'
import { readDocuments } from './policy/read-documents.ts'
import type { Policy } from './policy/schema.ts'
import type { History, HistoryKey, KeptAttempt, Push, RepositoryFiles, RunDirectory } from './ports.ts'
import { parseAudit } from './record/audit.ts'
import { nameRun } from './record/history.ts'
import { type AuditLine, type RunRecord, runFiles } from './record/schema.ts'
import { readRecord } from './record/store.ts'
import { findRegistration, type LoadedRegistration } from './registration/load.ts'
import { verdictSchema } from './verdict/schema.ts'

/** Where attempts are kept, and where what people say of them is: on the base. */
export interface PastPorts {
  history: History
  repository: RepositoryFiles
}

/** The attempts on a candidate, and the directory of each that has ended. */
export interface Past {
  attempts: ReadAttempt[]
  directories: ReadonlyMap<string, RunDirectory>
}

const nothingKnown: Past = { attempts: [], directories: new Map() }

/** Whose attempts are read, and by which base. */
export interface PastRequest {
  ports: PastPorts
  key: HistoryKey
  policy: Policy
  /** The commit that the policy is read at. */
  base: string
}

/**
 * Reads every attempt on a candidate, and what each ended with; what was known of one that had ended is taken as it was.
 * Rejects when that can't be told.
 */
export async function readPast(request: PastRequest, known: Past = nothingKnown): Promise<Past> {
  const { history } = request.ports
  const directories = new Map(known.directories)
  const attempts: ReadAttempt[] = []
  for (const kept of await history.list(request.key)) {
    const before = known.attempts.find(({ run }) => nameRun(run) === nameRun(kept.run))
    if (before?.ended?.kind === 'read') {
      attempts.push(before)
      continue
    }
    const doubts = [...kept.doubts]
    const began = parseAttempt(kept, doubts)
    const directory = kept.end?.kind === 'there' ? await history.openEnd(kept.end) : null
    const ended =
      directory === null
        ? kept.end === null
          ? null
          : { kind: 'gone' as const }
        : await readEnd({ request, kept, began, directory, doubts })
    if (directory !== null) directories.set(directory.path, directory)
    attempts.push({ run: kept.run, startedAt: kept.startedAt, began, ended, doubts })
  }
  return { attempts, directories }
}

function parseAttempt({ start }: KeptAttempt, doubts: string[]): Attempt | null {
  if (start === null) return null
  try {
    return attemptSchema.parse(JSON.parse(start))
  } catch {
    doubts.push('what it began with was written by another version, or changed')
    return null
  }
}

async function readEnd(parts: {
  request: PastRequest
  kept: KeptAttempt
  began: Attempt | null
  directory: RunDirectory
  doubts: string[]
}): Promise<EndedAttempt> {
  const { request, kept, began, directory, doubts } = parts
  const hasJournal = await hasLines(directory, runFiles.journal)
  const ended = { kind: 'read' as const, folder: directory.path }
  if ((await directory.read(runFiles.record)) === null) {
    return { ...ended, verdict: null, complete: false, decidable: false, continuable: hasJournal, audits: [] }
  }
  try {
    const record = await readAudited({ request, run: kept.run, directory })
    requireOwn({ record, kept, key: request.key, began })
    const { verdict } = decideRecord(record)
    const { complete, continuable } = assessStanding(record, verdict)
    return {
      ...ended,
      verdict: toDecision(verdict.verdict),
      complete,
      decidable: true,
      continuable: hasJournal && continuable,
      audits: record.audits,
    }
  } catch (error) {
    if (!(error instanceof GateError)) throw error
    // What people wrote on the base is theirs to correct.
    if (error.code === 'audit') throw error
    doubts.push(`its record can't be decided again: ${error.message}`)
    return {
      ...ended,
      verdict: await peekVerdict(directory),
      complete: false,
      decidable: false,
      continuable: false,
      audits: [],
    }
  }
}

// A journal is as large as the run was: its first line tells as much as all of it.
async function hasLines(directory: RunDirectory, name: string): Promise<boolean> {
  for await (const _line of directory.readLines(name)) return true
  return false
}

/** A record, with what people on the base say of its flags. */
export async function readAudited(parts: {
  request: PastRequest
  run: { id: string; attempt: number }
  directory: RunDirectory
}): Promise<RunRecord> {
  const { request, run, directory } = parts
  const record = await readRecord(directory)
  const audits = await readAudit({ request, run, record })
  return audits === null ? record : { ...record, audits }
}

async function readAudit(parts: {
  request: PastRequest
  run: { id: string; attempt: number }
  record: RunRecord
}): Promise<AuditLine[] | null> {
  const { ports, policy, base } = parts.request
  const file = `${policy.audits}/${nameRun(parts.run)}.jsonl`
  const text = await ports.repository.read(base, file)
  return text === null ? null : parseAudit({ record: parts.record, file, text })
}

/** A record that another run made, or that is about something else, was put there by hand. */
function requireOwn(parts: {
  record: RunRecord
  kept: KeptAttempt
  key: HistoryKey
  began: Attempt | null
}): void {
  const { record, kept, key, began } = parts
  const { summary } = record
  const isOwn =
    summary.run.id === kept.run.id &&
    summary.run.attempt === kept.run.attempt &&
    summary.plan.candidate === key.candidate &&
    summary.plan.policy.checkpoint.file === key.pointerFile &&
    summary.commits.trustAnchor === 'base' &&
    (began === null || began.planDigest === summary.planDigest)
  if (isOwn) return
  throw new GateError({
    code: 'record',
    message: 'it is not the record of that run',
    remedy: 'use the artifact as the run wrote it',
  })
}

async function peekVerdict(directory: RunDirectory): Promise<EndedAttempt['verdict']> {
  try {
    const written = JSON.parse((await directory.read(runFiles.verdict)) ?? '')
    return toDecision(verdictSchema.shape.verdict.parse(written.verdict))
  } catch {
    return null
  }
}

function toDecision(verdict: string): EndedAttempt['verdict'] {
  return verdict === 'pass' || verdict === 'fail' || verdict === 'inconclusive' ? verdict : null
}

/** What each push had registered for the candidate. */
export async function readPushes(parts: {
  repository: RepositoryFiles
  pushes: readonly Push[]
  policy: Policy
  candidate: string
  /** The registration at hand: most pushes leave its file alone. */
  loaded: LoadedRegistration
}): Promise<PushedRegistration[]> {
  const { repository, pushes, loaded } = parts
  const pushed: PushedRegistration[] = []
  for (const { at, sha } of pushes) {
    const isSame = (await repository.read(sha, loaded.file)) === loaded.text
    const registering: Registering = isSame
      ? { kind: 'known', registration: loaded.registration, from: 'file' }
      : await readRegistering(parts, sha)
    pushed.push({ at, sha, registering })
  }
  return pushed
}

/** What was registered for the candidate at a commit. */
export async function readRegistering(
  parts: { repository: RepositoryFiles; policy: Policy; candidate: string },
  sha: string,
): Promise<Registering> {
  const { repository, policy, candidate } = parts
  try {
    const files = await readDocuments({ repository, sha, folder: policy.registrations })
    const { registration } = findRegistration({ files, candidate, policy })
    return { kind: 'known', registration, from: 'file' }
  } catch (error) {
    if (error instanceof GateError && error.code === 'registration') return { kind: 'none' }
    throw error
  }
}
