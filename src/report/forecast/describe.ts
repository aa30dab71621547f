import { formatChance } from '../../forecast/measurability.ts'
import { wantedPower } from '../../forecast/regression-forecast.ts'
import { countThings, formatAbout, formatConfidence, formatDuration, formatUsd } from '../format.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from '../text.ts'
import type { CostForecast } from './cost.ts'
import { type CategoryText, describeCategoryForecast, formatChances } from './describe-category.ts'
import type { GradingForecast } from './grading-forecast.ts'
import type { PlanForecast } from './plan-forecast.ts'
import { describeSteps, type StepForecast } from './tool-steps.ts'

/** A forecast in words, for every place where it is shown. */
export interface ForecastText {
  /** One line of what matters most. */
  finding: Text
  comparison: Text
  sample: Text[]
  overall: Text[]
  categories: CategoryText[]
  cost: Text[]
  assumptions: Text[]
}

/** How many categories can hardly pass. */
export function countProblems({ categories }: Pick<PlanForecast, 'categories'>): number {
  return categories.filter(({ problems }) => problems.length > 0).length
}

/** Puts a forecast into words. */
export function describeForecast(forecast: PlanForecast): ForecastText {
  const { candidate, baseline, plan_digest: digest } = forecast
  return {
    finding: sayFinding(forecast),
    comparison: say`Plan ${verbatim(digest.slice(0, 12))}: ${verbatim(candidate)} against ${verbatim(baseline)}`,
    sample: describeSample(forecast),
    overall: describeOverall(forecast),
    categories: forecast.categories.map((category) => describeCategoryForecast(category, forecast)),
    cost: describeCost(forecast.cost),
    assumptions: forecast.cost.assumptions.map((assumption) => say`${assumption}`),
  }
}

function sayFinding(forecast: PlanForecast): Text {
  const problems = forecast.categories.flatMap(({ id, problems: [problem] }) =>
    problem === undefined ? [] : [say`${verbatim(id)} is ${problem.message}`],
  )
  const [first] = problems
  if (first !== undefined) {
    const more =
      problems.length === 1
        ? ''
        : ` (and ${countThings(problems.length - 1, 'more category', 'more categories')})`
    return say`${first}${more}.`
  }
  const { chances } = forecast.overall
  const turns = countThings(forecast.turns_drawn, 'turn', 'turns')
  if (forecast.tier === 'smoke') return say`${turns} of a smoke run, which can fail and never passes.`
  return chances === null
    ? say`every limit can be measured with ${turns}.`
    : say`${turns} pass with a chance of ${formatChance(chances.pass)} at the predictions.`
}

function describeSample(forecast: PlanForecast): Text[] {
  const { turns_drawn: drawn, turns_asked: asked, conversations, design_effect: effect } = forecast
  const fewer = forecast.tier === 'release' && drawn < asked ? `, ${formatCount(asked)} were asked for` : ''
  const worth = `${formatCount(Math.floor(forecast.effective_turns))} turns of equal weight`
  const clusters = Math.floor(forecast.effective_conversations)
  return [
    say`${countThings(drawn, 'turn', 'turns')} of ${countThings(conversations, 'conversation', 'conversations')}${fewer}`,
    // The exact method takes weights that differ this little for equal.
    ...(effect > 1.01 ? [say`the weights differ: they are worth ${worth}`] : []),
    ...(clusters < Math.floor(forecast.effective_turns)
      ? [
          say`conversations give several turns: where those go together, they are worth as little as ${clusters}; events are taken as spread over them`,
        ]
      : []),
    describeRule(forecast),
    describeRates(forecast),
  ]
}

function describeRule({ rule, round }: PlanForecast): Text {
  const looks = rule.early_stopping_off
  const ending =
    looks === null ? 'the results may end the run early' : `the results don't end the run early: ${looks}`
  const tests = `${countThings(rule.tests, 'test', 'tests')} can fail it`
  const fresh = round === 1 ? '' : `round ${round}, with the smaller levels of a fresh sample; `
  if (rule.decided_by === 'point-estimate') {
    return say`observed rates decide, without any error control; ${tests}; ${ending}`
  }
  return say`${fresh}${formatConfidence(rule.alpha)} bounds, "worse" at ${formatShareOf(rule.regression_alpha)}; ${tests}; ${ending}`
}

function describeRates({ rates_from: from }: PlanForecast): Text {
  if (from === null) {
    return say`rates as registered; the baseline is taken to have the same, independently of the candidate (${verbatim('plan --from RUN_DIR')} takes an earlier run's)`
  }
  return say`the candidate's rates as registered, the baseline's and how often two runs differ from ${verbatim(from.run)} (${countThings(from.turns, 'turn', 'turns')})`
}

function describeOverall({ overall, false_fails: alarms, rule }: PlanForecast): Text[] {
  const lines: Text[] = []
  if (overall.chances !== null) {
    const runs = overall.simulated_runs ?? 0
    lines.push(
      say`verdict, at the predictions: ${formatChances(overall.chances)} (${formatCount(runs)} simulated runs)`,
    )
  }
  if (overall.turns_to_pass !== null) {
    lines.push(
      say`limits and margins of all blocking categories are passed together with a chance of ${formatChance(wantedPower)} from ${overall.turns_to_pass} turns on`,
    )
  }
  if (alarms === null) {
    lines.push(say`false FAILs: no bound, as observed rates decide`)
    return lines
  }
  const { runs_per_year: runs, per_year_at_most: most, years_between_at_least: years } = alarms
  const spread = years === null ? '' : ` (one in ${formatFew(years)} years)`
  const holm =
    rule.tests < 2
      ? ''
      : `; were each of the ${rule.tests} tests taken by itself, without Holm's correction, up to ${formatFew(alarms.per_year_at_most_without_holm)}`
  lines.push(
    say`false FAILs: at most ${formatFew(most)} a year at ${countThings(runs, 'run', 'runs')}${spread}, and so many only if every rate lies at its limit${holm}`,
  )
  return lines
}

