import type { SliceEstimate } from '../estimate/slices.ts'
import { countThings, formatP } from './format.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

/** One category in one slice of the turns. */
export interface SliceRow {
  key: string
  value: string
  category: string
  turns: number
  baselineEvents: number
  candidateEvents: number
  /** Adjusted over all slices. */
  p: string
  concentrated: boolean
}

/** The slices in which the arms differ most, and how many there are beside them. */
export interface SlicesView {
  rows: SliceRow[]
  left: number
}

const shownWarnings = 5

/** Ranks the slices: where an excess is concentrated first, then by the excess. */
export function rankSlices(slices: readonly SliceEstimate[], most: number): SlicesView {
  const ranked = rank(slices)
  const rows = ranked.slice(0, most).map(({ pAdjusted, ...slice }) => ({
    key: slice.key,
    value: slice.value,
    category: slice.category,
    turns: slice.turns,
    baselineEvents: slice.baselineEvents,
    candidateEvents: slice.candidateEvents,
    p: formatP(pAdjusted),
    concentrated: slice.concentrated,
  }))
  return { rows, left: Math.max(0, ranked.length - most) }
}

/** Where an excess is concentrated, in a sentence; `null` where none is. Nobody registered it: it decides nothing. */
export function sayConcentrated(slices: readonly SliceEstimate[]): Text | null {
  const found = rank(slices.filter(({ concentrated }) => concentrated))
  if (found.length === 0) return null
  const shown = found.slice(0, shownWarnings).map(sayExcess)
  const left = found.length - shown.length
  const rest = left === 0 ? [] : say`${formatCount(left)} more`
  return say`Where the excess is concentrated (exploratory, it decides nothing): ${joinTexts([...shown, rest], '; ')}.`
}

/** What to make of a table of slices. */
export function describeSlices(left: number): string {
  const more = left === 0 ? '' : ` ${countThings(left, 'more slice is', 'more slices are')} not shown.`
  return `Where the arms differ most; not registered, so a place to look and not a finding.${more}`
}

/** `p = 1e-5, concentrated`. */
export function describeSliceTest({ p, concentrated }: SliceRow): string {
  return concentrated ? `${p}, concentrated` : p
}

function sayExcess(slice: SliceEstimate): Text {
  const { key, value, category, turns, pAdjusted } = slice
  const where = `in ${countThings(turns, 'turn', 'turns')} (adjusted ${formatP(pAdjusted)})`
  return say`${verbatim(`${key}=${value}`)} of ${verbatim(category)}, ${describeExcess(slice)} ${where}`
}

function describeExcess({ excess, excessOfAll: all }: SliceEstimate): string {
  const events = (count: number) => countThings(count, 'event', 'events')
  if (excess <= all) return `${formatCount(excess)} of ${events(all)} more than the baseline`
  const others = all < 0 ? `${formatCount(-all)} fewer` : `${formatCount(all)} more`
  return `${events(excess)} more than the baseline (${others} in all)`
}

/** What is concentrated by its p, anything else by its excess. */
function rank(slices: readonly SliceEstimate[]): SliceEstimate[] {
  return slices.toSorted(
    (a, b) =>
      Number(b.concentrated) - Number(a.concentrated) ||
      (a.concentrated ? a.pAdjusted - b.pAdjusted : 0) ||
      b.excess - a.excess,
  )
}
