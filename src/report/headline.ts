import type { RecordSummary } from '../record/schema.ts'
import { judgeRealism } from '../verdict/realism.ts'
import type { CategoryReason, Verdict } from '../verdict/schema.ts'
import { sayCause } from './cause.ts'
import type { DecidedCategory } from './decided-category.ts'
import { countThings } from './format.ts'
import { sayAcceptance } from './history.ts'
import { listIdentityProblems } from './identity.ts'
import { sayNextAction } from './next-action.ts'
import { sayPass } from './pass.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

/** What the first line is said of. */
export interface Headline {
  record: RecordSummary
  verdict: Verdict
  categories: readonly DecidedCategory[]
}

// What has to be cleared away first comes first.
const inconclusiveOrder: readonly CategoryReason[] = [
  'not-asked',
  'judge',
  'measurement',
  'suspect',
  'underpowered',
  'no-evidence-against',
]

/** The verdict's word: a FAIL that rests on unread flags alone is not final, and one that is accepted stays one. */
export function chooseWord({ verdict, categories }: Headline): Text {
  const failed = categories.filter(({ verdict: { role, verdict } }) => role === 'block' && verdict === 'fail')
  const isPending = failed.length > 0 && failed.every(isAuditPending)
  const word = verdict.verdict.toUpperCase()
  const pending = verdict.verdict === 'fail' && isPending ? ', audit pending' : ''
  return joinTexts([say`${word}${pending}`, sayAcceptance(verdict)], '')
}

/** What follows the verdict's word in the first line: the category that caused it and the next action. */
export function sayFinding({ record, verdict, categories }: Headline): Text {
  if (verdict.verdict === 'invalid') {
    return say`the measurement can't be trusted. ${listReasons(verdict)}`
  }
  if (verdict.verdict === 'unchanged') return say`the checkpoint is the baseline's.`
  const [doubt] = listIdentityProblems(record)
  if (doubt !== undefined && verdict.verdict === 'inconclusive') return doubt
  const unreal = sayUnreal(record)
  if (unreal !== null && verdict.verdict === 'inconclusive') return unreal
  if (verdict.verdict === 'pass') return sayPass(record, categories)
  const decisive = rankDecisive(
    categories.filter((entry) => entry.verdict.role === 'block' && entry.verdict.verdict === verdict.verdict),
  )
  const [first, ...others] = decisive
  if (first === undefined) {
    return sayUnkept(record, verdict) ?? sayOther(record, verdict) ?? sayUndecided(verdict)
  }
  if (first.verdict.reason === 'no-evidence-against') return saySmoke(first)
  return joinTexts([sayCause(first), sayOthers(others, verdict.verdict), sayNextAction(first)])
}

/** That nobody has shown how real the simulated tools are, which nothing that is measured with them can mend, or `null`. */
function sayUnreal(record: RecordSummary): Text | null {
  const check = judgeRealism(record)
  if (check.kind === 'ok') return null
  return say`the realism of the simulated tools is not what policy requires: ${check.detail}. Measure it (${verbatim('checkpoint-gate realism')}) and merge the result; then rerun: nothing is asked again.`
}

function saySmoke({ record, ...decided }: DecidedCategory): Text {
  const { plan, sample } = record
  const asked = formatCount(sample.turnsDrawn)
  const planned = countThings(plan.policy.sample.turns, 'turn', 'turns')
  const found = say`smoke found no evidence against ${verbatim(plan.candidate)} in ${asked} of the plan's ${planned}.`
  return joinTexts([found, sayNextAction({ record, ...decided })])
}

/** That it would pass if it were known how often the candidate was tried, or `null`. */
function sayUnkept({ plan, history }: RecordSummary, { reasons }: Verdict): Text | null {
  if (history.kind !== 'unknown' || !reasons.includes('attempts: not known')) return null
  return say`every category passes, but the attempts on ${verbatim(plan.candidate)} are not known, so that this may be the one of many that did. See to it that the job has ${verbatim('actions: read')}, then rerun.`
}

/** That another run of the same candidate, at the same time, came to another verdict, or `null`. */
function sayOther({ plan, history }: RecordSummary, { verdict, reasons, categories }: Verdict): Text | null {
  if (history.kind !== 'kept' || verdict !== 'inconclusive') return null
  const isPassing = categories.every(({ role, verdict }) => role === 'watch' || verdict === 'pass')
  const [reason] = reasons
  if (!isPassing || reason?.startsWith('attempts: ') !== true) return null
  return say`every category passes here, but ${verbatim(reason.replace('attempts: ', ''))} while this one measured ${verbatim(plan.candidate)}. Rerun: what stands is published then, and nothing is asked.`
}

function sayUndecided(verdict: Verdict): Text {
  if (verdict.reasons.length > 0) return say`no verdict follows from the record. ${listReasons(verdict)}`
  return say`no category blocks, so that nothing could pass. Give a category of the policy the role ${verbatim('block')}.`
}

function sayOthers(others: readonly DecidedCategory[], verdict: string): Text {
  if (others.length === 0) return []
  const pending = others.filter(isAuditPending).length
  const audit =
    pending === 0
      ? ''
      : pending === others.length
        ? ', audit pending'
        : `, ${formatCount(pending)} of them audit pending`
  const are = countThings(others.length, 'other category is', 'other categories are')
  return say`${are} ${verdict.toUpperCase()}${audit}.`
}

function isAuditPending({ verdict }: DecidedCategory): boolean {
  return verdict.audit === 'pending'
}

// A FAIL that is final stands before one that is not.
function rankDecisive(decisive: readonly DecidedCategory[]): DecidedCategory[] {
  const rank = ({ verdict }: DecidedCategory) =>
    verdict.verdict === 'inconclusive'
      ? inconclusiveOrder.indexOf(verdict.reason)
      : Number(verdict.audit === 'pending')
  return decisive.toSorted((a, b) => rank(a) - rank(b) || weighDecisive(a) - weighDecisive(b))
}

/** Smallest first: what is surest where a test speaks, and what needs the most turns where none does. */
function weighDecisive({ verdict, estimate }: DecidedCategory): number {
  if (verdict.reason !== 'underpowered') return verdict.p_adjusted ?? 1
  // The turns needed go with limit/(limit − rate)².
  const limit = estimate.limit?.limitPer100k ?? 0
  const distance = limit - (estimate.candidate.ratePer100k ?? 0)
  return limit === 0 ? 0 : (distance * distance) / limit
}

function listReasons(verdict: Verdict): Text {
  const shown = verdict.reasons.slice(0, 3).map((reason) => say`${verbatim(reason)}`)
  return joinTexts(shown, '; ')
}
