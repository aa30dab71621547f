import { GateError } from '../errors.ts'
import type { ForecastSetting } from '../forecast/forecast-setting.ts'
import { findUnresolved } from '../forecast/resolution.ts'
import type { SourceText } from '../policy/document.ts'
import { checkJudge } from '../policy/load.ts'
import { formatRate } from '../policy/rate.ts'
import { readDocuments } from '../policy/read-documents.ts'
import { listMisfits, locate, readRegistration } from '../registration/load.ts'
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
  for (const source of await readDocuments({ ...request, folder: policy.registrations })) {
    await collect(result, async () => {
      const registration = readRegistration(source)
      const { candidate } = registration
      const misfits = listMisfits({ source, registration, policy })
      const before = seen.get(candidate)
      seen.set(candidate, source.file)
      if (before !== undefined) throw refuseSecond(source, { candidate, before })
      result.problems.push(...misfits)
      if (misfits.length > 0) return
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

/** A prediction that the turns can't resolve says less than it seems to. */
export function lintResolution(
  { source, registration }: WrittenRegistration,
  setting: ForecastSetting,
  result: LintResult,
): void {
  registration.predictions.forEach((prediction, index) => {
    const category = setting.plan.policy.categories.find(({ id }) => id === prediction.category)
    if (category === undefined) return
    const found = findUnresolved({ setting, category, prediction, baseline: null, independence: 1 })
    for (const { field, message, remedy } of found) {
      const place = { source, path: ['predictions', index, field] }
      report(result, { code: 'registration', message, remedy, place })
    }
  })
}

function refuseSecond(source: SourceText, twice: { candidate: string; before: string }): GateError {
  return new GateError({
    code: 'registration',
    message: `${twice.before} is for "${twice.candidate}" too`,
    where: { ...locate(source, ['candidate']), field: 'candidate' },
    remedy: 'keep one of them',
  })
}
