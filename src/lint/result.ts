import { GateError, type GateErrorCode } from '../errors.ts'
import { formatPath, type SourceText } from '../policy/document.ts'
import type { Policy } from '../policy/schema.ts'
import type { Files, RepositoryFiles } from '../ports.ts'
import { locate } from '../registration/load.ts'

/** What `lint` found. */
export interface LintResult {
  problems: GateError[]
  /** What was checked, a line each. */
  checked: string[]
  /** What is allowed and may mislead, a line each. */
  warnings: string[]
}

/** What `lint` reads. */
export interface LintRequest {
  repository: RepositoryFiles
  sha: string
  files: Files
  policyFile: string
  now: Date
}

/** A policy, and the text that it was read from. */
export interface WrittenPolicy {
  policy: Policy
  source: SourceText
}

/** Nothing found yet. */
export function createResult(): LintResult {
  return { problems: [], checked: [], warnings: [] }
}

/** Does a part of the work; a problem that it throws is kept. */
export async function collect<T>(result: LintResult, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof GateError)) throw error
    result.problems.push(error)
    return null
  }
}

/** Keeps a problem with the line and the field that it is about. */
export function report(
  result: LintResult,
  problem: {
    code: GateErrorCode
    message: string
    remedy: string
    place: { source: SourceText; path: PropertyKey[] }
  },
): void {
  const { code, message, remedy, place } = problem
  const where = { ...locate(place.source, place.path), field: formatPath(place.path) }
  result.problems.push(new GateError({ code, message, remedy, where }))
}
