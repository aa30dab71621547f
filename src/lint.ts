import { GateError } from './errors.ts'
import { listRubrics } from './grade/grade.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import { loadRubrics } from './grade/rubrics.ts'
import { lintCalibrations } from './lint/calibrations.ts'
import { lintCategories } from './lint/categories.ts'
import { lintCorpus } from './lint/corpus.ts'
import { lintJudges } from './lint/judges.ts'
import { lintRealism } from './lint/realism.ts'
import { lintRegistrations } from './lint/registrations.ts'
import {
  collect,
  createResult,
  type LintRequest,
  type LintResult,
  report,
  type WrittenPolicy,
} from './lint/result.ts'
import { lintTools } from './lint/tools.ts'
import { hostedJobMinutes, longestHostedMinutes } from './policy/budget-policy.ts'
import { parseCheckpoint } from './policy/checkpoint.ts'
import { checkJudge, parsePolicy } from './policy/load.ts'
import { checkPrices } from './policy/prices.ts'
import type { Policy } from './policy/schema.ts'

export type { LintResult } from './lint/result.ts'

/**
 * Checks policy, checkpoint pointer, registrations, rubrics, calibrations and corpus, and whether what they ask for
 * can be measured; goes on after a problem to find the next.
 */
export async function lint(request: LintRequest): Promise<LintResult> {
  const result = createResult()
  const written = await collect(result, () => lintPolicy(request, result))
  if (written === null) return result
  const served = await collect(result, () => lintCheckpoint(request, written, result))
  const registrations = await lintRegistrations(request, written, result)
  lintJudges({ policy: written.policy, served, registrations, result })
  const rubrics = await lintRubrics(request, written, result)
  const calibrations = await lintCalibrations({ request, written, rubrics, result })
  const sample = await collect(result, () => lintCorpus(request, written, result))
  await lintTools({ request, written, served, registrations, sample, result })
  await lintRealism({ request, written, result })
  lintCategories({ written, registrations, calibrations, sample, result })
  return result
}

async function lintPolicy(request: LintRequest, result: LintResult): Promise<WrittenPolicy> {
  const { repository, sha, policyFile: file } = request
  const text = await repository.read(sha, file)
  if (text === null) {
    throw new GateError({
      code: 'policy',
      message: 'there is no policy',
      where: { file },
      remedy: 'write it, or name its path with --policy',
    })
  }
  const source = { file, text }
  const policy = parsePolicy(source, graderConfigSchema)
  result.checked.push(`policy ${file}: ${policy.categories.length} categories`)
  lintBudget(policy, result)
  if (policy.categories.every(({ role }) => role === 'watch')) {
    report(result, {
      code: 'policy',
      message: 'nothing blocks: with `role: watch` on every category each verdict is inconclusive',
      place: { source, path: ['categories'] },
      remedy: 'take `role: watch` from the categories that are to decide',
    })
  }
  return { policy, source }
}

function lintBudget({ budget: { maxMinutes } }: Policy, result: LintResult): void {
  if (maxMinutes === null || maxMinutes <= longestHostedMinutes) return
  result.warnings.push(
    `budget.max_minutes is ${maxMinutes}: GitHub ends a job on its own runners after 360 minutes, so that the gate ends there after ${hostedJobMinutes} in any case, and a rerun goes on; write a smaller number, or leave it out`,
  )
}

async function lintRubrics(
  request: LintRequest,
  { policy }: WrittenPolicy,
  result: LintResult,
): Promise<Record<string, string>> {
  let texts: Record<string, string> = {}
  for (const reference of listRubrics(policy.categories)) {
    await collect(result, async () => {
      const loaded = await loadRubrics({ ...request, references: [reference] })
      texts = { ...texts, ...loaded.texts }
      result.checked.push(`rubric ${reference}`)
    })
  }
  return texts
}

async function lintCheckpoint(
  request: LintRequest,
  { policy, source }: WrittenPolicy,
  result: LintResult,
): Promise<string | null> {
  const pointer = policy.checkpoint
  const text = await request.repository.read(request.sha, pointer.file)
  if (text === null) {
    report(result, {
      code: 'checkpoint',
      message: `the file of the checkpoint id, ${pointer.file}, is not there`,
      place: { source, path: ['checkpoint', 'file'] },
      remedy: 'add it, or correct `checkpoint.file`',
    })
    return null
  }
  const checkpoint = parseCheckpoint(pointer, text)
  result.checked.push(`checkpoint ${pointer.file}: ${checkpoint}`)
  checkJudge({ policy, file: source.file, checkpoints: [checkpoint] })
  checkPrices({ policy, file: source.file, checkpoints: [checkpoint] })
  return checkpoint
}
