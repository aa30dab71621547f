import type { CategoryEstimate } from '../estimate/estimate.ts'
import { countFewestPairs } from '../estimate/forecast.ts'
import { type RecordSummary, runFiles } from '../record/schema.ts'
import type { CategoryVerdict } from '../verdict/schema.ts'
import { countThings, formatAbout, formatUsd } from './format.ts'
import { planMoreTurns, plannedPower } from './more-turns.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

/** A decided category with what it was decided from. */
export interface DecidedCategory {
  estimate: CategoryEstimate
  verdict: CategoryVerdict
}

/** What to do about the category that caused the verdict, with its price where it has one. */
export function sayNextAction(
  question: DecidedCategory & {
    record: RecordSummary /** Tests that can fail the candidate. */
    tests: number
  },
): Text {
  const { record, estimate, verdict } = question
  const flagged = say`Read the turns labelled ${verbatim('present')} in ${verbatim(runFiles.outcomes)}`
  switch (verdict.reason) {
    case 'worse-than-baseline':
    case 'over-limit':
      return say`${flagged}, then mend the checkpoint.`
    case 'suspect':
      return say`${flagged}; a new ${verbatim('sample.epoch')} in the policy draws fresh turns, which decide.`
    case 'underpowered':
      return sayMoreTurns(question)
    case 'measurement':
      return joinTexts([sayRerun(estimate, record), sayMend(estimate)])
    case 'judge':
      return say`Check the judge's endpoint, model and rubric, then run again.`
    case 'not-asked':
      return sayContinue(record)
    case 'not-worse':
    case 'within-limit':
      return []
  }
}

function sayMoreTurns(question: { record: RecordSummary; estimate: CategoryEstimate; tests: number }): Text {
  const { record, estimate } = question
  if (estimate.limit === null) {
    const pairs = countFewestPairs(record.plan.policy.gate.regressionAlpha)
    return say`It takes at least ${pairs} turns graded in both arms to show that a candidate is worse.`
  }
  const more = planMoreTurns({ ...question, plan: record.plan })
  const chance = `chance ${String(plannedPower).replace('0.', '.')}`
  if (more === null) {
    return say`No sample of up to 20 million turns would decide with ${chance}: the rate is too near the limit.`
  }
  const price = priceTurns(record, more)
  const priced = price === null ? '' : `, ${price},`
  const decide = say`About ${formatAbout(more)} more turns${priced} would decide with ${chance}`
  const { conversations, turnsDrawn } = record.sample
  if (turnsDrawn + more <= conversations) return say`${decide}.`
  return say`${decide}, and the corpus has ${countThings(conversations, 'conversation', 'conversations')}: it would have to grow.`
}

/** The price of more turns at this run's price of a turn; `null` when nothing is known of it. */
function priceTurns({ cost, sample }: RecordSummary, more: number): string | null {
  if (sample.turnsDrawn === 0) return null
  const share = more / sample.turnsDrawn
  if (cost.usd !== null && cost.usd > 0) return formatUsd(cost.usd * share)
  return cost.requests > 0 ? `${formatAbout(Math.ceil(cost.requests * share))} requests` : null
}

function sayRerun({ baseline, candidate }: CategoryEstimate, record: RecordSummary): Text {
  const lost = baseline.missing.transport + candidate.missing.transport
  if (lost === 0) return []
  return say`Rerun to fill ${lost} of them: the same turns are asked${sayWhatIsKept(record)}.`
}

function sayMend({ baseline, candidate }: CategoryEstimate): Text {
  const content = baseline.missing.content + candidate.missing.content
  if (content === 0) return []
  const causes = [...Object.keys(baseline.missing.causes), ...Object.keys(candidate.missing.causes)]
  const judged = causes.some((cause) => cause.startsWith('judge'))
  const mend = judged ? 'mend the judge or its rubric' : 'mend what the endpoint answers'
  return say`A rerun doesn't change the ${content} that came back without a label: ${mend}.`
}

// A job begins with an empty folder; a run directory that is still there is continued.
function sayWhatIsKept({ run }: RecordSummary): string {
  return run.event === 'cli' ? ', and into the same --out nothing measured is asked again' : ''
}

function sayContinue(record: RecordSummary): Text {
  const { stopped, cost } = record
  const kept = `the same turns are asked${sayWhatIsKept(record)}`
  switch (stopped) {
    case 'max-requests':
      return say`Raise ${verbatim('budget.max_requests')}, then rerun: ${kept}.`
    case 'max-minutes':
      return say`Raise ${verbatim('budget.max_minutes')} or rerun: ${kept} (${formatCount(cost.requests)} requests so far).`
    case 'cancelled':
    case null:
      return say`Rerun: ${kept}.`
  }
}
