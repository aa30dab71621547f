import type { CategoryEstimate } from '../estimate/estimate.ts'
import type { RecordSummary } from '../record/schema.ts'
import { countAsked, type DecidedCategory, isByPoints } from './decided-category.ts'
import { countThings } from './format.ts'
import { countMissing, describePart, findTipping, were } from './missing.ts'
import { phraseReason } from './reason.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

/** What a PASS shows, of how much, how far it hangs on what is missing, and what is watched. */
export function sayPass(record: RecordSummary, categories: readonly DecidedCategory[]): Text {
  const blocking = categories.filter(({ verdict }) => verdict.role === 'block')
  const watched = categories.filter(({ verdict }) => verdict.role === 'watch' && verdict.verdict === 'fail')
  const which = watched.length === 0 ? 'no category is' : 'no blocking category is'
  const how = isByPoints(record) ? 'by point estimates, without error control, ' : ''
  const scope = `${countThings(blocking.length, 'category', 'categories')}, ${describeTurns(record, blocking)}`
  return joinTexts([
    say`${how}${which} ${describeTests(blocking)} (${scope}).`,
    sayTipping(blocking),
    sayWatched(watched),
  ])
}

/** What was tested, and of how many where it wasn't tested of all. */
function describeTests(blocking: readonly DecidedCategory[]): string {
  const compared = blocking.filter(({ category }) => category.regression)
  const others = [
    ...(blocking.some(({ category }) => category.limitPer100k !== null) ? ['over its limit'] : []),
    ...(blocking.some(({ category }) => category.marginPer100k !== null)
      ? ['higher than the baseline by more than its margin']
      : []),
  ]
  const worse = 'worse than the baseline'
  if (compared.length === blocking.length) return joinByOr([worse, ...others])
  if (compared.length === 0) return joinByOr(others)
  const counted =
    compared.length === 1 ? 'the one compared with it' : `the ${compared.length} compared with it`
  return `${joinByOr(others)}, none of ${counted} ${worse}`
}

function joinByOr(words: readonly string[]): string {
  return words.join(', ').replace(/, (?=[^,]*$)/, ' or ')
}

function describeTurns({ sample, stopped }: RecordSummary, blocking: readonly DecidedCategory[]): string {
  const turns = countThings(sample.turnsDrawn, 'turn', 'turns')
  if (stopped !== 'decided') return turns
  return `decided after ${formatCount(countAskedOf(blocking.map(({ estimate }) => estimate)))} of ${turns}`
}

/** How many turns were asked in both arms, whatever the category. */
export function countAskedOf(estimates: readonly CategoryEstimate[]): number {
  return estimates.reduce((most, estimate) => Math.max(most, countAsked(estimate)), 0)
}

/** The tipping point that is the least part of what is missing. */
function sayTipping(blocking: readonly DecidedCategory[]): Text {
  const lacking = blocking.filter(({ estimate }) => countMissing(estimate.candidate) > 0)
  if (lacking.length === 0) return []
  const found = lacking.map((decided) => ({
    tipping: findTipping(decided),
    id: decided.verdict.id,
    lost: countMissing(decided.estimate.candidate),
  }))
  const points = found.flatMap(({ tipping, id, lost }) =>
    tipping.kind === 'at' ? [{ turns: tipping.turns, id, lost }] : [],
  )
  const [first] = points.toSorted((a, b) => a.turns - b.turns || a.lost - b.lost)
  if (first !== undefined) {
    const missing = countThings(first.lost, 'turn', 'turns')
    return say`It holds unless ${describePart(first.turns, first.lost)} ${missing} missing in ${verbatim(first.id)} ${were(first.lost)} present.`
  }
  if (found.some(({ tipping }) => tipping.kind === 'unknown')) return []
  const most = found.reduce((sum, { lost }) => Math.max(sum, lost), 0)
  const missing = most === 1 ? 'the 1 missing turn was' : `all of the ${formatCount(most)} missing turns were`
  return say`It holds even if ${missing} present.`
}

function sayWatched(watched: readonly DecidedCategory[]): Text {
  const [first] = watched
  if (first === undefined) return []
  const pending = first.verdict.audit === 'pending' ? ' (audit pending)' : ''
  const others = watched.length > 1 ? ` and ${formatCount(watched.length - 1)} more` : ''
  return say`Watched, not blocking: ${verbatim(first.verdict.id)} is ${phraseReason(first)}${pending}${others}.`
}
