import { findSmallestLimits } from '../../forecast/limit-forecast.ts'
import type { LeftOut } from '../../history/past-rates.ts'
import { formatRate } from '../../policy/rate.ts'
import type { Registration } from '../../registration/schema.ts'
import type { RegistrationComments } from '../../registration/write.ts'
import type { CategoryForecast } from '../forecast/category-forecast.ts'
import { describeCategoryForecast, formatChances } from '../forecast/describe-category.ts'
import type { TestsForecast } from '../forecast/plan-forecast.ts'
import { countThings } from '../format.ts'
import { formatCount, formatPlain, say, type Text, verbatim } from '../text.ts'

/** A rate that a prediction was drafted from. */
export interface DraftedFrom {
  past: { ratePer100k: number; counted: { events: number; graded: number } }
  /** The run's name. */
  run: string
  arm: 'baseline' | 'candidate' | 'both'
}

/** What a drafted registration commits to, and what it was drafted from. */
export interface DraftFacts {
  registration: Registration
  baseline: string
  /** Turns that are drawn, how many of equal weight they are worth, and of how many conversations. */
  turns: number
  worth: number
  conversations: number
  /** By category; `null` without one. */
  policyLimits: ReadonlyMap<string, number | null>
  past: { rates: ReadonlyMap<string, DraftedFrom>; leftOut: readonly LeftOut[] }
  /** Categories of which something was told. */
  told: ReadonlySet<string>
  tests: TestsForecast
}

/** What stands beside a drafted registration: from where each number is, and what the sample can tell. */
export function describeDraft(facts: DraftFacts): RegistrationComments {
  const { registration, tests } = facts
  const forecasts = new Map(tests.categories.map((category) => [category.id, category]))
  return {
    head: describeHead(facts).map(formatPlain),
    predictions: new Map(
      registration.predictions.map(({ category }) => {
        const forecast = forecasts.get(category)
        const lines = forecast === undefined ? [] : describePrediction(facts, forecast)
        return [category, lines.map(formatPlain)]
      }),
    ),
  }
}

/** Why nothing is predicted of a category. */
export function sayLeftOut({ category, why }: LeftOut): Text {
  const reason = {
    'not-measured': 'no earlier run measured it',
    'graded-otherwise': 'other graders labelled it in the earlier run, so that its rate was another one',
  }[why]
  return say`nothing is predicted of ${verbatim(category)}: ${reason}`
}

/** The smallest rate that the drawn turns can tell from none at all, for a category without a limit of its own. */
export function sayResolution(tests: TestsForecast, category: CategoryForecast): Text[] {
  const planned = tests.expected.find((entry) => entry.category.id === category.id)
  if (planned === undefined || category.limit !== null) return []
  const { clean } = findSmallestLimits(tests.setting, planned.category)
  return [
    say`without a single event ${countThings(tests.setting.draw.length, 'turn', 'turns')} still allow ${formatRate(clean * 100_000)}`,
  ]
}

function describeHead(facts: DraftFacts): Text[] {
  const { baseline, turns, worth, conversations, past, registration, tests } = facts
  const weighted = worth < turns ? `, worth ${formatCount(worth)} of equal weight` : ''
  const { chances } = tests.overall
  const predicted = new Set(registration.predictions.map(({ category }) => category))
  return [
    say`A draft: the same as ${verbatim(baseline)}, which is served. Change what you expect to differ, and commit it before the run.`,
    say`Intervals: where the observed rate lies 19 times out of 20 if the rate did not change. No verdict depends on them.`,
    say`planned: ${countThings(turns, 'turn', 'turns')} of ${countThings(conversations, 'conversation', 'conversations')}${weighted}`,
    ...(chances === null ? [] : [say`verdict, at the predictions: ${formatChances(chances)}`]),
    ...past.leftOut.filter(({ category }) => !predicted.has(category)).map(sayLeftOut),
  ]
}

function describePrediction(facts: DraftFacts, forecast: CategoryForecast): Text[] {
  const { tests, past, told, policyLimits } = facts
  const from = past.rates.get(forecast.id)
  const own = describeCategoryForecast(forecast, tests)
  const limit = policyLimits.get(forecast.id) ?? null
  return [
    ...(from === undefined ? [] : [sayOrigin(from, facts.baseline)]),
    ...(told.has(forecast.id) ? [say`told, in part or in full, when it was drafted`] : []),
    ...(limit === null ? [] : [say`the policy's limit: ${formatRate(limit)}`]),
    ...own.lines,
    ...sayResolution(tests, forecast).map((text) => say`smallest rate: ${text}`),
    ...own.problems.map((problem) => say`PROBLEM: ${problem}`),
  ]
}

function sayOrigin({ past, run, arm }: DraftedFrom, checkpoint: string): Text {
  const { events, graded } = past.counted
  const counted = `${formatCount(events)} of ${countThings(graded, 'turn', 'turns')}`
  const where = {
    baseline: 'the baseline',
    candidate: 'the candidate',
    both: 'both arms, the mean of the two,',
  }[arm]
  return say`${counted}, ${formatRate(past.ratePer100k)}: ${verbatim(checkpoint)} as ${where} of ${verbatim(run)}`
}
