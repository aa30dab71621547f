import type { CategoryEstimate } from '../estimate/estimate.ts'
import type { Policy } from '../policy/schema.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { Decision, Verdict } from '../verdict/schema.ts'
import { listBanners } from './banners.ts'
import { buildCategoryRow, type CategoryRow } from './category-row.ts'
import {
  type Fact,
  listAmendments,
  listPlanFacts,
  listSampleFacts,
  listSignals,
  listSpending,
  rankSlices,
  type SignalRow,
  type SliceRow,
} from './facts.ts'
import { formatConfidence } from './format.ts'
import { sayFinding } from './headline.ts'
import { type ReconciliationRow, reconcile } from './missing.ts'
import { formatPlain, say, type Text, verbatim } from './text.ts'

/** Everything that the reporters print, computed and put in words, but not yet escaped for any of them. */
export interface ReportView {
  /** The verdict, the category that caused it, and the next action with its price: one line, inert. */
  headline: string
  /** The headline for sinks that set apart what is not ours: `FAIL`, and what follows the colon. */
  word: string
  finding: Text
  verdict: Verdict['verdict']
  conclusion: Verdict['conclusion']
  candidate: string
  baseline: string
  planDigest: string
  /** What was compared, in a sentence. */
  comparison: Text
  banners: Text[]
  /** What fails first, then what is undecided, then what is watched, then what passes. */
  categories: CategoryRow[]
  /** One sentence for each category in which anything is missing. */
  missing: Text[]
  reconciliation: ReconciliationRow[]
  signals: SignalRow[]
  slices: { rows: SliceRow[]; left: number }
  sample: Fact[]
  plan: Fact[]
  spending: Fact[]
  amendments: Text[]
  /** How to read the table. */
  reading: Text[]
}

const shownSlices = 200
const verdictOrder: readonly Decision[] = ['fail', 'inconclusive', 'pass']

/** Puts into words what was measured and decided. Pure: the same arguments give the same view. */
export function buildView(request: {
  record: RecordSummary
  estimates: readonly CategoryEstimate[]
  verdict: Verdict
  prices: Policy['prices']
}): ReportView {
  const { record, estimates, verdict, prices } = request
  const { plan } = record
  const byId = new Map(estimates.map((estimate) => [estimate.category, estimate]))
  const categories = verdict.categories.flatMap((category) => {
    const estimate = byId.get(category.id)
    return estimate === undefined ? [] : [{ estimate, verdict: category }]
  })
  const rows = categories
    .map((category) => buildCategoryRow({ ...category, plan }))
    .toSorted((a, b) => rankRow(a) - rankRow(b))
  const word = verdict.verdict.toUpperCase()
  const finding = sayFinding({ record, verdict, categories })
  return {
    headline: `${word}: ${formatPlain(finding)}`,
    word,
    finding,
    verdict: verdict.verdict,
    conclusion: verdict.conclusion,
    candidate: verdict.candidate,
    baseline: verdict.baseline,
    planDigest: verdict.plan_digest,
    comparison: say`Candidate ${verbatim(verdict.candidate)} against baseline ${verbatim(verdict.baseline)} on the same ${record.sample.turnsDrawn} turns.`,
    banners: listBanners(record, verdict),
    categories: rows,
    missing: rows.flatMap((row) => (row.missing === null ? [] : [row.missing])),
    reconciliation: reconcile(estimates),
    signals: listSignals(record),
    slices: rankSlices(record.slices, shownSlices),
    sample: listSampleFacts(record),
    plan: listPlanFacts(record),
    spending: listSpending(record, prices),
    amendments: listAmendments(plan),
    reading: listReading(record),
  }
}

function rankRow({ verdict, role }: CategoryRow): number {
  const watched = role === 'watch' && verdict !== 'pass' ? verdictOrder.length : 0
  return verdict === 'pass' ? 2 * verdictOrder.length : verdictOrder.indexOf(verdict) + watched
}

function listReading({ plan }: RecordSummary): Text[] {
  const { alpha, regressionAlpha } = plan.policy.gate
  return [
    say`A cell counts the turns that show the behaviour among those that were graded. “At most” and “at least” are one-sided ${formatConfidence(alpha)} bounds; what is missing is counted against the side that the bound guards, except that failed calls within the missing budget count at ten times the rate of the rest.`,
    say`Worse than the baseline: exact one-sided McNemar test on the turns where the arms differ, at α = ${String(regressionAlpha)}, over all categories together (Holm).`,
    say`A limit is passed only when the whole bound lies within it, and failed only when the whole bound lies above it. Anything else is inconclusive.`,
    say`“Outside” marks a candidate whose rate lies outside the interval that was registered before the run. It never changes a verdict.`,
    say`The grader's labels are taken as they are: what it misses or flags wrongly is in these numbers.`,
  ]
}
