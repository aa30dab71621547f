import { listParts } from '../plan/parts.ts'
import type { Plan } from '../plan/plan.ts'
import type { Policy } from '../policy/schema.ts'
import type { Arm, ModelSource } from '../ports.ts'
import { priceUsage } from '../record/build.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { Verdict } from '../verdict/schema.ts'
import { countAttempts, nameRun } from './attempts.ts'
import { isByPoints } from './decided-category.ts'
import {
  countThings,
  formatConfidence,
  formatDuration,
  formatLevel,
  formatShare,
  formatUsd,
} from './format.ts'
import { sayFingerprints, sayIdentity } from './identity.ts'
import { describeStopping } from './sample-facts.ts'
import { type Fact, formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

const shownNames = 5
const shownParts = 20
/** People write sentences there. */
const longestReason = 400

/** What fixes the measurement, and where its parts were read. */
export function listPlanFacts(record: RecordSummary, verdict: Verdict): Fact[] {
  const { plan, planDigest, commits, gateVersion } = record
  const { bounds, regression } = verdict.alpha
  const shown = isByPoints(record) ? ', shown and not deciding' : ''
  const graders = record.graders.map((use) => ({ name: nameGrader(use), value: describeGrader(use) }))
  return [
    { name: 'Candidate', value: describeArm(plan.candidate, record.arms.candidate) },
    { name: 'Baseline', value: describeArm(plan.baseline, record.arms.baseline) },
    { name: 'Which candidate answered', value: describeIdentity(record, 'candidate') },
    { name: 'Which baseline answered', value: describeIdentity(record, 'baseline') },
    ...graders,
    { name: 'Plan digest', value: say`${verbatim(planDigest)}` },
    { name: 'Digests of its parts', value: shortenParts(record) },
    { name: 'Bounds', value: say`one-sided, each at ${formatConfidence(bounds)}${shown}` },
    {
      name: 'Worse than the baseline',
      value: say`exact one-sided test at α = ${formatLevel(regression)}`,
    },
    { name: 'Early stopping', value: describeStopping(record) },
    { name: 'Policy read at', value: say`${verbatim(commits.policy)}` },
    { name: 'Attempt', value: say`${countAttempt(record)}, gate version ${verbatim(gateVersion)}` },
  ]
}

function describeIdentity(record: RecordSummary, arm: Arm): Text {
  return say`${sayIdentity(record, arm)}${sayFingerprints(record, arm)}`
}

/** Which attempt on the candidate where that is known, else which of the workflow run. */
function countAttempt(record: RecordSummary): Text {
  const counted = countAttempts(record)
  return counted === null
    ? say`${record.run.attempt}`
    : say`${counted.number} on this candidate (${nameRun(record.run)})`
}

/** The first digits of each part's digest: enough to see by eye what two runs differ in. */
function shortenParts({ planParts }: RecordSummary): Text {
  const parts = listParts(planParts)
  const shown = parts
    .slice(0, shownParts)
    .map(({ key, sha256 }) => say`${verbatim(key)} ${verbatim(sha256.slice(0, 8))}`)
  const left = parts.length - shown.length
  return joinTexts([...shown, left === 0 ? [] : say`${left} more`], ', ')
}

/** Each part of the plan with its whole digest. */
export function listPlanParts({ planParts }: RecordSummary): PlanPartRow[] {
  return listParts(planParts).map(({ key, sha256 }) => ({ name: say`${verbatim(key)}`, sha256 }))
}

/** A part of the plan, and its digest. */
export interface PlanPartRow {
  name: Text
  sha256: string
}

function nameGrader({ endpoint }: RecordSummary['graders'][number]): string {
  return `${endpoint.charAt(0).toUpperCase()}${endpoint.slice(1)}`
}

function describeGrader({ model, answeredAs, source }: RecordSummary['graders'][number]): Text {
  const names = Object.keys(answeredAs).filter((name) => name !== model)
  const shown = names.slice(0, shownNames).map((name) => say`${verbatim(name)}`)
  const answered = names.length === 0 ? [] : say`, answered as ${joinTexts(shown, ', ')}`
  return say`${model === '' ? 'no model named' : verbatim(model)}${answered}${describeSource(source)}`
}

function describeArm(id: string, arm: RecordSummary['arms']['candidate']): Text {
  const models = Object.entries(arm.models).toSorted(([, a], [, b]) => b - a)
  const named = models
    .slice(0, shownNames)
    .map(([model, count]) => say`${verbatim(model)} ${countThings(count, 'time', 'times')}`)
  const rest = models.length > shownNames ? [say`${models.length - shownNames} more`] : []
  const answered =
    named.length === 0 ? say`no answer` : say`answered as ${joinTexts([...named, ...rest], ', ')}`
  return say`${verbatim(id)}, ${answered}${describeSource(arm.source)}`
}

function describeSource(source: ModelSource): Text {
  return source.kind === 'live' ? [] : say`, recorded (${verbatim(`sha256:${source.sha256}`)})`
}

/** What it took: requests, tokens and prices by model, time. */
export function listSpending(record: RecordSummary, prices: Policy['prices']): Fact[] {
  const { cost, timing, plan, arms, graders } = record
  const spent = [
    { name: 'Candidate', model: plan.candidate, usage: arms.candidate.usage },
    { name: 'Baseline', model: plan.baseline, usage: arms.baseline.usage },
    ...graders.map((use) => ({ name: nameGrader(use), model: use.model, usage: use.usage })),
  ]
  return [
    { name: 'Cost', value: say`${formatCost(cost.usd)}` },
    { name: 'Requests', value: say`${cost.requests}` },
    ...spent.map((entry) => ({
      name: `${entry.name} tokens`,
      value: say`${entry.usage.promptTokens} in, ${entry.usage.completionTokens} out, ${formatCost(priceUsage([entry], prices))}`,
    })),
    { name: 'Started', value: say`${verbatim(timing.startedAt)}, took ${formatDuration(timing.elapsedMs)}` },
  ]
}

function formatCost(usd: number | null): string {
  return usd === null ? 'price not known' : formatUsd(usd)
}

/** One line of what completions look like without any judge. */
export interface SignalRow {
  name: Text
  baseline: string
  candidate: string
}

/** Refusals, tool calls, finish reasons and length, per arm: shown, never deciding. */
export function listSignals({ arms }: RecordSummary): SignalRow[] {
  const [baseline, candidate] = [arms.baseline.signals, arms.candidate.signals]
  const share = (name: Text, count: (signals: typeof baseline) => number): SignalRow => ({
    name,
    baseline: formatShare(count(baseline), baseline.completions),
    candidate: formatShare(count(candidate), candidate.completions),
  })
  const totals = new Map<string, number>()
  for (const { finishReasons } of [baseline, candidate]) {
    for (const [reason, count] of Object.entries(finishReasons)) {
      totals.set(reason, (totals.get(reason) ?? 0) + count)
    }
  }
  const reasons = [...totals.keys()].toSorted((a, b) => (totals.get(b) ?? 0) - (totals.get(a) ?? 0))
  const [shown, others] = [reasons.slice(0, shownNames), reasons.slice(shownNames)]
  const sum = (signals: typeof baseline) =>
    others.reduce((total, reason) => total + (signals.finishReasons[reason] ?? 0), 0)
  return [
    {
      name: say`completions`,
      baseline: formatCount(baseline.completions),
      candidate: formatCount(candidate.completions),
    },
    share(say`refusals`, (signals) => signals.refusals),
    share(say`with tool calls`, (signals) => signals.toolCalls),
    ...shown.map((reason) =>
      share(say`finished with ${verbatim(reason)}`, (signals) => signals.finishReasons[reason] ?? 0),
    ),
    ...(others.length === 0
      ? []
      : [share(say`finished with ${countThings(others.length, 'other reason', 'other reasons')}`, sum)]),
    {
      name: say`median length in characters`,
      baseline: formatLength(baseline),
      candidate: formatLength(candidate),
    },
  ]
}

function formatLength({ charactersMedian }: { charactersMedian: number | null }): string {
  return charactersMedian === null ? '–' : formatCount(charactersMedian)
}

/** The registration's amendments: numbered and dated, each with its reason. */
export function listAmendments({ registration }: Plan): Text[] {
  return registration.amendments.map(
    ({ number, date, reason }) =>
      say`Amendment ${number} of ${verbatim(date)}: ${verbatim(reason, longestReason)}`,
  )
}
