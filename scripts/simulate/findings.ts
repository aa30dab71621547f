import type { Cell } from './cell.ts'
import { isKept, type Share } from './share.ts'
import { judgeTruth, type Tally } from './tally.ts'

/** A cell and what came out. */
export interface Finding {
  cell: Cell
  tally: Tally
}

/** A rate that the gate keeps its word on, or not. */
export interface PromiseCheck {
  cell: string
  what: 'false PASS' | 'false FAIL' | 'upper bound misses' | 'lower bound misses'
  share: Share
  promised: number
  kept: boolean
}

/** Everything that the gate's word can be held to in a cell. */
export function checkPromises({ cell, tally }: Finding): PromiseCheck[] {
  const { promises } = cell
  const { replicates: runs, bounds } = tally
  const check = (what: PromiseCheck['what'], share: Share, promised: number | null): PromiseCheck[] =>
    promised === null ? [] : [{ cell: cell.name, what, share, promised, kept: isKept(share, promised) }]
  return [
    ...(judgeTruth(cell).some(({ breaksRule }) => breaksRule)
      ? check('false PASS', { count: tally.falsePass, of: runs }, promises.falsePass)
      : []),
    ...(canFailFalsely(cell)
      ? check('false FAIL', { count: tally.falseFail, of: runs }, promises.falseFail)
      : []),
    ...check('upper bound misses', { count: bounds - tally.upperHolds, of: bounds }, promises.bounds),
    ...check('lower bound misses', { count: bounds - tally.lowerHolds, of: bounds }, promises.bounds),
  ]
}

/** Whether a PASS would be wrong. */
export function canPassFalsely(cell: Cell): boolean {
  return judgeTruth(cell).some(({ breaksRule, isWorse }) => breaksRule || isWorse)
}

/** Whether a category could fail that breaks no rule. */
export function canFailFalsely(cell: Cell): boolean {
  return judgeTruth(cell).some(({ mayFail }) => !mayFail)
}

/** The verdict that is right; `null` exactly at a limit, where neither is. */
export function findRightVerdict(cell: Cell): 'pass' | 'fail' | null {
  if (judgeTruth(cell).some(({ mayFail }) => mayFail)) return 'fail'
  return canPassFalsely(cell) ? null : 'pass'
}
