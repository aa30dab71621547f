import { expect } from '@jest/globals'
import type { RunRecord } from '../../src/record/schema.ts'
import type { Verdict } from '../../src/verdict/schema.ts'

/** Expects planned = graded + missing + not asked, for every arm and category. */
export function expectReconciled({ verdict }: { verdict: Verdict }, planned: number): void {
  for (const category of verdict.categories) {
    for (const arm of [category.candidate, category.baseline]) {
      expect(arm.planned).toBe(planned)
      expect(arm.graded + arm.missing + arm.not_asked).toBe(planned)
      expect(arm.events).toBeLessThanOrEqual(arm.graded)
    }
  }
}

/** How many requests to the arms ended how: completed, failed, not asked. */
export function countKinds(record: RunRecord): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { completion } of record.completions)
    counts[completion.kind] = (counts[completion.kind] ?? 0) + 1
  return counts
}
