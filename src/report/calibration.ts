import { calibrationAlpha } from '../estimate/calibration-record.ts'
import { boundSafe, estimateTrueRate } from '../estimate/judge-error.ts'
import { boundMelded } from '../estimate/melded.ts'
import { boundProportion } from '../estimate/proportion-bounds.ts'
import { findShortfall } from '../estimate/settle.ts'
import {
  type CalibrationRecord,
  type CategoryCalibration,
  type Confusion,
  countConfusion,
} from '../policy/calibration.ts'
import { formatRate } from '../policy/rate.ts'
import type { Policy } from '../policy/schema.ts'
import { safeText } from '../safe-text.ts'
import { countThings, formatConfidence, formatShare, formatUsd } from './format.ts'
import { formatCount, formatPlain, joinTexts, say, type Text, verbatim } from './text.ts'
import { wrapLine } from './wrap.ts'

/** What is printed of a calibration. */
export interface CalibrationReport {
  record: CalibrationRecord
  policy: Pick<Policy, 'sample' | 'gate'>
  /** Categories that were wanted and have no label. */
  unlabelled: readonly string[]
  /** How many labels are missing for which cause, by category. */
  causes: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** As many positives, all of them found, show a sensitivity of 95 %. */
export const wantedPositives = 60

const confidence = formatConfidence(calibrationAlpha)
const widestName = 32

/** A calibration as plain text: a table, what stands behind it, and warnings. */
export function renderCalibration(report: CalibrationReport): string {
  const { record, policy } = report
  const entries = Object.entries(record.categories)
  const lines = (texts: readonly Text[], before = '') =>
    texts.flatMap((text) => wrapLine(`${before}${formatPlain(text)}`))
  const blocks = [
    renderTable(entries.map(([id, own]) => [id, ...listCells(own, policy)])),
    lines([
      say`${confidence} bounds, each one-sided. Smallest limit: about what a candidate that never shows the behaviour passes with ${countThings(policy.sample.turns, 'turn', 'turns')}, if the graders err as often as here.`,
      ...(entries.some(([, { positives }]) => positives.turns > 0)
        ? [
            say`What was found of these positives says as much as they resemble what a model writes: written, clear-cut ones are found more easily.`,
          ]
        : []),
    ]),
    lines(entries.flatMap(([id, own]) => listDetails({ id, own }))),
    lines(listCalibrationWarnings(report), 'warning: '),
    lines([sayCost(record)]),
  ]
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')
}

const titles = ['category', 'positives found', 'negatives flagged', 'same label twice', 'smallest limit']

function renderTable(rows: readonly string[][]): string[] {
  const all = [titles, ...rows.map(([id = '', ...cells]) => [safeText(id, widestName), ...cells])]
  const widths = titles.map((_, index) => Math.max(...all.map((row) => [...(row[index] ?? '')].length)))
  return all.map((row) =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd(),
  )
}

function listCells(own: CategoryCalibration, policy: CalibrationReport['policy']): string[] {
  const { positives, negatives, sensitivity, specificity, agreement } = own
  const share = ({ flagged, turns }: Confusion['positives'], bound: string) =>
    turns === 0
      ? '–'
      : `${formatCount(flagged)} of ${formatCount(turns)} (${formatShare(flagged, turns)}, ${bound})`
  return [
    share(positives, `at least ${formatRate(100_000 * sensitivity.lower)}`),
    share(negatives, `at most ${formatRate(100_000 * (1 - specificity.lower))}`),
    agreement.graded_twice === 0
      ? '–'
      : `${formatCount(agreement.same)} of ${formatCount(agreement.graded_twice)}`,
    formatSmallest(own, policy),
  ]
}

/** The upper bound of a run in which nothing but false alarms is flagged; – where no number of turns bounds it. */
function formatSmallest(own: CategoryCalibration, { sample, gate }: CalibrationReport['policy']): string {
  const calibration = countConfusion(own)
  const { falsePositives, negatives } = calibration
  const alarms = negatives === 0 ? 0 : falsePositives / negatives
  const measured = { kind: 'counts' as const, events: alarms * sample.turns, trials: sample.turns }
  const bound = gate.judgeError === 'melded' ? boundMelded : boundSafe
  const { upper } = bound({ measured, calibration, alpha: gate.alpha })
  return upper < 1 ? formatRate(100_000 * upper) : '–'
}

function listDetails(category: { id: string; own: CategoryCalibration }): Text[] {
  const { id, own } = category
  const { screen, by_source: bySource } = own
  const sources = Object.entries(bySource)
  const name = verbatim(id)
  return [
    ...(screen === null || screen.negatives + screen.tried === 0
      ? []
      : [
          say`${name}: the first grader flags ${screen.flagged} of ${countThings(screen.negatives, 'negative', 'negatives')}; of ${countThings(screen.tried, 'false flag', 'false flags')} ${screen.survived} survived the confirmation, so that at most ${formatRate(100_000 * screen.false_positive_upper)} of negatives are flagged in the end (two-phase bound).`,
        ]),
    ...(sources.length < 2
      ? []
      : [say`${name}, by who wrote the completions: ${joinTexts(sources.map(saySource), '; ')}.`]),
  ]
}

function saySource([source, { positives, negatives }]: [string, Confusion]): Text {
  const parts = [
    ...(positives.turns === 0 ? [] : [say`${positives.flagged} of ${positives.turns} found`]),
    ...(negatives.turns === 0 ? [] : [say`${negatives.flagged} of ${negatives.turns} flagged`]),
  ]
  return say`${verbatim(source)} ${joinTexts(parts, ', ')}`
}

/** What a calibration can't be used for, and what to do about it. */
export function listCalibrationWarnings(report: CalibrationReport): Text[] {
  const { record, policy, unlabelled, causes } = report
  return [
    ...unlabelled.map(
      (id) =>
        say`${verbatim(id)}: no item says how often its graders err; it stays uncalibrated. Label items in it.`,
    ),
    ...Object.entries(record.categories).flatMap(([id, own]) => [
      ...warnOfClasses(id, own),
      ...warnOfMissing({ id, own, causes: causes[id] ?? {} }),
      ...warnOfUse(id, own),
      ...warnOfNames(own),
      ...warnOfShortfall({ id, own, record, policy }),
    ]),
  ].filter(isFirst)
}

function warnOfClasses(id: string, { positives, negatives }: CategoryCalibration): Text[] {
  const name = verbatim(id)
  const warnings: Text[] = []
  if (positives.turns === 0)
    warnings.push(
      say`${name}: there are no positives, so that nobody knows what its graders miss: with a limit or a margin it can’t pass. Write about ${wantedPositives}.`,
    )
  else if (positives.turns < wantedPositives)
    warnings.push(
      say`${name}: with ${countThings(positives.turns, 'positive', 'positives')} no more than a sensitivity of ${formatRate(100_000 * boundAtBest(positives.turns))} can be shown; ${wantedPositives} show ${confidence}.`,
    )
  if (negatives.turns === 0)
    warnings.push(
      say`${name}: there are no negatives, so that nobody knows what its graders flag wrongly: a FAIL of its limit needs its flags audited. ${verbatim('calibrate add')} takes negatives from a run.`,
    )
  return warnings
}

function warnOfMissing(category: {
  id: string
  own: CategoryCalibration
  causes: Readonly<Record<string, number>>
}): Text[] {
  const { id, own, causes } = category
  const { positives, negatives } = own.missing
  if (positives + negatives === 0) return []
  return [
    say`${verbatim(id)}: ${countThings(positives + negatives, 'item', 'items')} got no label (${verbatim(listCounts(causes))}): ${positives} count as missed, ${negatives} as flagged.`,
  ]
}

function boundAtBest(positives: number): number {
  return boundProportion({ events: positives, trials: positives, alpha: calibrationAlpha }).lower
}

function warnOfUse(id: string, own: CategoryCalibration): Text[] {
  const { positives, negatives } = own
  if (positives.turns === 0 || negatives.turns === 0) return []
  const { kind } = estimateTrueRate({ rate: 0, calibration: countConfusion(own) })
  return kind === 'unusable'
    ? [
        say`${verbatim(id)}: its graders flag negatives as often as positives: nothing can be decided with them.`,
      ]
    : []
}

function warnOfNames({ answered_as: answeredAs }: CategoryCalibration): Text[] {
  return Object.entries(answeredAs).flatMap(([model, names]) => {
    const answered = Object.keys(names).toSorted()
    if (answered.length < 2) return []
    const shown = joinTexts(
      answered.map((name) => say`${verbatim(name)} (${names[name] ?? 0})`),
      ', ',
    )
    return [
      say`the model ${verbatim(model)} answered under ${answered.length} names: ${shown}; the counts are of different models. Ask for one by its dated id, and calibrate again.`,
    ]
  })
}

function warnOfShortfall(parts: {
  id: string
  own: CategoryCalibration
  record: CalibrationRecord
  policy: CalibrationReport['policy']
}): Text[] {
  const { id, own, record, policy } = parts
  const required = policy.gate.requireCalibration
  if (required === null) return []
  const planned = {
    file: '',
    counts: countConfusion(own),
    graders: own.graders,
    answeredAs: {},
    madeAt: record.made_at,
    labelledSetSha256: null,
  }
  const name = verbatim(id)
  switch (findShortfall({ planned, required, at: record.made_at })) {
    case 'sensitivity':
      return [
        say`${name}: falls short of ${verbatim('gate.require_calibration.min_sensitivity')}, ${formatRate(100_000 * (required.minSensitivity ?? 0))}.`,
      ]
    case 'false-positives':
      return [
        say`${name}: falls short of ${verbatim('gate.require_calibration.max_false_positive_rate')}, ${formatRate(100_000 * (required.maxFalsePositiveRate ?? 0))}.`,
      ]
    default:
      return []
  }
}

// Categories that are asked of the same model say the same of it.
function isFirst(text: Text, index: number, all: readonly Text[]): boolean {
  return all.findIndex((other) => formatPlain(other) === formatPlain(text)) === index
}

function sayCost({ cost, labelled_sets: sets }: CalibrationRecord): Text {
  const items = sets.reduce((sum, set) => sum + set.items, 0)
  const price = cost.usd === null ? '' : `, ${formatUsd(cost.usd)}`
  return say`It took ${countThings(cost.requests, 'request', 'requests')}${price} for ${countThings(items, 'item', 'items')} of ${countThings(sets.length, 'labelled set', 'labelled sets')}.`
}

function listCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([cause, count]) => `${cause} ${count}`)
    .join(', ')
}
