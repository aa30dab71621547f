import { expect } from '@jest/globals'
import type { ActionRun } from '../emulator/runner.ts'

/** A run without a verdict: red, with its reason in the log, the summary and the outputs. */
export function expectNoVerdict(run: ActionRun, said: string | RegExp): void {
  expect(run).toMatchObject({ exitCode: 3, conclusion: 'failure', outputs: { verdict: '' } })
  expect(run.outputs['gate-message']).toMatch(said)
  expect(run.summary).toContain('**NO VERDICT:**')
  expect(run.summary).toContain('What to do:')
  expect(run.annotations.filter(({ level }) => level === 'error')).toHaveLength(1)
}
