import { findSharedFamilies, listJudges } from '../policy/model-family.ts'
import type { Policy } from '../policy/schema.ts'
import type { WrittenRegistration } from './registrations.ts'
import type { LintResult } from './result.ts'

/** Warns of a judge that is of a checkpoint's family, as far as the ids tell. */
export function lintJudges(parts: {
  policy: Policy
  /** The checkpoint that is served; `null` when it is not known. */
  served: string | null
  registrations: readonly WrittenRegistration[]
  result: LintResult
}): void {
  const { policy, served, registrations, result } = parts
  const candidates = registrations.map(({ registration }) => registration.candidate)
  const shared = findSharedFamilies({
    judges: listJudges(policy.categories),
    checkpoints: [...(served === null ? [] : [served]), ...candidates],
  })
  for (const { family, judge, checkpoint } of shared)
    result.warnings.push(
      `the judge ${judge} is of the same family (${family}) as the checkpoint ${checkpoint}: it may overlook what both get wrong; take a judge of another family`,
    )
}
