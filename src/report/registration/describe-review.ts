import { formatPlace, type GateError } from '../../errors.ts'
import { formatRate } from '../../policy/rate.ts'
import type { Registration } from '../../registration/schema.ts'
import { formatChances } from '../forecast/describe-category.ts'
import { chooseUnit, countThings, formatExact, formatInterval } from '../format.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from '../text.ts'
import { sayResolution } from './draft-comments.ts'
import type { RegistrationReview, ReviewedRegistration, ReviewNotice } from './review.ts'
import { listProblems } from './review.ts'

type Prediction = Registration['predictions'][number]

/** People's reasons need more room than an id has. */
const longestReason = 500

/** One category of a registration, a cell each. */
export interface CommitmentRow {
  category: Text
  predicted: Text
  interval: Text
  direction: Text
  limit: Text
  smallest: Text
  power: Text
}

/** What a changed registration commits to, in words. */
export interface CommitmentText {
  title: Text
  problems: Text[]
  notices: Text[]
  /** Of the registration as a whole. */
  lines: Text[]
  rows: CommitmentRow[]
  amendments: Text[]
}

/** The word that a review begins with, and what it found. */
export function describeOutcome(review: RegistrationReview): { word: string; finding: Text } {
  const problems = listProblems(review).length
  const { registrations, folder } = review
  if (registrations.length === 0) {
    return { word: 'UNCHANGED', finding: say`no registration changed in ${verbatim(`${folder}/`)}.` }
  }
  if (problems > 0) {
    const where = listFiles(registrations.filter((entry) => entry.problems.length > 0))
    return {
      word: 'NOT VALID',
      finding: say`${countThings(problems, 'problem', 'problems')} in ${where}.`,
    }
  }
  const files = listFiles(registrations)
  return {
    word: 'VALID',
    finding: say`${files} ${registrations.length === 1 ? 'fits' : 'fit'} the policy. What is written here binds from the candidate's first run on.`,
  }
}

function listFiles(registrations: readonly ReviewedRegistration[]): Text {
  const shown = 5
  const names = registrations.slice(0, shown).map(({ file }) => say`${verbatim(file)}`)
  const left = registrations.length - names.length
  return joinTexts([...names, ...(left === 0 ? [] : [say`${formatCount(left)} more`])], ', ')
}

/** What holds for every registration of a review. */
export function describeGround(review: RegistrationReview): Text[] {
  const { installs, policyFile, sample, registrations, policyProblems } = review
  const forecast = registrations.filter(({ tests }) => tests !== null)
  const isForecast = forecast.length > 0
  const hasFall = forecast.some(({ registration }) =>
    registration?.predictions.some(({ direction }) => direction === 'down'),
  )
  return [
    ...(installs
      ? [
          say`The base has no policy yet: they were checked against the ${verbatim(policyFile)} of this change.`,
        ]
      : []),
    ...(isForecast && sample.kind === 'imagined'
      ? [
          say`Without the corpus (${verbatim(sample.cause)}) ${countThings(sample.turns, 'turn', 'turns')} of equal weight are reckoned with, as the policy asks for; fewer turns, or weights that differ, can tell less.`,
        ]
      : []),
    ...(isForecast ? [say`The baseline is taken to be as predicted, as no run of it was read.`] : []),
    ...(hasFall
      ? [
          say`Whether the fall that is predicted could be shown was not checked: ${verbatim('checkpoint-gate register --from')} does, which knows the baseline's rate.`,
        ]
      : []),
    ...policyProblems.map((problem) => say`The policy itself: ${sayProblem(problem)}`),
  ]
}

/** Puts a changed registration into words. */
export function describeCommitment(
  reviewed: ReviewedRegistration,
  review: RegistrationReview,
): CommitmentText {
  const { registration, tests, notices, problems } = reviewed
  return {
    title: sayTitle(reviewed),
    problems: problems.map(sayProblem),
    notices: notices.map(sayNotice),
    lines: [
      ...(registration?.withdrawn === true
        ? [say`Withdrawn: its candidate is not measured, and this stays to be seen.`]
        : []),
      ...(tests === null ? [] : describeWhole(tests)),
    ],
    rows: (registration?.predictions ?? []).map((prediction) => describeRow(prediction, reviewed, review)),
    amendments: (registration?.amendments ?? []).map(
      ({ number, date, reason }) => say`${formatCount(number)} (${date}): ${verbatim(reason, longestReason)}`,
    ),
  }
}

