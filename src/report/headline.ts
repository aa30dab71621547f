import type { CategoryEstimate } from '../estimate/estimate.ts'
import type { RecordSummary } from '../record/schema.ts'
import type { CategoryReason, Verdict } from '../verdict/schema.ts'
import { chooseArmUnit, phraseReason } from './category-row.ts'
import { explainStop } from './facts.ts'
import { countThings, formatBound, formatIn, formatLimit, formatP } from './format.ts'
import { countMissing, listCauses, sumCauses } from './missing.ts'
import { type DecidedCategory, sayNextAction } from './next-action.ts'
import { formatCount, joinTexts, say, type Text, verbatim } from './text.ts'

interface Question extends DecidedCategory {
  record: RecordSummary
  /** How many tests can fail the candidate. */
  tests: number
}

// What has to be cleared away first comes first.
const inconclusiveOrder: readonly CategoryReason[] = [
  'not-asked',
  'judge',
  'measurement',
  'suspect',
  'underpowered',
]

/** What follows the verdict's word in the first line: the category that caused it and the next action. */
export function sayFinding(request: {
  record: RecordSummary
  verdict: Verdict
  categories: readonly DecidedCategory[]
}): Text {
  const { record, verdict, categories } = request
  if (verdict.verdict === 'invalid') {
    return say`the measurement can't be trusted. ${listReasons(verdict)}`
  }
  if (verdict.verdict === 'unchanged') return say`the checkpoint is the baseline's.`
  const changed = sayModelChange(record) ?? sayWrongModel(record)
  if (changed !== null && verdict.verdict === 'inconclusive') return changed
  const blocking = categories.filter((category) => category.verdict.role === 'block')
  if (verdict.verdict === 'pass') return sayPass({ record, categories, blocking: blocking.length })
  const decisive = rankDecisive(blocking.filter((category) => category.verdict.verdict === verdict.verdict))
  const [first] = decisive
  if (first === undefined) return sayUndecided(verdict)
  const question = {
    ...first,
    record,
    tests: blocking.reduce((sum, { estimate }) => sum + (estimate.limit === null ? 1 : 2), 0),
  }
  return joinTexts([
    sayCause(question),
    sayOthers(decisive.length - 1, verdict.verdict),
    sayNextAction(question),
  ])
}

function sayUndecided(verdict: Verdict): Text {
  if (verdict.reasons.length > 0) return say`no verdict follows from the record. ${listReasons(verdict)}`
  return say`no category blocks, so that nothing could pass. Give a category of the policy the role ${verbatim('block')}.`
}

function sayOthers(others: number, verdict: string): Text {
  if (others === 0) return []
  return say`${countThings(others, 'other category is', 'other categories are')} ${verdict.toUpperCase()}.`
}

