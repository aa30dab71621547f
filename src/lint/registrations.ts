import { GateError } from '../errors.ts'
import type { SourceText } from '../policy/document.ts'
import { checkJudge } from '../policy/load.ts'
import { formatRate } from '../policy/rate.ts'
import { parseRegistration } from '../registration/load.ts'
import { readRegistrations } from '../registration/read.ts'
import type { Registration } from '../registration/schema.ts'
import { collect, type LintRequest, type LintResult, report, type WrittenPolicy } from './result.ts'

/** A registration, and the text that it was read from. */
export interface WrittenRegistration {
  source: SourceText
  registration: Registration
}

/** Checks every registration. Returns those that fit the policy. */
export async function lintRegistrations(
  request: LintRequest,
  { policy, source: policySource }: WrittenPolicy,
  result: LintResult,
): Promise<WrittenRegistration[]> {
  const seen = new Map<string, string>()
  const written: WrittenRegistration[] = []
  for (const source of await readRegistrations({ ...request, folder: policy.registrations })) {
    await collect(result, async () => {
      const registration = parseRegistration(source, policy)
      const { candidate } = registration
      const before = seen.get(candidate)
      seen.set(candidate, source.file)
      if (before !== undefined) throw refuseSecond(source, { candidate, before })
      written.push({ source, registration })
      result.checked.push(`registration ${source.file}: candidate ${candidate}`)
      lintPredictions({ source, registration }, result)
      checkJudge({ policy, file: policySource.file, checkpoints: [candidate] })
    })
  }
  return written
}

/** It changes no verdict: who predicts a rate outside the interval has mistaken one of the two. */
function lintPredictions({ source, registration }: WrittenRegistration, result: LintResult): void {
  registration.predictions.forEach(({ ratePer100k, intervalPer100k: [low, high] }, index) => {
    if (ratePer100k >= low && ratePer100k <= high) return
    report(result, {
      code: 'registration',
      message: `the predicted ${formatRate(ratePer100k)} lies outside its own interval, ${formatRate(low)} to ${formatRate(high)}`,
      place: { source, path: ['predictions', index, 'rate'] },
      remedy: 'correct the rate or the interval; no verdict depends on the interval',
    })
  })
}

function refuseSecond(source: SourceText, twice: { candidate: string; before: string }): GateError {
  return new GateError({
    code: 'registration',
    message: `${twice.before} is for "${twice.candidate}" too`,
    where: { file: source.file, field: 'candidate' },
    remedy: 'keep one of them',
  })
}
