import { nameRun as joinRun, type PastAttempt } from '../record/history.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { Verdict } from '../verdict/schema.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

/** A run of a workflow, as attempts name it; without a number where it was none. */
export type RunName = Pick<RecordSummary['run'], 'id' | 'attempt'>

/** One line of the table of attempts. */
export interface AttemptRow {
  run: Text
  began: Text
  tier: string
  verdict: string
  /** The first digits of the plan's digest. */
  plan: Text
  /** In which parts its plan differs from the one at hand. */
  changed: Text
}

const shownParts = 3
const longestPart = 60

/** `run 101`, or `run 102.2` for a run's second attempt. Numbers are our own words, anything else is not. */
export function nameRun({ id, attempt }: RunName): Text {
  if (id === null) return say`this run`
  const name = joinRun({ id, attempt })
  return say`run ${/^\d{1,20}(?:\.\d+)?$/.test(name) ? name : verbatim(name)}`
}

/** `2026-11-24 15:43 UTC` of a time in ISO 8601; anything else as it is. */
export function sayTime(at: string): Text {
  const [, day, time] = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?Z$/.exec(at) ?? []
  return [verbatim(day === undefined || time === undefined ? at : `${day} ${time} UTC`)]
}

/** `the registration and the rubric r.md`: parts of a plan, of which the first few are named. */
export function sayParts(names: readonly string[], shown = shownParts): Text {
  const named = names.slice(0, shown).map(sayPart)
  const left = names.length - named.length
  const all = left === 0 ? named : [...named, say`${formatCount(left)} more`]
  const last = all.at(-1) ?? []
  return all.length < 2 ? last : say`${joinTexts(all.slice(0, -1), ', ')} and ${last}`
}

// Names of rubrics and categories are not ours.
function sayPart(name: string): Text {
  if (/^[a-z ]{1,80}$/.test(name)) return [name]
  const [, kind, which] = /^(the rubric|the calibration of) (.*)$/s.exec(name) ?? []
  return kind === undefined || which === undefined
    ? [verbatim(name, longestPart)]
    : say`${kind} ${verbatim(which, longestPart)}`
}

/** Which of the attempts on its candidate a record is of; `null` where nobody has counted them. */
export function countAttempts({ history }: RecordSummary): {
  number: number
  earlier: readonly PastAttempt[]
  later: readonly PastAttempt[]
} | null {
  if (history.kind !== 'kept') return null
  const { number, attempts } = history
  // Only a record that is published again can have attempts after it.
  return { number, earlier: attempts.slice(0, number - 1), later: attempts.slice(number - 1) }
}

/** All attempts in their order, this one among them; nothing where there was no other. */
export function listAttempts(record: RecordSummary, verdict: Verdict): AttemptRow[] {
  const counted = countAttempts(record)
  if (counted === null || counted.earlier.length + counted.later.length === 0) return []
  const { run, timing, planDigest, history } = record
  const republishedBy = history.kind === 'kept' ? history.republishedBy : null
  const own: AttemptRow = {
    run: say`${nameRun(run)}, this one`,
    began: sayTime(timing.startedAt),
    tier: run.tier,
    verdict: verdict.verdict.toUpperCase(),
    plan: sayDigest(planDigest),
    changed: sayParts(republishedBy?.changed ?? []),
  }
  return [...counted.earlier.map(describeAttempt), own, ...counted.later.map(describeAttempt)]
}

function describeAttempt(attempt: PastAttempt): AttemptRow {
  const { run, startedAt, tier, planDigest, changed } = attempt
  return {
    run: nameRun(run),
    began: sayTime(startedAt),
    tier: tier ?? 'not known',
    verdict: describeOutcome(attempt),
    plan: planDigest === null ? say`not known` : sayDigest(planDigest),
    changed: sayParts(changed),
  }
}

/** `INCONCLUSIVE, not complete`; of an attempt without a verdict how far it came. */
export function describeOutcome({ verdict, ended, complete }: PastAttempt): string {
  if (verdict !== null) return `${verdict.toUpperCase()}${complete ? '' : ', not complete'}`
  return ended ? 'left no verdict' : 'did not end'
}

function sayDigest(digest: string): Text {
  return [verbatim(digest.slice(0, 12))]
}
