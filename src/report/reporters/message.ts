import { formatPlace, type GateError } from '../../errors.ts'
import { formatPlain, say, type Text, verbatim } from '../text.ts'
import { commentMarker } from './comment.ts'
import { renderList } from './markdown.ts'
import { renderHeadline } from './sections.ts'

/** A run that ended without a table, for every place where one is told of. */
export interface Message {
  /** One line of plain text, inert. */
  headline: string
  comment: string
  summary: string
}

const longestLines = 20_000

/** A run on a checkpoint that is the baseline's: nothing was measured, and the check is green. */
export function renderUnchanged(unchanged: {
  checkpoint: string
  /** The base has no policy yet: the pull request brings it. */
  installs: boolean
}): Message {
  const { checkpoint, installs } = unchanged
  const finding = say`the checkpoint is still ${verbatim(checkpoint)}, so that there is nothing to compare.`
  const installed = say`This pull request installs the gate: its policy is valid, and decides from the merge on.`
  return createMessage({ word: 'UNCHANGED', finding, lines: installs ? [installed] : [] })
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
  const body = `${renderHeadline({ word, finding })}\n${lines.length === 0 ? '' : `\n${renderList(lines, longestLines)}\n`}`
  return {
    headline: `${word}: ${formatPlain(finding)}`,
    comment: `${commentMarker}\n\n${body}`,
    summary: `## Checkpoint Gate\n\n${body}`,
  }
}
