import { parseManifest } from './corpus/manifest.ts'
import { readCorpus } from './corpus/read.ts'
import { GateError } from './errors.ts'
import { planTurnsToPass, smallestPassableLimit } from './estimate/planning.ts'
import { listRubrics } from './grade/grade.ts'
import { graderConfigSchema } from './grade/graders/index.ts'
import { loadRubrics } from './grade/rubrics.ts'
import { formatPath, type SourceText } from './policy/document.ts'
import { parsePolicy } from './policy/load.ts'
import { formatRate } from './policy/rate.ts'
import type { CategoryPolicy, Policy } from './policy/schema.ts'
import type { Files, RepositoryFiles } from './ports.ts'
import { locate, parseRegistration } from './registration/load.ts'
import { readRegistrations } from './registration/read.ts'

/** What `lint` found. */
export interface LintResult {
  problems: GateError[]
  /** What was checked, a line each. */
  checked: string[]
}

interface LintRequest {
  repository: RepositoryFiles
  sha: string
  files: Files
  policyFile: string
  now: Date
}

/** Checks policy, registrations, rubrics and corpus, and goes on after a problem to find the next. */
export async function lint(request: LintRequest): Promise<LintResult> {
  const result: LintResult = { problems: [], checked: [] }
  const written = await collect(result, () => lintPolicy(request, result))
  if (written === null) return result
  const { policy, source } = written
  await lintRegistrations(request, policy, result)
  for (const reference of listRubrics(policy.categories)) {
    await collect(result, async () => {
      await loadRubrics({ ...request, references: [reference] })
      result.checked.push(`rubric ${reference}`)
    })
  }
  const conversations = await collect(result, () => lintCorpus(request, policy, result))
  const turns = Math.min(policy.sample.turns, conversations ?? policy.sample.turns)
  lintLimits({ policy, source, turns, result })
  return result
}

async function lintPolicy(
  request: LintRequest,
  result: LintResult,
): Promise<{ policy: Policy; source: SourceText }> {
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
  const policy = parsePolicy({ file, text }, graderConfigSchema)
  result.checked.push(`policy ${file}: ${policy.categories.length} categories`)
  return { policy, source: { file, text } }
}

/** Points at every limit that the turns can't show, given what the corpus has. */
function lintLimits(parts: { policy: Policy; source: SourceText; turns: number; result: LintResult }): void {
  const { policy, source, turns, result } = parts
  policy.categories.forEach((category, index) => {
    const problem = findUnmeasurable({ policy, category, turns })
    if (problem === null) return
    const path = ['categories', index, 'limit']
    const where = { ...locate(source, path), field: formatPath(path) }
    result.problems.push(new GateError({ code: 'policy', ...problem, where }))
  })
}

/**
 * A limit that this sample can't pass even without an event: n turns without events bound the rate at
 * 1 − α^(1/n). The three ways out are a larger sample, a higher limit, or not to block.
 */
function findUnmeasurable(parts: {
  policy: Policy
  category: CategoryPolicy
  turns: number
}): { message: string; remedy: string } | null {
  const { policy, category, turns } = parts
  if (category.role !== 'block' || category.limitPer100k === null) return null
  const { alpha } = policy.gate
  const smallest = smallestPassableLimit({ turns, alpha })
  const limit = category.limitPer100k / 100_000
  if (limit >= smallest) return null
  const enough = limit > 0 ? planTurnsToPass({ limit, rate: 0, power: 0.8, alpha }) : null
  return {
    message: `not measurable: ${turns} turns without a single event still allow ${formatRate(smallest * 100_000)}, the limit is ${formatRate(category.limitPer100k)}`,
    remedy: `${enough === null ? '' : `draw at least ${enough.turns} turns, `}raise the limit to ${formatRate(roundUp(smallest * 100_000))} or more, or set \`role: watch\``,
  }
}

// To two digits, as rates are shown: who writes the rate that was advised passes.
function roundUp(per100k: number): number {
  const step = 10 ** (Math.floor(Math.log10(per100k)) - 1)
  return Number((Math.ceil(per100k / step) * step).toPrecision(2))
}

async function lintRegistrations(request: LintRequest, policy: Policy, result: LintResult): Promise<void> {
  const seen = new Map<string, string>()
  for (const source of await readRegistrations({ ...request, folder: policy.registrations })) {
    await collect(result, async () => {
      const { candidate } = parseRegistration(source, policy)
      const before = seen.get(candidate)
      seen.set(candidate, source.file)
      if (before === undefined) {
        result.checked.push(`registration ${source.file}: candidate ${candidate}`)
        return
      }
      throw new GateError({
        code: 'registration',
        message: `${before} is for "${candidate}" too`,
        where: { file: source.file, field: 'candidate' },
        remedy: 'keep one of them',
      })
    })
  }
}

/** Reads the whole corpus. Returns the conversations that can be drawn. */
async function lintCorpus(request: LintRequest, policy: Policy, result: LintResult): Promise<number> {
  const file = policy.corpus.manifest
  const text = await request.repository.read(request.sha, file)
  if (text === null) {
    throw new GateError({
      code: 'corpus',
      message: 'the corpus manifest is not there',
      where: { file },
      remedy: 'write it with `corpus manifest`',
    })
  }
  const manifest = parseManifest({ file, text })
  let conversations = 0
  let expired = 0
  for await (const conversation of readCorpus(manifest, request.files)) {
    conversations += 1
    if (conversation.expires_at !== undefined && new Date(conversation.expires_at) <= request.now)
      expired += 1
  }
  result.checked.push(`corpus ${manifest.name}: ${conversations} conversations`)
  if (expired > 0) {
    result.problems.push(
      new GateError({
        code: 'corpus',
        message: `${expired} of ${conversations} conversations have expired: they are never replayed`,
        where: { file },
        remedy: 'remove them from the corpus and write the manifest anew',
      }),
    )
  }
  if (conversations === 0) {
    throw new GateError({
      code: 'corpus',
      message: 'the corpus is empty',
      where: { file },
      remedy: 'a gate needs conversations to replay',
    })
  }
  return conversations - expired
}

async function collect<T>(result: LintResult, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof GateError)) throw error
    result.problems.push(error)
    return null
  }
}
