import type { ReportView } from '../view.ts'

/** `predicate.json`, which another job can sign: the same bytes from a run and from its record. */
export function renderPredicate({ predicate }: Pick<ReportView, 'predicate'>): string {
  return JSON.stringify(predicate, null, 2)
}
