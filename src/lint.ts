import { GateError } from './errors.ts'
import { listRubrics } from './grade/grade.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import { loadRubrics } from './grade/rubrics.ts'
import { lintCategories } from './lint/categories.ts'
import { lintCorpus } from './lint/corpus.ts'
import { lintRegistrations } from './lint/registrations.ts'
import { collect, type LintRequest, type LintResult, report, type WrittenPolicy } from './lint/result.ts'
import type { Plan } from './plan/plan.ts'
import { parseCheckpoint } from './policy/checkpoint.ts'
import { checkJudge, parsePolicy } from './policy/load.ts'
import { readCalibrations } from './prepare-calibrations.ts'

export type { LintResult } from './lint/result.ts'

/**
 * Checks policy, checkpoint pointer, registrations, rubrics, calibrations and corpus, and whether what they ask for
 * can be measured; goes on after a problem to find the next.
 */
export async function lint(request: LintRequest): Promise<LintResult> {
  const result: LintResult = { problems: [], checked: [] }
  const written = await collect(result, () => lintPolicy(request, result))
  if (written === null) return result
  await collect(result, () => lintCheckpoint(request, written, result))
  const registrations = await lintRegistrations(request, written, result)
  for (const reference of listRubrics(written.policy.categories)) {
    await collect(result, async () => {
      await loadRubrics({ ...request, references: [reference] })
      result.checked.push(`rubric ${reference}`)
    })
  }
  const calibrations = await lintCalibrations(request, written, result)
  const sample = await collect(result, () => lintCorpus(request, written, result))
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

async function lintCheckpoint(
  request: LintRequest,
  { policy, source }: WrittenPolicy,
  result: LintResult,
): Promise<void> {
  const pointer = policy.checkpoint
  const text = await request.repository.read(request.sha, pointer.file)
  if (text === null) {
    report(result, {
      code: 'checkpoint',
      message: `the file of the checkpoint id, ${pointer.file}, is not there`,
      place: { source, path: ['checkpoint', 'file'] },
      remedy: 'add it, or correct `checkpoint.file`',
    })
    return
  }
  const checkpoint = parseCheckpoint(pointer, text)
  result.checked.push(`checkpoint ${pointer.file}: ${checkpoint}`)
  checkJudge({ policy, file: source.file, checkpoints: [checkpoint] })
}

/** Reads the calibrations one by one, so that each that can't be read is told of. */
async function lintCalibrations(
  request: LintRequest,
  { policy }: WrittenPolicy,
  result: LintResult,
): Promise<Plan['calibrations']> {
  let calibrations: Plan['calibrations'] = {}
  for (const category of policy.categories) {
    const { calibration } = category
    if (calibration === null) continue
    await collect(result, async () => {
      const judge = policy.judge === null ? null : { ...policy.judge, controls: null }
      const only = { ...policy, judge, categories: [category] }
      const read = await readCalibrations({ ports: request, sha: request.sha, policy: only })
      calibrations = { ...calibrations, ...read.calibrations }
      result.checked.push(`calibration ${calibration}`)
    })
  }
  const controls = policy.judge?.controls ?? null
  if (controls !== null) {
    await collect(result, async () => {
      const only = {
        ...policy,
        categories: policy.categories.map((entry) => ({ ...entry, calibration: null })),
      }
      await readCalibrations({ ports: request, sha: request.sha, policy: only })
      result.checked.push(`controls ${controls}`)
    })
  }
  return calibrations
}
