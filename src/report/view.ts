import type { CategoryEstimate } from '../estimate/estimate.ts'
import type { SliceEstimate } from '../estimate/slices.ts'
import type { Policy } from '../policy/schema.ts'
import type { ReviewItem } from '../record/review.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { Decision, Verdict } from '../verdict/schema.ts'
import { type AttemptRow, listAttempts } from './attempts.ts'
import { listBanners } from './banners.ts'
import { buildCategoryRow, type CategoryRow } from './category-row.ts'
import type { DecidedCategory } from './decided-category.ts'
import {
  listAmendments,
  listPlanFacts,
  listPlanParts,
  listSignals,
  listSpending,
  type PlanPartRow,
  type SignalRow,
} from './facts.ts'
import { countThings } from './format.ts'
import { buildGraders, type GradersView, listGraderBanners } from './graders-section.ts'
import { chooseWord, sayFinding } from './headline.ts'
import { listHistory, listHistoryNotices } from './history.ts'
import { listIdentities } from './identity.ts'
import { type ReconciliationRow, reconcile } from './missing.ts'
import { listNotices } from './notices.ts'
import { countAskedOf } from './pass.ts'
import { listPolicyChanges } from './policy-changes.ts'
import { buildPredicate, type Predicate } from './predicate.ts'
import { listReading } from './reading.ts'
import { buildReview, type ReviewView } from './review.ts'
import { listSampleFacts } from './sample-facts.ts'
import { rankSlices, type SlicesView, sayConcentrated } from './slices.ts'
import { listTableNotes } from './table-notes.ts'
import { type Fact, formatCount, formatPlain, say, type Text, verbatim } from './text.ts'
import { listToolSignals } from './tool-signals.ts'

/** Everything that the reporters print, computed and put in words, but not yet escaped for any of them. */
export interface ReportView {
  /** The verdict, the category that caused it, and the next action with its price: one line, inert. */
  headline: string
  /** The headline for sinks that set apart what is not ours: `FAIL, audit pending`, and what follows the colon. */
  word: Text
  finding: Text
  verdict: Verdict['verdict']
  conclusion: Verdict['conclusion']
  candidate: string
  baseline: string
  planDigest: string
  /** What was compared, in a sentence. */
  comparison: Text
  /** How far it is known which checkpoint answered, and what that rests on: a sentence an arm. */
  identity: Text[]
  /** What was before this run, where that bears on its verdict: other attempts, a standing FAIL, who answers for it. */
  history: Text[]
  /** What speaks against believing the table. */
  banners: Text[]
  /** What the change under test would change of the policy, after a sentence that says so; empty where nothing. */
  policyChanges: Text[]
  /** How the run went, where that is not plain. */
  notices: Text[]
  /** What fails first, then what is undecided, then what is watched, then what passes. */
  categories: CategoryRow[]
  /** Below the table: what its marks mean, and where an excess is concentrated. */
  notes: Text[]
  /** One sentence for each category in which anything is missing. */
  missing: Text[]
  reconciliation: ReconciliationRow[]
  signals: SignalRow[]
  /** How far the graders are to be believed. */
  graders: GradersView
  slices: SlicesView
  /** What people should read. */
  review: ReviewView
  sample: Fact[]
  plan: Fact[]
  /** What each part of the plan has for a digest. */
  planParts: PlanPartRow[]
  spending: Fact[]
  amendments: Text[]
  /** All attempts on the candidate, this one among them; empty where there was no other. */
  attempts: AttemptRow[]
  /** How to read the table. */
  reading: Text[]
  /** The result for machines, to be signed. */
  predicate: Predicate
}

const shownSlices = 200
const verdictOrder: readonly Decision[] = ['fail', 'inconclusive', 'pass']

/** Puts into words what was measured and decided. Pure: the same arguments give the same view. */
export function buildView(request: {
  record: RecordSummary
  estimates: readonly CategoryEstimate[]
  verdict: Verdict
  prices: Policy['prices']
  slices?: readonly SliceEstimate[]
  review?: readonly ReviewItem[]
}): ReportView {
  const { record, estimates, verdict, prices, slices = [], review = [] } = request
  const categories = joinCategories(request)
  const rows = categories.map(buildCategoryRow).toSorted((a, b) => rankRow(a) - rankRow(b))
  const word = chooseWord({ record, verdict, categories })
  const finding = sayFinding({ record, verdict, categories })
  const concentrated = sayConcentrated(slices)
  return {
    headline: `${formatPlain(word)}: ${formatPlain(finding)}`,
    word,
    finding,
    verdict: verdict.verdict,
    conclusion: verdict.conclusion,
    candidate: verdict.candidate,
    baseline: verdict.baseline,
    planDigest: verdict.plan_digest,
    comparison: sayComparison(request),
    identity: listIdentities(record),
    history: listHistory(record, verdict),
    banners: [...listBanners(record, verdict), ...listGraderBanners(request)],
    policyChanges: listPolicyChanges(record),
    notices: [...listHistoryNotices(record), ...listNotices(request)],
    categories: rows,
    notes: [...listTableNotes(rows), ...(concentrated === null ? [] : [concentrated])],
    missing: rows.flatMap((row) => (row.missing === null ? [] : [row.missing])),
    reconciliation: reconcile(estimates),
    signals: [...listSignals(record), ...listToolSignals(record)],
    graders: buildGraders(request),
    slices: rankSlices(slices, shownSlices),
    review: buildReview(review, record),
    sample: listSampleFacts(record),
    plan: listPlanFacts(record, verdict),
    planParts: listPlanParts(record),
    spending: listSpending(record, prices),
    amendments: listAmendments(record.plan),
    attempts: listAttempts(record, verdict),
    reading: listReading(request),
    predicate: buildPredicate(record, verdict),
  }
}

function joinCategories(request: {
  record: RecordSummary
  estimates: readonly CategoryEstimate[]
  verdict: Verdict
}): DecidedCategory[] {
  const { record, estimates, verdict } = request
  const planned = new Map(record.plan.policy.categories.map((category) => [category.id, category]))
  const estimated = new Map(estimates.map((estimate) => [estimate.category, estimate]))
  return verdict.categories.flatMap((decided) => {
    const category = planned.get(decided.id)
    const estimate = estimated.get(decided.id)
    return category === undefined || estimate === undefined
      ? []
      : [{ record, category, estimate, verdict: decided }]
  })
}

function sayComparison(request: {
  record: RecordSummary
  estimates: readonly CategoryEstimate[]
  verdict: Verdict
}): Text {
  const { record, estimates, verdict } = request
  const drawn = record.sample.turnsDrawn
  const turns = countThings(drawn, 'turn', 'turns')
  const asked =
    record.stopped === 'decided' ? `${formatCount(countAskedOf(estimates))} of ${turns}` : `the same ${turns}`
  return say`Candidate ${verbatim(verdict.candidate)} against baseline ${verbatim(verdict.baseline)} on ${asked}.`
}

function rankRow({ verdict, role }: CategoryRow): number {
  const watched = role === 'watch' && verdict !== 'pass' ? verdictOrder.length : 0
  return verdict === 'pass' ? 2 * verdictOrder.length : verdictOrder.indexOf(verdict) + watched
}
