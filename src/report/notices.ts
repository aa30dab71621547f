import type { CategoryEstimate } from '../estimate/estimate.ts'
import { planStopping } from '../estimate/looks.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { CategoryReason, CategoryVerdict, Verdict } from '../verdict/schema.ts'
import { countThings, formatLevel, formatShare } from './format.ts'
import { countAskedOf } from './pass.ts'
import { sayReused } from './reuse.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

type Kind = keyof RecordSummary['plan']['policy']['gate']['onInconclusive']

const keys: Readonly<Record<Kind, string>> = {
  suspect: 'on_inconclusive',
  underpowered: 'on_underpowered',
  measurement: 'on_measurement',
  judge: 'on_judge',
}

/** How the run went, where a reader might take it for another: nothing that speaks against the table. */
export function listNotices(request: {
  record: RecordSummary
  estimates: readonly CategoryEstimate[]
  verdict: Verdict
}): Text[] {
  const { record, verdict } = request
  const notices = [
    saySmoke(record),
    saySaved(request),
    sayStoppingOff(record),
    sayRound(record, verdict),
    ...sayReused(record),
    sayAudited(request),
  ]
  return notices.filter((notice) => notice !== null)
}

function saySmoke({ run, plan, sample }: RecordSummary): Text | null {
  if (run.tier !== 'smoke') return null
  const planned = countThings(plan.policy.sample.turns, 'turn', 'turns')
  return say`Smoke: the first ${formatCount(sample.turnsDrawn)} of the plan's ${planned}. It can fail; where it finds nothing it is green, and no pass.`
}

/** That people have read flags, which changes counts and so may change the verdict. */
function sayAudited({ estimates }: { estimates: readonly CategoryEstimate[] }): Text | null {
  const audits = estimates.flatMap(({ candidate, baseline }) => [candidate.audit, baseline.audit])
  const read = audits.reduce((sum, { audited }) => sum + audited, 0)
  const refuted = audits.reduce((sum, { refuted: none }) => sum + none, 0)
  if (read === 0) return null
  return say`An audit is in the record: of ${countThings(read, 'flag', 'flags')} that people read, ${formatCount(refuted)} ${refuted === 1 ? 'was' : 'were'} none and ${refuted === 1 ? 'counts' : 'count'} as no event.`
}

/** What the end of the run by its results has saved. */
function saySaved(request: {
  record: RecordSummary
  estimates: readonly CategoryEstimate[]
  verdict: Verdict
}): Text | null {
  const { record, estimates, verdict } = request
  if (record.stopped !== 'decided') return null
  const drawn = record.sample.turnsDrawn
  const asked = countAskedOf(estimates)
  const saved = drawn - asked
  const isFirstFailure = verdict.categories.some(
    ({ role, reason }) => role === 'block' && reason === 'not-asked',
  )
  const ended = isFirstFailure ? 'The run ended at the first failure,' : 'The results decided'
  const left = `${countThings(saved, 'turn', 'turns')} (${formatShare(saved, drawn)}) need not be asked`
  return say`${ended} after ${formatCount(asked)} of ${countThings(drawn, 'turn', 'turns')}: ${left}.`
}

// Where the plan itself leaves it off, or could save nothing by it, the plan's facts say so.
function sayStoppingOff({ plan, run, sample, earlyStoppingOff }: RecordSummary): Text | null {
  if (earlyStoppingOff === null) return null
  const equal = Array.from({ length: sample.turnsDrawn }, (_, cluster) => ({ weight: 1, cluster }))
  if (planStopping({ plan, tier: run.tier, turns: equal }).off !== null) return null
  return say`The run could not end early by its results: ${earlyStoppingOff}.`
}

function sayRound({ plan }: RecordSummary, { round, alpha }: Verdict): Text | null {
  if (round === 1) return null
  const { bounds, regression, spent } = alpha
  return say`Round ${round}: a fresh sample of turns for this candidate. Each bound has α = ${formatLevel(bounds)}, “worse than the baseline” α = ${formatLevel(regression)}; all rounds so far spend ${formatLevel(spent)} where one alone spends ${formatLevel(plan.policy.gate.alpha)}.`
}

/** Which keys of the policy let an inconclusive verdict through; `null` when the check is red, or green by a pass. */
export function sayGreen({ plan }: RecordSummary, verdict: Verdict): Text | null {
  if (verdict.verdict !== 'inconclusive' || verdict.conclusion !== 'success') return null
  const { onInconclusive } = plan.policy.gate
  const undecided = verdict.categories.filter(
    ({ role, verdict: decision }) => role === 'block' && decision === 'inconclusive',
  )
  const written = listKinds(undecided).map((kind) => {
    // Where they say the same, whatever is not written is as `on_inconclusive`.
    const key = onInconclusive[kind] === onInconclusive.suspect ? keys.suspect : keys[kind]
    return `${key}: ${onInconclusive[kind]}`
  })
  // A smoke run that found nothing is green whatever the policy says; its notice says what that means.
  if (written.length === 0) return null
  const named = [...new Set(written)].map((entry) => say`${verbatim(entry)}`)
  return say`The check is green because the policy says ${joinTexts(named, ' and ')}. This is not a pass.`
}

function listKinds(undecided: readonly CategoryVerdict[]): Kind[] {
  if (undecided.length === 0) return ['suspect']
  return undecided.flatMap(({ reason }) => chooseKind(reason))
}

function chooseKind(reason: CategoryReason): Kind[] {
  switch (reason) {
    case 'no-evidence-against':
      return []
    case 'underpowered':
    case 'judge':
      return [reason]
    case 'judge-changed':
    case 'control-failed':
    case 'calibration':
      return ['judge']
    case 'measurement':
    case 'not-asked':
      return ['measurement']
    default:
      return ['suspect']
  }
}
