import type { Verdict } from './verdict/schema.ts'

/** Exit codes, of the command and of the action: everything but 0 turns a check red. */
export const exitCodes = { success: 0, fail: 1, undecided: 2, noVerdict: 3 } as const

/** The exit code that a verdict stands for. */
export function chooseExitCode(verdict: Pick<Verdict, 'verdict' | 'conclusion'>): number {
  if (verdict.conclusion === 'success') return exitCodes.success
  return verdict.verdict === 'fail' ? exitCodes.fail : exitCodes.undecided
}
