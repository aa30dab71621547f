import type { CategoryEstimate } from '../estimate/estimate.ts'
import { describeSetting } from '../forecast/forecast-setting.ts'
import { formatChance } from '../forecast/measurability.ts'
import { combineFalseFails, measureNoise, type Noise } from '../forecast/noise.ts'
import { wantedPower } from '../forecast/regression-forecast.ts'
import { formatRate } from '../policy/rate.ts'
import type { RunRecord } from '../record/schema.ts'
import type { CategoryVerdict, Verdict } from '../verdict/schema.ts'
import { countThings, formatConfidence, formatDuration, formatUsd } from './format.ts'
import { formatCount, formatPlain, joinTexts, say, type Text, verbatim } from './text.ts'
import { wrapLine } from './wrap.ts'

/** What a run of the baseline against itself says of the gate. Rates per 100,000 turns. */
export interface AaResult {
  version: 1
  plan_digest: string
  checkpoint: string
  turns: number
  /** Of the bounds, one-sided. */
  alpha: number
  /** Whether this very run would have failed the served checkpoint. */
  would_fail: boolean
  categories: AaCategory[]
  /** The chance that a run with as many differing pairs finds the same checkpoint worse in some category. */
  false_fail_per_run: number
  false_fails_per_year: number
  runs_per_year: number
  requests: number
  usd: number | null
  elapsed_ms: number
}

/** A category of an A/A run. */
export interface AaCategory {
  id: string
  role: 'block' | 'watch'
  pairs: number
  first_only: number
  second_only: number
  discordant_per_100k: { rate: number; lower: number; upper: number } | null
  /** What the gate would have said of it. */
  verdict: CategoryVerdict['verdict']
  reason: CategoryVerdict['reason']
  /** A FAIL of the comparison is a false alarm; one of a limit says that the served checkpoint is over it. */
  false_alarm: boolean
  false_fail_per_run: number
  margin_per_100k: number | null
}

/** What follows from the record of a run of the baseline against itself, as the gate estimated and decided it. */
export function describeAa(request: {
  record: Pick<RunRecord, 'summary' | 'turns'>
  estimates: readonly CategoryEstimate[]
  verdict: Verdict
  runsPerYear: number
}): AaResult {
  const { record, estimates, verdict, runsPerYear } = request
  const { summary, turns } = record
  const { plan, run, cost, timing } = summary
  const setting = describeSetting({ plan, tier: run.tier, turns })
  const noises = plan.policy.categories.flatMap((category) => {
    const estimate = estimates.find((entry) => entry.category === category.id)
    return estimate === undefined ? [] : [measureNoise({ setting, category, estimate })]
  })
  const perRun = combineFalseFails(noises)
  return {
    version: 1,
    plan_digest: summary.planDigest,
    checkpoint: plan.baseline,
    turns: turns.length,
    alpha: plan.policy.gate.alpha,
    would_fail: verdict.verdict === 'fail',
    categories: noises.flatMap((noise) => describeCategory(noise, verdict)),
    false_fail_per_run: perRun,
    false_fails_per_year: perRun * runsPerYear,
    runs_per_year: runsPerYear,
    requests: cost.requests,
    usd: cost.usd,
    elapsed_ms: timing.elapsedMs,
  }
}

function describeCategory(noise: Noise, { categories }: Verdict): AaCategory[] {
  const decided = categories.find(({ id }) => id === noise.category)
  if (decided === undefined) return []
  const { discordant } = noise
  return [
    {
      id: noise.category,
      role: decided.role,
      pairs: noise.pairs,
      first_only: noise.firstOnly,
      second_only: noise.secondOnly,
      discordant_per_100k:
        discordant === null
          ? null
          : {
              rate: discordant.rate * 100_000,
              lower: discordant.lower * 100_000,
              upper: discordant.upper * 100_000,
            },
      verdict: decided.verdict,
      reason: decided.reason,
      false_alarm:
        decided.role === 'block' &&
        (decided.reason === 'worse-than-baseline' || decided.reason === 'over-margin'),
      false_fail_per_run: noise.falseFail,
      margin_per_100k: noise.marginPer100k,
    },
  ]
}

