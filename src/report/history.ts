import {
  nameRun as joinRun,
  type PastAttempt,
  type RecordHistory,
  type RegistrationLock,
} from '../record/history.ts'
import { type RecordSummary, runFiles } from '../record/schema.ts'
import { suggestFileName } from '../registration/file-name.ts'
import type { Verdict } from '../verdict/schema.ts'
import { countAttempts, describeOutcome, nameRun, type RunName, sayParts, sayTime } from './attempts.ts'
import { listAmendments } from './facts.ts'
import { countThings } from './format.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

type Kept = Extract<RecordHistory, { kind: 'kept' }>

const shownAttempts = 5
/** People write sentences there. */
const longestSentence = 600
const longestDoubt = 200

/** What a reader has to know of the attempts on the candidate and of its registration, the gravest first. */
export function listHistory(record: RecordSummary, verdict: Verdict): Text[] {
  const { history } = record
  if (history.kind === 'none') return []
  if (history.kind === 'unknown') return sayUnknown(record, history.cause)
  return [
    ...sayAccepted(record, verdict),
    ...sayStandingFail({ record, history, verdict }),
    ...sayBroken(history.registration),
    ...sayUnknownLock(history.registration),
    ...sayAttempts(record),
    ...sayDoubts(history.attempts),
    ...sayAmended(record, history.registration),
  ]
}

/** What of the same says nothing against the table. */
export function listHistoryNotices(record: RecordSummary): Text[] {
  const { history } = record
  if (history.kind !== 'kept') return []
  const { registration, continued } = history
  const kept =
    registration.kind === 'kept'
      ? [say`Registered before the first run of ${sayTime(registration.since)}, and unchanged since.`]
      : []
  return [
    ...sayStanding(record, history),
    ...(continued === null
      ? []
      : [say`Continued from ${nameRun(continued)}: what it had asked was not asked again.`]),
    ...kept,
  ]
}

/** `, diagnosed, accepted by …` after the word of a FAIL that somebody answers for. */
export function sayAcceptance({ accepted }: Verdict): Text {
  return accepted === null ? [] : say`, diagnosed, accepted by ${verbatim(accepted.by)}`
}

function sayAccepted({ accepted }: RecordSummary, verdict: Verdict): Text[] {
  if (verdict.accepted === null) return []
  const { by, diagnosis } = verdict.accepted
  const green =
    verdict.conclusion === 'success'
      ? say`The check is green because ${verbatim(by)} answers for this FAIL in ${verbatim(diagnosis)}. It stays a FAIL.`
      : say`${verbatim(by)} answers for this FAIL in ${verbatim(diagnosis)}.`
  if (accepted === null) return [green]
  return [
    green,
    say`Cause: ${verbatim(accepted.cause, longestSentence)}`,
    say`Mitigation: ${verbatim(accepted.mitigation, longestSentence)}`,
  ]
}

// A new plan could be one that was chosen after the results were seen.
function sayStandingFail(request: { record: RecordSummary; history: Kept; verdict: Verdict }): Text[] {
  const { record, history, verdict } = request
  if (verdict.verdict !== 'fail') return []
  const changed = history.republishedBy?.changed ?? []
  const plan =
    changed.length === 0
      ? []
      : [
          say`Standing FAIL of ${nameAttempt(record)}: a new plan never clears a FAIL. What differs now: ${sayParts(changed, 8)}.`,
        ]
  if (verdict.accepted !== null) return plan
  const others = history.attempts.filter((attempt) => attempt.verdict === 'fail').map(({ run }) => run)
  const runs = [record.run, ...others]
  return [...plan, sayDiagnosis(record.plan.candidate, runs), ...sayAudits(record, verdict)]
}

// Flags that were none change a verdict that stands only from where everybody sees who says so.
function sayAudits({ run, retainText }: RecordSummary, { categories }: Verdict): Text[] {
  const isPending = categories.some(({ role, audit }) => role === 'block' && audit === 'pending')
  const { id } = run
  if (!isPending || retainText === 'none' || id === null) return []
  return [
    say`What people say of its flags counts from the base too: commit the ${verbatim(runFiles.audits)} that ${verbatim('checkpoint-gate decide')} has written as ${verbatim(`audits/${joinRun({ ...run, id })}.jsonl`)}, and rerun.`,
  ]
}

/** What to do about a FAIL beside mending the checkpoint. */
export function sayDiagnosis(candidate: string, failed: readonly RunName[]): Text {
  const file = `diagnoses/${suggestFileName(candidate)}`
  return say`This FAIL stays red for ${verbatim(candidate)} under any plan, until a diagnosis on the base answers for ${joinTexts(failed.map(nameRun), ', ')} (${verbatim(file)}). A mended checkpoint is a new candidate, with an id of its own.`
}