function rankDecisive(decisive: readonly DecidedCategory[]): DecidedCategory[] {
  const rank = ({ verdict }: DecidedCategory) =>
    verdict.verdict === 'inconclusive' ? inconclusiveOrder.indexOf(verdict.reason) : 0
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

/** The baseline's answers in the candidate's place, or `null`. */
function sayWrongModel({ plan, arms }: RecordSummary): Text | null {
  if (plan.baseline === plan.candidate || !Object.hasOwn(arms.candidate.models, plan.baseline)) return null
  return say`${verbatim(plan.baseline)}, the baseline, answered at the candidate's endpoint, so that ${verbatim(plan.candidate)} was not measured. Serve it there or correct the address, then measure again from the start.`
}

/** "2 models answered as the candidate …", or `null` when each arm is one model's. */
export function sayModelChange(record: RecordSummary): Text | null {
  const arm = (['candidate', 'baseline'] as const).find(
    (name) => Object.keys(record.arms[name].models).length > 1,
  )
  if (arm === undefined) return null
  const models = Object.entries(record.arms[arm].models).toSorted(([, a], [, b]) => b - a)
  const shown = models.slice(0, 3).map(([model, count]) => say`${verbatim(model)} ${count}`)
  const rest = models.length > 3 ? say`${models.length - 3} more` : []
  const list = joinTexts([...shown, rest], ', ')
  return say`${models.length} models answered as the ${arm} (${list}), so that no one checkpoint was measured. Pin its endpoint to one, then measure again from the start.`
}

function sayPass(request: {
  record: RecordSummary
  categories: readonly DecidedCategory[]
  blocking: number
}): Text {
  const { record, categories, blocking } = request
  const watched = categories.filter(({ verdict }) => verdict.role === 'watch' && verdict.verdict === 'fail')
  const turns = countThings(record.sample.turnsDrawn, 'turn', 'turns')
  const scope = `${countThings(blocking, 'category', 'categories')}, ${turns}`
  const pass = say`no category is worse than the baseline or over its limit (${scope}).`
  const [first] = watched
  if (first === undefined) return pass
  const others = watched.length > 1 ? ` and ${formatCount(watched.length - 1)} more` : ''
  return say`no blocking category is worse than the baseline or over its limit (${scope}). Watched, not blocking: ${verbatim(first.verdict.id)} is ${phraseReason({ ...first, plan: record.plan })}${others}.`
}

function sayCause(question: Question): Text {
  const { estimate, verdict } = question
  const { plan } = question.record
  const { candidate, baseline, regression, limit } = estimate
  const id = verbatim(verdict.id)
  const against = `, baseline ${describeRate(estimate, 'baseline')}: worse than the baseline`
  const limits = limit === null ? '' : `, limit ${formatLimit(limit.limitPer100k, chooseArmUnit(candidate))}`
  switch (verdict.reason) {
    case 'worse-than-baseline':
      return say`${id} ${describeRate(estimate, 'candidate')}${against} (${formatP(regression.pFail)}).`
    case 'over-limit':
      return say`${id} ${describeRate(estimate, 'candidate', 'at least')}${limits}: over its limit.`
    case 'suspect': {
      const worse = regression.pFail <= plan.policy.gate.regressionAlpha
      const own = worse
        ? `${describeRate(estimate, 'candidate')}${against} by its own test (${formatP(regression.pFail)})`
        : `${describeRate(estimate, 'candidate', 'at least')}${limits}: over its limit by its own test (${formatP(limit?.pAbove ?? 1)})`
      const level = Math.max(plan.policy.gate.alpha, plan.policy.gate.regressionAlpha)
      const adjusted =
        verdict.p_adjusted === null ? '' : ` (adjusted ${formatP(verdict.p_adjusted)} at α = ${level})`
      return say`${id} ${own}, not by the one over all categories${adjusted}.`
    }
    case 'measurement':
    case 'judge': {
      const lost = countMissing(candidate) + countMissing(baseline)
      const planned = candidate.planned + baseline.planned
      const counts = `${formatCount(lost)} of ${formatCount(planned)} missing (${listCauses(sumCauses(estimate))})`
      return say`${id}: ${phraseReason({ ...question, plan })}, ${counts}.`
    }
    case 'not-asked': {
      const unasked = candidate.notAsked + baseline.notAsked
      return say`${unasked} of ${candidate.planned + baseline.planned} turns of both arms were not asked in ${id}, ${explainStop(question.record)}.`
    }
    default:
      return say`${id} ${describeRate(estimate, 'candidate', 'at most')}${limits}.`
  }
}

function describeRate(
  estimate: CategoryEstimate,
  name: 'baseline' | 'candidate',
  bound?: 'at least' | 'at most',
): string {
  const { events, graded, ratePer100k, lowerPer100k, upperPer100k } = estimate[name]
  const counts = `${formatCount(events)} of ${formatCount(graded)}`
  if (ratePer100k === null) return counts
  const weighted = estimate.method === 'exact' ? '' : 'weighted '
  const per100k = bound === 'at least' ? lowerPer100k : upperPer100k
  const unit = chooseArmUnit(estimate[name])
  const shown = formatBound(unit, per100k, estimate.limit?.limitPer100k ?? null)
  const bounds = bound === undefined ? '' : `, ${bound} ${shown}`
  return `${counts} (${weighted}${formatIn(unit, ratePer100k)}${bounds})`
}