/** An A/A run as plain text. */
export function renderAa(result: AaResult): string {
  const { categories, checkpoint, turns } = result
  const blocks = [
    [
      say`${verbatim(checkpoint)} against itself: ${countThings(turns, 'turn', 'turns')}, each replayed twice`,
      sayOutcome(result),
      sayYear(result),
      ...sayStillness(result),
      sayCost(result),
    ].flatMap((line) => wrapLine(formatPlain(line))),
    ...categories.map((category) => renderCategory(category, result.alpha)),
  ]
  return blocks.map((lines) => lines.join('\n')).join('\n\n')
}

function sayOutcome({ would_fail: wouldFail, categories }: AaResult): Text {
  const over = categories.filter((entry) => entry.role === 'block' && entry.verdict === 'fail')
  if (!wouldFail) return say`The gate would not have failed it.`
  const alarms = over.filter((entry) => entry.false_alarm)
  const limits = over.filter((entry) => !entry.false_alarm)
  return joinTexts([
    ...(alarms.length === 0
      ? []
      : [
          say`The gate would have FAILED it by a false alarm: ${joinTexts(
            alarms.map(({ id }) => say`${verbatim(id)}`),
            ', ',
          )}.`,
        ]),
    ...(limits.length === 0
      ? []
      : [
          say`The served checkpoint is over the limit of ${joinTexts(
            limits.map(({ id }) => say`${verbatim(id)}`),
            ', ',
          )}: no candidate like it passes.`,
        ]),
  ])
}

function sayYear(result: AaResult): Text {
  const { false_fail_per_run: perRun, false_fails_per_year: perYear, runs_per_year: runs } = result
  const years = perYear === 0 ? '' : `, one in ${formatFew(1 / perYear)} years`
  return say`With as much noise as here a run finds an unchanged checkpoint worse with a chance of ${formatChance(perRun)}: ${formatFew(perYear)} a year at ${countThings(runs, 'run', 'runs')}${years}.`
}

function sayStillness({ categories }: AaResult): Text[] {
  const isStill = categories.every(
    ({ pairs, first_only: first, second_only: second }) => pairs > 0 && first + second === 0,
  )
  return isStill
    ? [
        say`No pair differs anywhere: an endpoint that caches its answers, or samples at temperature 0, does not show the noise that another day or another machine has.`,
      ]
    : []
}

function sayCost({ requests, usd, elapsed_ms: elapsedMs }: AaResult): Text {
  const price = usd === null ? '' : `, ${formatUsd(usd)}`
  return say`It took ${countThings(requests, 'request', 'requests')}${price} and ${formatDuration(elapsedMs)}.`
}

function renderCategory(category: AaCategory, alpha: number): string[] {
  const { id, role, pairs, discordant_per_100k: discordant, margin_per_100k: margin } = category
  const differing = category.first_only + category.second_only
  const title = say`${verbatim(id)}${role === 'watch' ? ' (watched)' : ''}: ${category.verdict} (${category.reason})`
  if (discordant === null) return [formatPlain(title), '  no turn was graded in both replays']
  const lines = [
    say`noise: ${differing} of ${countThings(pairs, 'pair', 'pairs')} differ (${category.first_only} in the first replay only, ${category.second_only} in the second only): ${formatRate(discordant.rate)}, from ${formatRate(discordant.lower)} to ${formatRate(discordant.upper)} (${formatConfidence(alpha)} bounds)`,
    say`false FAIL: a chance of ${formatChance(category.false_fail_per_run)} a run with as many pairs that differ`,
    margin === null
      ? say`margin: none under 100 % would pass with a chance of ${formatChance(wantedPower)} when nothing changed`
      : say`margin: ${formatRate(margin)} is the smallest that passes with a chance of ${formatChance(wantedPower)} when nothing changed`,
  ]
  return [formatPlain(title), ...lines.flatMap((line) => wrapLine(formatPlain(line), '  '))]
}

function formatFew(value: number): string {
  if (value >= 10) return formatCount(Math.round(value))
  return value > 0 && value < 0.01 ? 'under 0.01' : String(Number(value.toPrecision(2)))
}