function sayBroken(lock: RegistrationLock): Text[] {
  if (lock.kind !== 'broken') return []
  return [
    say`The registration of today does not count: ${verbatim(lock.why, longestSentence)}. Nothing was measured with it.`,
  ]
}

function sayUnknownLock(lock: RegistrationLock): Text[] {
  if (lock.kind !== 'unknown') return []
  return [
    say`Whether the registration was there before the first run can't be told: ${verbatim(lock.cause, longestSentence)}.`,
  ]
}

function sayAttempts(record: RecordSummary): Text[] {
  const counted = countAttempts(record)
  if (counted === null) return []
  const { number, earlier, later } = counted
  if (earlier.length + later.length === 0) return []
  const which = later.length === 0 ? say`${number}` : say`${number} of ${number + later.length}`
  const list = (when: string, attempts: readonly PastAttempt[]) =>
    attempts.length === 0 ? [] : say`${when}: ${sayAttemptList(attempts)}.`
  return [
    joinTexts([say`Attempt ${which} on this candidate.`, list('Earlier', earlier), list('Later', later)]),
  ]
}

/** `run 101 INCONCLUSIVE; run 102.2 did not end`: of many the failed ones and the last, the rest is counted. */
export function sayAttemptList(attempts: readonly PastAttempt[]): Text {
  const ranked = attempts
    .map((attempt, index) => ({ attempt, index }))
    .toSorted((a, b) => rank(b.attempt) - rank(a.attempt) || b.index - a.index)
  const shown = ranked.slice(0, shownAttempts).toSorted((a, b) => a.index - b.index)
  const left = attempts.length - shown.length
  const said = shown.map(({ attempt }) => sayAttempt(attempt))
  return joinTexts(left === 0 ? said : [...said, say`${formatCount(left)} more`], '; ')
}

function rank({ verdict }: PastAttempt): number {
  return verdict === 'fail' ? 1 : 0
}

function sayAttempt(attempt: PastAttempt): Text {
  const { run, tier, planDigest, changed } = attempt
  const smoke = tier === 'smoke' ? ' (smoke)' : ''
  const plan =
    planDigest === null
      ? say`, and what it began with can't be read any more`
      : changed.length === 0
        ? []
        : say` under another plan: ${sayParts(changed)}`
  return say`${nameRun(run)} ${describeOutcome(attempt)}${smoke}${plan}`
}

function sayDoubts(attempts: readonly PastAttempt[]): Text[] {
  const doubted = attempts.filter(({ doubts }) => doubts.length > 0)
  if (doubted.length === 0) return []
  const shown = doubted.slice(-shownAttempts).map(({ run, doubts }) => {
    const why = doubts.slice(0, 2).map((doubt) => say`${verbatim(doubt, longestDoubt)}`)
    return say`${nameRun(run)}: ${joinTexts(why, ', ')}`
  })
  const left = doubted.length - shown.length
  const all = [...shown, ...(left === 0 ? [] : [say`${formatCount(left)} more`])]
  return [say`What can't stand for another run: ${joinTexts(all, '; ')}.`]
}

function sayAmended({ plan }: RecordSummary, lock: RegistrationLock): Text[] {
  if (lock.kind !== 'amended') return []
  const amendments = listAmendments(plan)
  const lead = say`The registration was amended after the first run of ${sayTime(lock.since)}, on the base.`
  // A record that is published again was measured with what was registered then.
  if (amendments.length < lock.amendments) {
    const now = countThings(lock.amendments, 'amendment', 'amendments')
    return [say`${lead} It has ${now} now; this was measured with ${formatCount(amendments.length)}.`]
  }
  return [lead, ...amendments]
}

function sayStanding(record: RecordSummary, { republishedBy }: Kept): Text[] {
  if (republishedBy === null) return []
  return [
    say`Standing verdict of ${nameAttempt(record)}: ${nameRun(republishedBy)} asked nothing, and published it again.`,
  ]
}

/** `run 101 (attempt 2)`: the run that a record is of. */
function nameAttempt(record: RecordSummary): Text {
  const number = countAttempts(record)?.number
  return number === undefined ? nameRun(record.run) : say`${nameRun(record.run)} (attempt ${number})`
}

function sayUnknown({ plan }: RecordSummary, cause: string): Text[] {
  const consequence =
    plan.policy.history === 'optional'
      ? say`The policy says ${verbatim('history: optional')}, so that the verdict stands without it.`
      : say`So nothing passes.`
  return [
    joinTexts([
      say`The attempts on this candidate are not known: ${verbatim(cause, longestSentence)}.`,
      consequence,
    ]),
    say`What could not be checked: whether it was measured before and with which verdict, and whether its registration was there before that.`,
  ]
}
