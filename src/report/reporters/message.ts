import { formatPlace, type GateError } from '../../errors.ts'
import { formatPlain, joinTexts, say, type Text, verbatim } from '../text.ts'
import { commentMarker } from './comment.ts'
import { renderList, renderText } from './markdown.ts'
import { renderBold } from './sections.ts'

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
  const headline = say`UNCHANGED: the checkpoint is still ${verbatim(checkpoint)}, so that there is nothing to compare.`
  const installed = say`This pull request installs the gate: its policy is valid, and decides from the merge on.`
  return createMessage(headline, installs ? [installed] : [])
}

/** A run that ended without a verdict: what is wrong, where, and what to do about it. */
export function renderNoVerdict(error: GateError, remedies: readonly string[] = []): Message {
  const place = error.where === undefined ? [] : [say`Where: ${verbatim(formatPlace(error.where))}`]
  const lines = [...error.remedy.split(/\r?\n/), ...remedies].filter((line) => line.trim() !== '')
  const steps = lines.map((line) => say`What to do: ${verbatim(line)}`)
  return createMessage(say`NO VERDICT: ${verbatim(error.message)}`, [...place, ...steps])
}

function createMessage(headline: Text, lines: readonly Text[]): Message {
  const body = `${renderBold(renderText(headline))}\n${lines.length === 0 ? '' : `\n${renderList(lines, longestLines)}\n`}`
  return {
    headline: formatPlain(joinTexts([headline])),
    comment: `${commentMarker}\n\n${body}`,
    summary: `## Checkpoint Gate\n\n${body}`,
  }
}
