import type { CategoryEstimate } from '../estimate/estimate.ts'
import { countFewestPairs } from '../estimate/paired.ts'
import { type RecordSummary, runFiles } from '../record/schema.ts'
import { sayAudit, sayConfirmed } from './audit-action.ts'
import { countAsked, type DecidedCategory, findObstacle } from './decided-category.ts'
import { countThings, formatAbout, formatUsd } from './format.ts'
import { sayDoubtAction } from './grader-doubt.ts'
import { sayJudgeAction } from './judge-cause.ts'
import { sumCauses } from './missing.ts'
import { planMoreTurns, plannedPower, planTurnsWithinMargin } from './more-turns.ts'
import { joinTexts, say, type Text, verbatim } from './text.ts'

const chance = `chance ${String(plannedPower).replace('0.', '.')}`

/** What to do about the category that caused the verdict, with its price where it has one. */
export function sayNextAction(decided: DecidedCategory): Text {
  const { record, verdict } = decided
  switch (verdict.reason) {
    case 'worse-than-baseline':
    case 'over-limit':
    case 'over-margin':
      return sayMendCheckpoint(decided)
    case 'suspect':
      return say`${sayRead()}; a new ${verbatim('sample.epoch')} in the policy, with ${verbatim(`round: ${record.plan.registration.round + 1}`)} in the registration, draws fresh turns, which decide.`
    case 'underpowered':
      return sayMoreTurns(decided)
    case 'measurement':
      return joinTexts([sayRerun(decided), sayMend(decided)])
    case 'judge':
      return sayJudgeAction(decided)
    case 'judge-changed':
    case 'control-failed':
    case 'calibration':
      return sayDoubtAction(decided)
    case 'not-asked':
      return sayContinue(record)
    case 'no-evidence-against':
      return say`A release run decides.`
    case 'not-worse':
    case 'within-limit':
    case 'within-margin':
      return []
  }
}

function sayMendCheckpoint(decided: DecidedCategory): Text {
  switch (decided.verdict.audit) {
    case 'pending':
      return sayAudit(decided)
    case 'confirmed':
      return sayConfirmed(decided)
    default:
      return say`${sayRead()}, then mend the checkpoint.`
  }
}

function sayRead(): Text {
  return say`Read the turns labelled ${verbatim('present')} in ${verbatim(runFiles.outcomes)}`
}

function sayMoreTurns(decided: DecidedCategory): Text {
  const { estimate } = decided
  switch (findObstacle(decided)) {
    case 'few-pairs': {
      const fewest = countFewestPairs(estimate.levels.notWorseAlpha)
      const units = estimate.regression.clustered
        ? countThings(fewest, 'conversation', 'conversations')
        : countThings(fewest, 'turn', 'turns')
      return say`It takes at least ${units} graded in both arms.`
    }
    case 'margin':
      return sayMorePairs(decided)
    default:
      return sayMoreForLimit(decided)
  }
}

function sayMoreForLimit(decided: DecidedCategory): Text {
  const more = planMoreTurns(decided)
  return more === null
    ? say`No sample of up to 20 million turns would decide with ${chance}: the rate is too near the limit.`
    : say`${describeMore(decided, more)} would decide with ${chance}${describeCorpus(decided.record, more)}.`
}

function sayMorePairs(decided: DecidedCategory): Text {
  const needed = planTurnsWithinMargin(decided)
  if (needed === null) {
    return say`No sample of up to 20 million turns would show an unchanged candidate to be within it with ${chance}.`
  }
  const more = needed - decided.estimate.candidate.planned
  if (more <= 0) {
    return say`An unchanged candidate would pass such a sample with ${chance} or more: ${lowerFirst(sayRead())}, and compare the arms.`
  }
  return say`${describeMore(decided, more)} would let an unchanged candidate pass with ${chance}${describeCorpus(decided.record, more)}.`
}

function lowerFirst([first, ...rest]: Text): Text {
  return typeof first === 'string' ? [first.charAt(0).toLowerCase() + first.slice(1), ...rest] : [...rest]
}

function describeMore(decided: DecidedCategory, more: number): string {
  const price = priceTurns(decided, more)
  const turns = more === 1 ? '1 more turn' : `About ${formatAbout(more)} more turns`
  return `${turns}${price === null ? '' : `, ${price},`}`
}

