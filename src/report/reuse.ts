import type { Reused } from '../record/reused.ts'
import type { RecordSummary } from '../record/schema.ts'
import { nameRun } from './attempts.ts'
import { countThings, formatP } from './format.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

const shownRuns = 3
const longestNote = 300
const dayMs = 24 * 60 * 60_000

/** What of the baseline this run did not ask for itself, how old it is, and why what was kept was not reused. */
export function sayReused(record: RecordSummary): Text[] {
  const { reused } = record.arms.baseline
  if (reused === undefined) return []
  const notes = reused.notes.map((note) => say`${verbatim(note, longestNote)}`)
  return [
    ...(reused.units === 0 ? [] : [sayUnits(record, reused)]),
    ...(notes.length === 0
      ? []
      : [say`What an earlier run kept of the baseline was not reused: ${joinTexts(notes, '; ')}.`]),
  ]
}

function sayUnits(record: RecordSummary, reused: Reused): Text {
  const { signals } = record.arms.baseline
  const answers = countThings(signals.completions, 'answer', 'answers')
  const lead = say`Baseline: ${formatCount(reused.units)} of ${answers} reused from ${sayRuns(reused)} (${sayAge(record, reused)})`
  const { check } = reused
  if (check === null) return say`${lead}.`
  const turns = countThings(check.turns, 'turn', 'turns')
  return say`${lead}. Before that ${turns} were asked anew and fit; they differ most in ${verbatim(check.what)}, ${formatP(check.p)}.`
}

function sayRuns({ runs }: Reused): Text {
  const shown = runs.slice(0, shownRuns).map((run) => (run.id === null ? say`an earlier run` : nameRun(run)))
  const left = runs.length - shown.length
  return joinTexts(left === 0 ? shown : [...shown, say`${formatCount(left)} more`], ', ')
}

/** `3 days old`, `3 to 6 days old`: when the run began, in whole days. */
function sayAge({ timing }: RecordSummary, { oldest, newest }: Reused): string {
  const start = Date.parse(timing.startedAt)
  const [least = Number.NaN, most = Number.NaN] = [newest, oldest].map((at) =>
    Math.max(0, Math.floor((start - Date.parse(at ?? '')) / dayMs)),
  )
  if (Number.isNaN(least) || Number.isNaN(most)) return 'nobody knows how old'
  if (most === 0) return 'less than a day old'
  return least === most
    ? `${countThings(most, 'day', 'days')} old`
    : `${formatCount(least)} to ${countThings(most, 'day', 'days')} old`
}