function sayTitle({ candidate, file, change }: ReviewedRegistration): Text {
  const what = change.kind === 'renamed' ? say`renamed from ${verbatim(change.from)}` : say`${change.kind}`
  const name = candidate === null ? say`a candidate that can't be told` : say`${verbatim(candidate)}`
  return say`${name} (${verbatim(file)}, ${what})`
}

function describeWhole(tests: NonNullable<ReviewedRegistration['tests']>): Text[] {
  const { chances, turns_to_pass: needed } = tests.overall
  const turns = countThings(tests.setting.draw.length, 'turn', 'turns')
  return [
    say`planned: ${turns}`,
    ...(chances === null ? [] : [say`verdict, at the predictions: ${formatChances(chances)}`]),
    ...(needed === null
      ? []
      : [say`all limits and margins are passed together with a chance of 80 % from ${needed} turns on`]),
  ]
}

function describeRow(
  prediction: Prediction,
  { tests }: ReviewedRegistration,
  { policyLimits }: RegistrationReview,
): CommitmentRow {
  const { category, ratePer100k, intervalPer100k, direction } = prediction
  const unit = chooseUnit(ratePer100k, ...intervalPer100k.toReversed())
  const forecast = tests?.categories.find(({ id }) => id === category)
  return {
    category: say`${verbatim(category)}${forecast?.role === 'watch' ? ' (watched)' : ''}`,
    predicted: say`${formatExact(unit, ratePer100k)}`,
    interval: say`${formatInterval(unit, intervalPer100k)}`,
    direction: say`${direction}`,
    limit: sayLimit(prediction, policyLimits.get(category) ?? null),
    smallest: forecast === undefined || tests === null ? [] : saySmallest(tests, forecast),
    power: forecast?.chances == null ? [] : say`${formatChances(forecast.chances)}`,
  }
}

function sayLimit({ limitPer100k: own }: Prediction, policy: number | null): Text {
  if (policy === null) return []
  if (own === null || own === policy) return say`${formatRate(policy)}`
  return say`${formatRate(own)}, tighter than the policy's ${formatRate(policy)}`
}

function saySmallest(
  tests: NonNullable<ReviewedRegistration['tests']>,
  forecast: NonNullable<ReviewedRegistration['tests']>['categories'][number],
): Text {
  const { limit, regression, baseline_per_100k: baseline } = forecast
  const parts = [
    ...(limit === null
      ? sayResolution(tests, forecast)
      : [say`limit: ${formatRate(limit.smallest_per_100k)} is the smallest that can pass`]),
    ...(regression?.worse_from_per_100k == null || baseline === null
      ? []
      : [
          say`worse: found with a chance of 80 % from ${formatRate(regression.worse_from_per_100k)} on, if the baseline is at ${formatRate(baseline)}`,
        ]),
  ]
  return joinTexts(parts, '; ')
}

function sayProblem({ message, where, remedy }: GateError): Text {
  const place = where === undefined ? [] : say`${verbatim(formatPlace(where))}: `
  return say`${place}${verbatim(message, longestReason)}; ${verbatim(remedy, longestReason)}`
}

function sayNotice(notice: ReviewNotice): Text {
  switch (notice.kind) {
    case 'unregistered':
      return say`${verbatim(notice.candidate)} has no registration any more. To take one back, leave it and write ${verbatim('withdrawn: true')} into it.`
    case 'not-amended':
      return say`It says something else than before, without a new amendment. If its candidate has been measured by then, the gate refuses it: number the change, with its date and the reason.`
    case 'odd-candidate':
      return say`No file of the repository can hold this id (1 to 256 printable characters without spaces): it only fits a candidate that is named by hand.`
    case 'round':
      return say`Round ${formatCount(notice.round)}: a fresh sample of turns, which is tested at a smaller level.`
  }
}
