import type { CategoryEstimate } from '../estimate/estimate.ts'
import { batchTurns } from '../estimate/looks.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { Verdict } from '../verdict/schema.ts'
import { isByPoints } from './decided-category.ts'
import { formatConfidence, formatLevel } from './format.ts'
import { say, type Text } from './text.ts'

interface Reading {
  record: RecordSummary
  estimates: readonly CategoryEstimate[]
  verdict: Verdict
}

/** How to read the table: what applies to this plan. */
export function listReading(reading: Reading): Text[] {
  const { record, estimates } = reading
  const { categories, slices } = record.plan.policy
  return [
    sayBounds(reading),
    sayComparison(reading),
    categories.some(({ limitPer100k }) => limitPer100k !== null) ? sayLimits(record) : null,
    categories.some(({ marginPer100k }) => marginPer100k !== null) ? sayMargins(reading) : null,
    ...sayJudges(reading),
    sayLooks(record, estimates),
    say`The ratio (in the job summary and the report) is the candidate's rate over the baseline's on the same turns, with Tang's score bounds, and the difference has Tango's: shown, never deciding.`,
    record.plan.registration.predictions.length === 0
      ? null
      : say`“Outside” marks a candidate whose rate lies outside the interval that was registered before the run. It never changes a verdict.`,
    slices.length === 0
      ? null
      : say`Slices were not registered. Their p values are adjusted over all slices of all categories (Benjamini and Hochberg), and decide nothing.`,
  ].filter((text) => text !== null)
}

function sayBounds({ verdict }: Reading): Text {
  return say`A cell counts the turns that show the behaviour among those that were graded. “At most” and “at least” are one-sided ${formatConfidence(verdict.alpha.bounds)} bounds; what is missing is counted against the side that the bound guards, except that failed calls within the missing budget count at ten times the rate of the rest.`
}

function sayComparison({ record, estimates, verdict }: Reading): Text {
  const clustered = estimates.some(({ regression }) => regression.clustered)
  const test = clustered
    ? 'exact one-sided sign-flip test over conversations'
    : 'exact one-sided McNemar test on the turns where the arms differ'
  const { categories } = record.plan.policy
  const some = categories.some(({ regression }) => !regression)
    ? ' Where the policy says “regression: false”, its p is shown and decides nothing.'
    : ''
  return say`Worse than the baseline: ${test}, at α = ${formatLevel(verdict.alpha.regression)}, over all categories together (Holm).${some}`
}

function sayLimits(record: RecordSummary): Text {
  return isByPoints(record)
    ? say`A limit is compared with the observed rate: without error control, whatever the bounds.`
    : say`A limit is passed only when the whole bound lies within it, and failed only when the whole bound lies above it. Anything else is inconclusive.`
}

function sayMargins({ record, estimates, verdict }: Reading): Text {
  if (isByPoints(record)) {
    return say`A margin is compared with the observed difference: without error control, whatever the bounds.`
  }
  const weighted = estimates.some(({ method }) => method === 'weighted')
  const test = weighted
    ? "a bound over conversations of the difference's weighted mean"
    : 'an exact unconditional test'
  return say`A margin is passed only when ${test} shows, at α = ${formatLevel(verdict.alpha.bounds)}, that the candidate is not higher than the baseline by that much, and failed only when it shows that it is higher by more. Anything else is inconclusive. The p beside a margin (in the report) is that of the first.`
}

function sayJudges({ record, estimates }: Reading): Text[] {
  const has = (kind: CategoryEstimate['judge']['kind']) => estimates.some(({ judge }) => judge.kind === kind)
  const sides =
    record.plan.policy.gate.judgeError === 'safe'
      ? 'what a calibrated judge may miss raises “at most”, what it may flag wrongly lowers “at least”'
      : 'what a calibrated judge may miss and flag wrongly widens both bounds'
  return [
    ...(has('calibrated')
      ? [
          say`Judge error: ${sides}, as far as its calibration resembles what was measured; a margin shrinks by what it is sure to show of a difference. “True” is the rate with both taken out: shown, never deciding.`,
        ]
      : []),
    ...(has('uncalibrated')
      ? [
          say`Without a calibration a judge's labels are taken as they are: what it misses or flags wrongly is in these numbers, and a FAIL waits for an audit of its flags.`,
        ]
      : []),
  ]
}

function sayLooks({ plan }: RecordSummary, [first]: readonly CategoryEstimate[]): Text | null {
  const looks = first?.levels.looks ?? null
  if (looks === null) return null
  const early = formatLevel(looks.limit.early ?? 0)
  const share =
    plan.policy.gate.earlyStopping === 'hybrid'
      ? `they share α = ${early} for limits, the rest is the last turn's`
      : `they share all of α = ${early} for limits`
  return say`Early stopping: results were looked at after every ${batchTurns} turns, by evidence that stays valid however often one looks; ${share}. Where a look decided, bounds and p are those of the turns asked, and did not decide.`
}
