import type { decideRecord } from '../../src/decide-record.ts'
import type { Cell } from './cell.ts'

/** Replicates counted, by what came out. Plain numbers, so that parts of a cell can be added. */
export interface Tally {
  replicates: number
  pass: number
  fail: number
  inconclusive: number
  /** Passed as a whole although a category breaks a rule or is worse. */
  falsePass: number
  /** A category failed that breaks no rule. */
  falseFail: number
  /** Bounds of the candidate's rates, and those that have the true rate on their inner side. */
  bounds: number
  lowerHolds: number
  upperHolds: number
  /** Completions. */
  asked: number
  planned: number
  /** Verdicts on categories by `verdict: reason`. */
  reasons: Record<string, number>
}

/** Nothing counted yet. */
export function emptyTally(): Tally {
  return {
    replicates: 0,
    pass: 0,
    fail: 0,
    inconclusive: 0,
    falsePass: 0,
    falseFail: 0,
    bounds: 0,
    lowerHolds: 0,
    upperHolds: 0,
    asked: 0,
    planned: 0,
    reasons: {},
  }
}

/** What the true rates of a category make of a verdict on it. */
export interface Truth {
  /** Over its limit or its margin, or exactly at it: a PASS is wrong, and how often is bounded. */
  breaksRule: boolean
  /** Worse than the baseline where that fails: a PASS is wrong, but no test bounds how often. */
  isWorse: boolean
  /** A FAIL is right. Exactly at a limit neither verdict is. */
  mayFail: boolean
}

/** Judges every category of a cell by its true rates. */
export function judgeTruth(cell: Cell): Truth[] {
  const { limitPer100k: limit, marginPer100k: margin, regression } = cell
  return cell.trueRates.map(({ baseline, candidate }) => {
    const isWorse = regression && candidate > baseline
    const isOver = (limit !== null && candidate > limit) || (margin !== null && candidate - baseline > margin)
    const isAt = candidate === limit || candidate - baseline === margin
    return { breaksRule: isOver || isAt, isWorse, mayFail: isOver || isWorse }
  })
}

/** Counts one replicate. */
export function countDecision(cell: Cell, decided: Omit<ReturnType<typeof decideRecord>, 'prices'>): Tally {
  const { verdict, estimates, record } = decided
  const truth = judgeTruth(cell)
  const tally = emptyTally()
  tally.replicates = 1
  if (verdict.verdict === 'pass') tally.pass = 1
  else if (verdict.verdict === 'fail') tally.fail = 1
  else tally.inconclusive = 1
  if (verdict.verdict === 'pass' && truth.some(({ breaksRule, isWorse }) => breaksRule || isWorse))
    tally.falsePass = 1
  if (verdict.categories.some((category, index) => category.verdict === 'fail' && !truth[index]?.mayFail)) {
    tally.falseFail = 1
  }
  for (const [index, { candidate }] of estimates.entries()) {
    const rate = cell.trueRates[index]?.candidate ?? 0
    tally.bounds += 1
    if (candidate.lowerPer100k <= rate) tally.lowerHolds += 1
    if (candidate.upperPer100k >= rate) tally.upperHolds += 1
  }
  tally.planned = record.completions.length
  tally.asked = [...record.completions].filter(({ completion }) => completion.kind !== 'not-asked').length
  for (const { verdict: decision, reason } of verdict.categories) {
    const name = `${decision}: ${reason}`
    tally.reasons[name] = (tally.reasons[name] ?? 0) + 1
  }
  return tally
}

/** The counts of two parts of the same cell together. */
export function addTallies(first: Tally, second: Tally): Tally {
  const sum = { ...first, reasons: { ...first.reasons } }
  for (const [name, count] of Object.entries(second.reasons))
    sum.reasons[name] = (sum.reasons[name] ?? 0) + count
  sum.replicates += second.replicates
  sum.pass += second.pass
  sum.fail += second.fail
  sum.inconclusive += second.inconclusive
  sum.falsePass += second.falsePass
  sum.falseFail += second.falseFail
  sum.bounds += second.bounds
  sum.lowerHolds += second.lowerHolds
  sum.upperHolds += second.upperHolds
  sum.asked += second.asked
  sum.planned += second.planned
  return sum
}
