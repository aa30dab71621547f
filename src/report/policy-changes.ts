import type { PolicyChange } from '../policy/change.ts'
import type { RecordSummary } from '../record/schema.ts'
import { countThings } from './format.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

const shownChanges = 10

/** What has a name of its own; anything else is a key `of` a category. */
const named: ReadonlySet<string> = new Set([
  'policy',
  'category',
  'rubric',
  'calibration',
  'controls',
  'corpus manifest',
])

/** The banner of a policy that the change under test changes, then its changes; nothing where it does not. */
export function listPolicyChanges({ commits, run }: RecordSummary): Text[] {
  if (commits.policyChanges.length === 0) return []
  const applied = commits.policyChanges.filter((change) => change.applied).length
  const rest =
    applied === 0
      ? 'What changes applies after the merge.'
      : `Of what changes, ${countThings(applied, 'tighter limit or margin applies', 'tighter limits and margins apply')} at once, the rest after the merge.`
  const lead = say`Policy changed in ${nameChange(run.event)}; the base's policy decided. ${rest}`
  return [lead, ...sayChanges(commits.policyChanges)]
}

/** The same where nothing was measured, so that no policy has decided. */
export function listUnjudgedChanges(changes: readonly PolicyChange[]): Text[] {
  if (changes.length === 0) return []
  return [say`Policy changed here: it applies after the merge.`, ...sayChanges(changes)]
}

/** `this pull request`, or what else was judged. */
export function nameChange(event: string): string {
  return event === 'pull_request' ? 'this pull request' : 'this change'
}

function sayChanges(changes: readonly PolicyChange[]): Text[] {
  const shown = changes.slice(0, shownChanges).map(sayChange)
  const left = changes.length - shown.length
  return left === 0 ? shown : [...shown, say`… and ${formatCount(left)} more.`]
}

/** `limit of unsafe-compliance: 0.4 % → 4 % (looser)`. */
export function sayChange(change: PolicyChange): Text {
  const { effect, applied } = change
  const known = effect === 'other' ? '' : applied ? ` (${effect}, applies at once)` : ` (${effect})`
  return joinTexts([sayWhat(change), say`${known}`], '')
}

function sayWhat(change: PolicyChange): Text {
  const { kind, what, of, from, to } = change
  const subject = sayNamed(what, of)
  switch (kind) {
    case 'changed':
      return say`${subject}: ${sayValue(from)} → ${sayValue(to)}`
    case 'added':
    case 'removed':
      return say`${subject} ${kind}`
    case 'rewritten':
      return named.has(what) ? say`${subject}: text changed` : say`${subject} changed`
    case 'unreadable':
      return say`${subject} can't be read: ${verbatim(to ?? '')}`
  }
}

function sayNamed(what: string, of: string | null): Text {
  if (of === null) return say`${verbatim(what)}`
  return named.has(what) ? say`${what} ${verbatim(of)}` : say`${what} of ${verbatim(of)}`
}

function sayValue(value: string | null): Text {
  return value === null ? say`none` : say`${verbatim(value)}`
}
