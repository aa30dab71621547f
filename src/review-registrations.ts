import { isDeepStrictEqual } from 'node:util'
import { GateError } from './errors.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import { lintRegistrations, type WrittenRegistration } from './lint/registrations.ts'
import { createResult } from './lint/result.ts'
import { findStart } from './policy/commits.ts'
import { checkJudge } from './policy/load.ts'
import { resolvePolicy } from './policy/resolve.ts'
import type { Policy } from './policy/schema.ts'
import type { RepositoryChanges } from './ports.ts'
import type { GateRequest, SourcePorts } from './prepare.ts'
import { type ChangedFile, listChangedRegistrations, readCandidate } from './register/changes.ts'
import { forecastAll } from './register/forecast-all.ts'
import { locate, readRegistration } from './registration/load.ts'
import type { Registration } from './registration/schema.ts'
import type { TestsForecast } from './report/forecast/plan-forecast.ts'
import type { RegistrationReview, ReviewedRegistration, ReviewNotice } from './report/registration/review.ts'

/** What reviewing registrations needs of the world. No endpoint is asked. */
export type ReviewPorts = SourcePorts & { changes: RepositoryChanges }

/**
 * Checks every registration that a change adds or edits against the policy that will decide, and forecasts what it
 * commits to. The corpus is drawn from where it is at hand.
 * @throws GateError when the policy can't be read, or it can't be told what the change edits
 */
export async function reviewRegistrations(
  request: GateRequest,
  ports: ReviewPorts,
): Promise<RegistrationReview> {
  const { commits, policyFile } = request
  const resolved = await resolvePolicy({
    ...ports,
    commits,
    file: policyFile,
    graderConfig: graderConfigSchema,
  })
  const { policy, installs } = resolved
  const sha = installs ? commits.head : commits.policy
  const folder = policy.registrations
  const { changed, all } = await listChangedRegistrations({
    ...ports,
    from: findStart(commits),
    to: commits.head,
    folder,
  })
  const written = {
    policy,
    source: { file: policyFile, text: (await ports.repository.read(sha, policyFile)) ?? '' },
  }
  const lintRequest = { ...ports, sha, policyFile, now: ports.clock.now() }
  const found = createResult()
  const registered = await lintRegistrations({ ...lintRequest, sha: commits.head }, written, found)
  const isChanged = (file: string | undefined) => changed.some(({ after }) => after?.file === file)
  const ours = registered.filter(({ source }) => isChanged(source.file))
  const forecast =
    changed.length === 0
      ? null
      : await forecastAll({ request, ports, resolved, written, registrations: ours, lintRequest })
  const problems = [...found.problems, ...(forecast?.problems ?? [])]
  const mine = problems.filter(({ where }) => isChanged(where?.file))
  return {
    folder,
    policyFile,
    installs,
    sample: forecast?.sample ?? { kind: 'drawn', turns: 0 },
    policyLimits: new Map(policy.categories.map(({ id, limitPer100k }) => [id, limitPer100k])),
    registrations: changed.map((file) =>
      reviewFile({ file, all, policy, ours, problems: mine, forecast: forecast?.tests ?? new Map() }),
    ),
    policyProblems: (forecast?.problems ?? []).filter(({ where }) => !isChanged(where?.file)),
  }
}

function reviewFile(parts: {
  file: ChangedFile
  all: readonly { file: string; text: string }[]
  policy: Policy
  ours: readonly WrittenRegistration[]
  problems: readonly GateError[]
  forecast: ReadonlyMap<string, TestsForecast>
}): ReviewedRegistration {
  const { file, all, policy, ours, problems, forecast } = parts
  const path = file.after?.file ?? file.file
  const registration = ours.find(({ source }) => source.file === path)?.registration ?? null
  const own = file.after === null ? [] : problems.filter(({ where }) => where?.file === path)
  return {
    file: file.file,
    change: file.change,
    candidate: readCandidate(file.after ?? file.before),
    registration,
    tests: forecast.get(path) ?? null,
    notices: listNotices({ file, all, registration }),
    problems: [
      ...own,
      ...findTwin({ file, all, problems: own }),
      ...findJudge(file, policy),
      ...findEdited(file, registration),
    ],
  }
}

/** Another file for the same candidate, where it is not this one that was blamed for it. */
function findTwin(parts: {
  file: ChangedFile
  all: readonly { file: string; text: string }[]
  problems: readonly GateError[]
}): GateError[] {
  const { file, all, problems } = parts
  const { after } = file
  const candidate = readCandidate(after)
  if (after === null || candidate === null || problems.some(({ where }) => where?.field === 'candidate')) {
    return []
  }
  const twin = all.find((source) => source.file !== after.file && readCandidate(source) === candidate)
  if (twin === undefined) return []
  return [
    new GateError({
      code: 'registration',
      message: `${twin.file} is for "${candidate}" too`,
      where: { ...locate(after, ['candidate']), field: 'candidate' },
      remedy: 'keep one of them',
    }),
  ]
}

/** A judge that would judge itself. */
function findJudge({ after }: ChangedFile, policy: Policy): GateError[] {
  const candidate = readCandidate(after)
  if (after === null || candidate === null) return []
  try {
    checkJudge({ policy, file: after.file, checkpoints: [candidate] })
    return []
  } catch (error) {
    if (!(error instanceof GateError)) throw error
    const { code, message, remedy } = error
    const where = { ...locate(after, ['candidate']), field: 'candidate' }
    return [new GateError({ code, message, remedy, where })]
  }
}

/** Amendments are added, and never edited. */
function findEdited({ before, after }: ChangedFile, now: Registration | null): GateError[] {
  const earlier = readEarlier(before)
  if (earlier === null || now === null || after === null || earlier.candidate !== now.candidate) return []
  const kept = now.amendments.slice(0, earlier.amendments.length)
  if (isDeepStrictEqual(kept, earlier.amendments)) return []
  return [
    new GateError({
      code: 'registration',
      message: 'an amendment that is on the base was edited, or taken out',
      where: { ...locate(after, ['amendments']), field: 'amendments' },
      remedy: 'leave those as they are, and add another one that says what changes',
    }),
  ]
}

function listNotices(parts: {
  file: ChangedFile
  all: readonly { file: string; text: string }[]
  registration: Registration | null
}): ReviewNotice[] {
  const { file, all, registration } = parts
  const notices: ReviewNotice[] = []
  const was = readCandidate(file.before)
  if (was !== null && !all.some((source) => readCandidate(source) === was)) {
    notices.push({ kind: 'unregistered', candidate: was })
  }
  if (registration === null) return notices
  if (!/^[\x21-\x7e]{1,256}$/.test(registration.candidate)) notices.push({ kind: 'odd-candidate' })
  if (registration.round > 1) notices.push({ kind: 'round', round: registration.round })
  const earlier = readEarlier(file.before)
  if (earlier !== null && earlier.candidate === registration.candidate && !isAmended(earlier, registration)) {
    notices.push({ kind: 'not-amended' })
  }
  return notices
}

function isAmended(before: Registration, now: Registration): boolean {
  return now.amendments.length > before.amendments.length || now.withdrawn || isDeepStrictEqual(before, now)
}

/** What a file had before; `null` where that can't be told. */
function readEarlier(before: ChangedFile['before']): Registration | null {
  if (before === null) return null
  try {
    return readRegistration(before)
  } catch (error) {
    if (error instanceof GateError) return null
    throw error
  }
}
