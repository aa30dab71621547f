import { type CategoryEstimate, estimateCategories } from './estimate/estimate.ts'
import type { Policy } from './policy/schema.ts'
import type { RunRecord } from './record/schema.ts'
import { decideVerdict } from './verdict/decide.ts'
import type { Verdict } from './verdict/schema.ts'

/** A verdict and everything that it follows from. */
export interface Decided {
  record: RunRecord
  estimates: CategoryEstimate[]
  verdict: Verdict
  prices: Policy['prices']
}

/** What follows from a record: the same from a run and from its files. */
export function decideRecord(record: RunRecord): Omit<Decided, 'prices'> {
  const estimates = estimateCategories(record)
  return { record, estimates, verdict: decideVerdict(record.summary, estimates) }
}