function describeCost(cost: CostForecast): Text[] {
  const { turns, completions, judgements, usd, minutes } = cost
  const tokens =
    cost.completion_tokens.at_most === null
      ? formatCount(cost.prompt_tokens.at_most ?? 0)
      : formatCount((cost.prompt_tokens.at_most ?? 0) + cost.completion_tokens.at_most)
  const share =
    turns.expected === null || turns.at_most === null || turns.expected >= turns.at_most
      ? ''
      : ` (${formatShareOf(turns.expected / turns.at_most)} of the turns, by an early end)`
  const expected = (cost.prompt_tokens.expected ?? 0) + (cost.completion_tokens.expected ?? 0)
  const answers = cost.completion_tokens.at_most === null ? ', answers not counted' : ''
  const simulated = cost.tool_steps?.simulator?.calls ?? 0
  const calls = (completions.expected ?? 0) + (judgements.expected ?? 0) + simulated
  const asked = cost.tool_steps === null ? 'completions' : 'requests to the arms'
  return [
    say`calls: about ${formatAbout(Math.ceil(calls))} expected${share}; at most ${completions.at_most ?? 0} ${asked} and ${judgements.at_most ?? 0} judgements`,
    ...describeToolSteps(cost.tool_steps),
    ...describeGrading(cost.grading),
    cost.prompt_tokens.at_most === null
      ? say`tokens: about ${formatAbout(Math.ceil(expected))} expected; the most is not known, as results of tools may be long`
      : say`tokens: about ${formatAbout(Math.ceil(expected))} expected; at most ${tokens}${answers}`,
    ...describeStablePrompts(cost.grading),
    usd.expected === null
      ? say`cost: not known (it takes ${verbatim('prices')} for every model)`
      : say`cost: about ${formatUsd(usd.expected)} expected; ${sayMostUsd(cost)}`,
    minutes.expected === null
      ? say`time: that of its batches, of which each may take a day; what judges confirm or are asked again comes after`
      : say`time: about ${formatMinutes(minutes.expected)} expected; at most ${formatMinutes(minutes.at_most)}`,
    ...(cost.over_budget === null ? [] : [say`budget: ${cost.over_budget}`]),
  ]
}

function sayMostUsd({ usd, tool_steps: steps }: CostForecast): string {
  if (usd.at_most !== null) return `at most ${formatUsd(usd.at_most)}`
  return steps === null
    ? 'the most is not known without `replay.max_tokens`'
    : 'the most is what `budget.max_usd` allows'
}

function describeToolSteps(steps: StepForecast | null): Text[] {
  if (steps === null) return []
  const { simulator } = steps
  return [
    say`trajectories: ${describeSteps(steps)}`,
    ...(simulator === null
      ? []
      : [
          say`simulator: about ${formatAbout(Math.ceil(simulator.calls))} calls of ${verbatim(simulator.model)}`,
        ]),
  ]
}

function describeGrading(grading: GradingForecast): Text[] {
  const { calls_each: each, calls_if_flagged: flagged, graded_twice: twice, endpoints } = grading
  if (endpoints.length === 0) return []
  const more = flagged === 0 ? '' : `, up to ${formatCount(flagged)} more where it is flagged`
  const known = [
    { count: twice, one: 'completion a second time', many: 'completions a second time' },
    { count: grading.calibration_items, one: 'known item to calibrate', many: 'known items to calibrate' },
    { count: grading.control_items, one: 'control', many: 'controls' },
  ].flatMap(({ count, one, many }) => (count === 0 ? [] : [`; ${countThings(count, one, many)}`]))
  const asked = endpoints.map(({ endpoint, model, calls }) => {
    const about = formatAbout(Math.ceil(calls.expected ?? 0))
    return model === null
      ? say`about ${about} calls of the endpoint ${verbatim(endpoint)}`
      : say`about ${about} of ${verbatim(model)}`
  })
  return [
    say`grading: ${each === 0 ? 'no call' : countThings(each, 'call', 'calls')} for each completion${more}${known.join('')}`,
    ...(asked.length < 2 ? [] : [joinTexts([say`judgements:`, joinTexts(asked, ', ')])]),
  ]
}

function describeStablePrompts({ stable_prompt_share: share }: GradingForecast): Text[] {
  if (share === null) return []
  return [
    say`prompts of judges: ${formatShareOf(share)} of their tokens begin every request alike, which providers may cache`,
  ]
}

function formatMinutes(minutes: number | null): string {
  const ms = (minutes ?? 0) * 60_000
  // Of a few minutes or more, seconds are no part of a forecast.
  return formatDuration(ms > 180_000 ? Math.ceil(ms / 60_000) * 60_000 : Math.max(1000, ms))
}

function formatShareOf(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`
}

function formatFew(value: number): string {
  return value >= 10 ? formatCount(Math.round(value)) : String(Number(value.toPrecision(2)))
}