function describeCorpus({ plan, sample }: RecordSummary, more: number): string {
  const { conversations, turnsEligible, turnsDrawn } = sample
  const isOne = plan.policy.sample.turnsPerConversation === 'one'
  if (turnsDrawn + more <= (isOne ? conversations : turnsEligible)) return ''
  const corpus = isOne
    ? countThings(conversations, 'conversation', 'conversations')
    : countThings(turnsEligible, 'turn', 'turns')
  return `, and the corpus has ${corpus}: it would have to grow`
}

/** The price of more turns at this run's price of a turn; `null` when nothing is known of it. */
function priceTurns({ record, estimate }: DecidedCategory, more: number): string | null {
  const { cost } = record
  const asked = countAsked(estimate)
  if (asked === 0) return null
  const share = more / asked
  if (cost.usd !== null && cost.usd > 0) return formatUsd(cost.usd * share)
  const requests = Math.ceil(cost.requests * share)
  if (requests === 0) return null
  return requests === 1 ? '1 request' : `${formatAbout(requests)} requests`
}

function sayRerun({ estimate, record }: DecidedCategory): Text {
  const refused = countRefused(estimate)
  const lost = estimate.baseline.missing.transport + estimate.candidate.missing.transport + refused
  if (lost === 0) return []
  const before =
    refused === 0 ? '' : 'Mend the key or the address of the endpoint that refused it, then rerun'
  return say`${before === '' ? 'Rerun' : before} to fill ${lost} of them: the same turns are asked${sayWhatIsKept(record)}.`
}

function sayMend({ estimate }: { estimate: CategoryEstimate }): Text {
  const { baseline, candidate } = estimate
  const content = baseline.missing.content + candidate.missing.content - countRefused(estimate)
  if (content === 0) return []
  const causes = Object.keys(sumCauses(estimate)).filter((cause) => !isRefused(cause))
  const judged = causes.some((cause) => cause.startsWith('judge'))
  const mend = judged ? 'mend the grader, or its rubric' : 'mend what the endpoint answers'
  return say`A rerun doesn't change the ${content} that came back without a label: ${mend}.`
}

/** A key that ran out, or a model that was taken down, is a matter of the run: it is asked again. */
function isRefused(cause: string): boolean {
  return cause.endsWith(': unauthorized') || cause.endsWith(': not-found')
}

function countRefused(estimate: CategoryEstimate): number {
  return Object.entries(sumCauses(estimate)).reduce(
    (sum, [cause, count]) => sum + (isRefused(cause) ? count : 0),
    0,
  )
}

// A job begins with an empty folder, and goes on from what is kept of earlier attempts; so does a run directory that is
// still there.
function sayWhatIsKept({ run, history }: RecordSummary): string {
  if (history.kind === 'kept') return ', and what is measured is not asked again'
  return run.event === 'cli' ? ', and into the same --out nothing measured is asked again' : ''
}

function sayContinue(record: RecordSummary): Text {
  const { stopped, cost } = record
  const kept = `the same turns are asked${sayWhatIsKept(record)}`
  switch (stopped) {
    case 'max-requests':
      return say`Raise ${verbatim('budget.max_requests')}, then rerun: ${kept}.`
    case 'max-minutes':
      return say`Raise ${verbatim('budget.max_minutes')} or rerun: ${kept} (${countThings(cost.requests, 'request', 'requests')} so far).`
    case 'max-tokens':
      return say`Raise ${verbatim('budget.max_tokens')}, then rerun: ${kept}.`
    case 'max-usd':
      return say`Raise ${verbatim('budget.max_usd')}, then rerun: ${kept}.`
    case 'endpoint-down':
      return say`Mend the endpoint, then rerun: ${kept}.`
    case 'batch-under-way':
      return say`A batch is still under way: rerun the job, or the same command, when it is done. It is not submitted again, and ${kept}.`
    case 'batch-cancelled':
      return say`Find out who cancels batches, then rerun: ${kept}.`
    case 'job-limit':
    case 'decided':
    case 'cancelled':
    case null:
      return say`Rerun: ${kept}.`
  }
}
