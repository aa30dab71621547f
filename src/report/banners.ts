import type { RecordSummary } from '../record/schema.ts'
import { designEffectWarning } from '../sample/post-stratify.ts'
import { judgeRealism } from '../verdict/realism.ts'
import type { Verdict } from '../verdict/schema.ts'
import { isByPoints } from './decided-category.ts'
import { listAmendments } from './facts.ts'
import { countThings, formatShare, joinWords } from './format.ts'
import { listIdentityProblems, saySameWeights } from './identity.ts'
import { sayGreen } from './notices.ts'
import { sayRealism } from './realism.ts'
import { explainStop } from './stop.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'
import { sayTrajectoryEnds } from './trajectory-ends.ts'

const shownStrata = 5

/** What a reader has to know before believing the table, the gravest first. */
export function listBanners(record: RecordSummary, verdict: Verdict): Text[] {
  return [
    ...listIdentityProblems(record),
    saySameWeights(record),
    sayPoints(record),
    sayStopped(record),
    sayTrust(record),
    sayRecorded(record),
    sayShownRealism(record),
    sayTrajectoryEnds(record),
    sayUncovered(record),
    sayShortSample(record),
    sayUnequal(record),
    sayExcluded(record),
    sayGreen(record, verdict),
    sayAmended(record),
  ].filter((banner) => banner !== null)
}

function sayPoints(record: RecordSummary): Text | null {
  if (!isByPoints(record)) return null
  return say`Decided by point estimates: no error control. Limits and margins were compared with the observed rates, whatever their bounds.`
}

function sayTrust({ commits }: RecordSummary): Text | null {
  if (commits.trustAnchor === 'none') {
    return say`No trust anchor: policy and registration were taken as they were given, not from a base commit.`
  }
  if (commits.registration === 'commit') return null
  return say`The registration is not committed: it was taken from the work tree, where it can still be changed after the results.`
}

function sayStopped(record: RecordSummary): Text | null {
  if (record.stopped === null || record.stopped === 'decided') return null
  return say`Stopped early: ${explainStop(record)}.`
}

function sayRecorded({ arms, graders }: RecordSummary): Text | null {
  const labels = Object.fromEntries(graders.map(({ endpoint, source }) => [endpoint, source]))
  const parties = { candidate: arms.candidate.source, baseline: arms.baseline.source, ...labels }
  const recorded = Object.entries(parties)
    .filter(([, source]) => source.kind === 'recorded')
    .map(([name]) => name)
  if (recorded.length === 0) return null
  return say`The answers of ${joinWords(recorded)} are recorded, not replayed.`
}

function sayShownRealism(record: RecordSummary): Text | null {
  const { realism } = record.plan
  return realism === undefined ? null : sayRealism(realism.result, judgeRealism(record))
}

function sayShortSample({ sample, plan, run }: RecordSummary): Text | null {
  const { turnsDrawn, turnsAsked, conversations } = sample
  const { smokeTurns, turnsPerConversation } = plan.policy.sample
  const wanted = run.tier === 'smoke' ? Math.min(turnsAsked, smokeTurns) : turnsAsked
  if (turnsDrawn >= wanted) return null
  const asked = countThings(wanted, 'turn was', 'turns were')
  if (turnsPerConversation === 'one' && turnsDrawn === conversations) {
    const corpus = countThings(conversations, 'conversation', 'conversations')
    return say`The corpus has ${corpus}: all are used, ${asked} asked.`
  }
  return say`The corpus gave ${countThings(turnsDrawn, 'turn', 'turns')} (${formatShare(turnsDrawn, wanted)}), ${asked} asked.`
}

function sayUncovered({ sample }: RecordSummary): Text | null {
  const { uncovered } = sample
  if (uncovered.length === 0) return null
  const shown = uncovered
    .slice(0, shownStrata)
    .map(({ name, share }) => say`${verbatim(name)} (${formatShare(share, 1)} of the traffic)`)
  const left = uncovered.length - shown.length
  const list = joinTexts([...shown, left === 0 ? [] : say`${left} more`], ', ')
  return say`Not covered: ${list}. No turn was drawn there, so that nothing here speaks of that traffic.`
}

function sayUnequal({ sample }: RecordSummary): Text | null {
  const { designEffect, effectiveTurns, turnsDrawn } = sample
  if (designEffect <= designEffectWarning) return null
  const effect = String(Number(designEffect.toPrecision(2)))
  const worth = countThings(Math.round(effectiveTurns), 'turn', 'turns')
  return say`The weights of the turns are very unequal (design effect ${effect}): ${turnsDrawn} drawn are worth ${worth} of equal weight.`
}

function sayExcluded({ sample }: RecordSummary): Text | null {
  const { conversationsExpired, conversationsErased, conversationsWithoutConsent } = sample
  const count = (conversations: number, one: string, many: string) =>
    conversations === 0
      ? []
      : [say`${countThings(conversations, `conversation ${one}`, `conversations ${many}`)}`]
  const reasons = [
    ...count(conversationsExpired, 'has expired', 'have expired'),
    ...count(conversationsErased, 'was erased', 'were erased'),
    ...count(conversationsWithoutConsent, 'lacks consent', 'lack consent'),
  ]
  if (reasons.length === 0) return null
  const total = conversationsExpired + conversationsErased + conversationsWithoutConsent
  return say`${joinTexts(reasons, ', ')} and ${total === 1 ? 'is' : 'are'} left out.`
}

function sayAmended({ plan, history }: RecordSummary): Text | null {
  // Then all of them are said, with what they came after.
  if (history.kind === 'kept' && history.registration.kind === 'amended') return null
  const amendments = listAmendments(plan)
  const last = amendments.at(-1)
  if (last === undefined) return null
  const before = amendments.length > 1 ? ` (${formatCount(amendments.length)} in all)` : ''
  return joinTexts([say`The registration was amended${before}.`, last])
}
