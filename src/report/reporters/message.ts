import { formatPlace, type GateError } from '../../errors.ts'
import type { Refusal } from '../../history/settle.ts'
import type { PolicyChange } from '../../policy/change.ts'
import type { PastAttempt } from '../../record/history.ts'
import { sayAttemptList } from '../history.ts'
import { listUnjudgedChanges, nameChange } from '../policy-changes.ts'
import { listRefusalSteps, sayRefusal } from '../refusal.ts'
import { formatCount, formatPlain, joinTexts, say, type Text, verbatim } from '../text.ts'
import { commentMarker } from './comment.ts'
import { renderList } from './markdown.ts'
import { renderHeadline } from './sections.ts'

/** A run that ended without a table, for every place where one is told of. */
export interface Message {
  /** One line of plain text, inert. */
  headline: string
  /** What follows it, a line of plain text each, inert. */
  details: string[]
  comment: string
  summary: string
}

const longestLines = 20_000
const shownFiles = 5

/** A run on a checkpoint that is the baseline's: nothing was measured, and the check is green. */
export function renderUnchanged(unchanged: {
  checkpoint: string
  /** The base has no policy yet: the pull request brings it. */
  installs: boolean
  policyChanges: readonly PolicyChange[]
  /** Which files that say how the gate is run the change edits; absent where nobody looked. */
  workflow?: { kind: 'known'; files: readonly string[] } | { kind: 'unknown'; cause: string }
}): Message {
  const { checkpoint, installs, policyChanges, workflow } = unchanged
  const finding = say`the checkpoint is still ${verbatim(checkpoint)}, so that there is nothing to compare.`
  const installed = say`This pull request installs the gate: its policy is valid, and decides from the merge on.`
  // Whoever brings the gate brings its workflow.
  const lines = installs ? [installed] : [...sayWorkflow(workflow), ...listUnjudgedChanges(policyChanges)]
  return createMessage({ word: 'UNCHANGED', finding, lines })
}

function sayWorkflow(workflow: Parameters<typeof renderUnchanged>[0]['workflow']): Text[] {
  if (workflow === undefined) return []
  if (workflow.kind === 'unknown') {
    return [say`Whether it edits a workflow could not be told: ${verbatim(workflow.cause)}`]
  }
  if (workflow.files.length === 0) return []
  return [
    say`It edits ${listFiles(workflow.files)}. Review that like the policy: it says how the gate is run.`,
  ]
}

/** A run that its own change could have bent: nothing was measured, and the check is red. */
export function renderInvalid(invalid: {
  reason: string
  event: string
  files: readonly string[]
  policyChanges: readonly PolicyChange[]
}): Message {
  const { reason, event, files, policyChanges } = invalid
  const change = nameChange(event)
  const split = event === 'pull_request' ? 'Split the pull request' : 'Split the change'
  const finding = say`${change} edits ${listFiles(files)} together with the checkpoint, so that its own run can't be trusted (${verbatim(reason)}). ${split}: first the workflow by itself, then the checkpoint.`
  return createMessage({ word: 'INVALID', finding, lines: listUnjudgedChanges(policyChanges) })
}

/** A run that was refused for its registration, or for what was before it: nothing was measured, and the check is red. */
export function renderRefused(refused: {
  refusal: Refusal
  candidate: string
  registration: { file: string }
  /** The earliest first. */
  attempts: readonly PastAttempt[]
  policyChanges: readonly PolicyChange[]
}): Message {
  const { refusal, candidate, registration, attempts, policyChanges } = refused
  const what = { refusal, candidate, file: registration.file }
  const before = attempts.length === 0 ? [] : [say`Attempts so far: ${sayAttemptList(attempts)}.`]
  return createMessage({
    // A FAIL of before stays one, also where its record can't be shown.
    word: refusal.reason === 'failed-before' ? 'FAIL' : 'INVALID',
    finding: sayRefusal(what),
    lines: [...listRefusalSteps(what), ...before, ...listUnjudgedChanges(policyChanges)],
  })
}

function listFiles(files: readonly string[]): Text {
  const shown = files.slice(0, shownFiles).map((file) => say`${verbatim(file)}`)
  const left = files.length - shown.length
  return joinTexts([...shown, left === 0 ? [] : say`${formatCount(left)} more`], ', ')
}

/** A run that ended without a verdict: what is wrong, where, and what to do about it. */
export function renderNoVerdict(error: GateError, remedies: readonly string[] = []): Message {
  const place = error.where === undefined ? [] : [say`Where: ${verbatim(formatPlace(error.where))}`]
  const lines = [...error.remedy.split(/\r?\n/), ...remedies].filter((line) => line.trim() !== '')
  const steps = lines.map((line) => say`What to do: ${verbatim(line)}`)
  return createMessage({
    word: 'NO VERDICT',
    finding: say`${verbatim(error.message)}`,
    lines: [...place, ...steps],
  })
}

function createMessage(message: { word: string; finding: Text; lines: readonly Text[] }): Message {
  const { word, finding, lines } = message
  const body = `${renderHeadline({ word: [word], finding })}\n${lines.length === 0 ? '' : `\n${renderList(lines, longestLines)}\n`}`
  return {
    headline: `${word}: ${formatPlain(finding)}`,
    details: lines.map(formatPlain),
    comment: `${commentMarker}\n\n${body}`,
    summary: `## Checkpoint Gate\n\n${body}`,
  }
}
