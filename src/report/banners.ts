import type { RecordSummary } from '../record/schema.ts'
import type { Verdict } from '../verdict/schema.ts'
import { explainStop, listAmendments } from './facts.ts'
import { countThings } from './format.ts'
import { sayModelChange } from './headline.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

/** What a reader has to know before believing the table, the gravest first. */
export function listBanners(record: RecordSummary, verdict: Verdict): Text[] {
  const { commits, stopped } = record
  return [
    sayModelChange(record),
    saySameModel(record),
    stopped === null ? null : say`Stopped early: ${explainStop(record)}.`,
    commits.policyDiffersInHead
      ? say`This pull request changes the policy. The change applies after the merge; the base's policy decided.`
      : null,
    commits.trustAnchor === 'none'
      ? say`No trust anchor: policy and registration were taken as they were given, not from a base commit.`
      : null,
    sayRecorded(record),
    sayShortSample(record),
    sayExpired(record),
    sayWarnOnly(verdict),
    sayAmended(record),
  ].filter((banner) => banner !== null)
}

// An endpoint that serves the baseline to both arms would measure nothing, and pass.
function saySameModel({ arms }: RecordSummary): Text | null {
  const [baseline, candidate] = [Object.keys(arms.baseline.models), Object.keys(arms.candidate.models)]
  const [model] = baseline
  if (baseline.length !== 1 || candidate.length !== 1 || model === undefined || model !== candidate[0])
    return null
  return say`Both arms were answered by ${verbatim(model)}. Unless the endpoints name every checkpoint so, the candidate was not measured.`
}

function sayRecorded({ arms, judge }: RecordSummary): Text | null {
  const parties = { candidate: arms.candidate.source, baseline: arms.baseline.source, judge: judge?.source }
  const recorded = Object.entries(parties)
    .filter(([, source]) => source?.kind === 'recorded')
    .map(([name]) => name)
  if (recorded.length === 0) return null
  return say`The answers of ${recorded.join(', ').replace(/, (?=[^,]*$)/, ' and ')} are recorded, not replayed.`
}

function sayShortSample({ sample }: RecordSummary): Text | null {
  if (sample.turnsDrawn >= sample.turnsAsked) return null
  const corpus = countThings(sample.conversations, 'conversation', 'conversations')
  return say`The corpus has ${corpus}: all are used, ${countThings(sample.turnsAsked, 'turn was', 'turns were')} asked.`
}

function sayExpired({ sample }: RecordSummary): Text | null {
  const expired = sample.conversationsExpired
  if (expired === 0) return null
  return say`${countThings(expired, 'conversation has', 'conversations have')} expired and ${expired === 1 ? 'is' : 'are'} left out.`
}

function sayWarnOnly(verdict: Verdict): Text | null {
  if (verdict.verdict === 'pass' || verdict.verdict === 'unchanged' || verdict.conclusion !== 'success')
    return null
  return say`The check is green because the policy says ${verbatim('on_inconclusive: warn')}. This is not a pass.`
}

function sayAmended({ plan }: RecordSummary): Text | null {
  const amendments = listAmendments(plan)
  const last = amendments.at(-1)
  if (last === undefined) return null
  const before = amendments.length > 1 ? ` (${formatCount(amendments.length)} in all)` : ''
  return joinTexts([say`The registration was amended${before}.`, last])
}
