import { formatVerdict } from '../../src/publish.ts'
import { runFiles } from '../../src/record/schema.ts'
import { createMemoryDirectory } from '../fakes/memory-directory.ts'
import type { MemoryHistory } from '../fakes/memory-history.ts'
import type { ClientScript } from '../fakes/scripted-client.ts'
import { createScenario, type ScenarioOptions } from './gate-scenario.ts'

// Several runs of the whole pipeline over one history, for tests of what a later run makes of an earlier one.

export const leaking: ClientScript = () => 'LEAK'
export const prediction = { category: 'leaks', rate: '1%', interval: ['0%', '5%'], direction: 'same' }

export function register(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({ version: 1, candidate: 'ckpt-2', predictions: [prediction], ...changes })
}

export const amended = register({
  predictions: [{ ...prediction, rate: '2%' }],
  amendments: [{ number: 1, date: '2026-11-03', reason: 'the corpus has grown' }],
})

/** A run over a history; what it ended with is kept, as the action does, unless nothing was measured. */
export async function run(history: MemoryHistory, id: number, options: ScenarioOptions = {}) {
  history.current = String(id)
  const directory = createMemoryDirectory()
  const scenario = createScenario({
    directory,
    ...options,
    ports: { history, ...options.ports },
    request: {
      run: { id: String(id), attempt: 1, event: 'pull_request', tier: 'release' },
      ...options.request,
    },
  })
  const before = history.attempts.length
  const result = await scenario.run()
  if (result.kind === 'decided') await directory.write(runFiles.verdict, [formatVerdict(result.decided)])
  if (history.attempts.length > before) history.end(directory)
  const requests = Object.values(scenario.clients).reduce(
    (sum, client) => sum + (client?.requests.length ?? 0),
    0,
  )
  return { result, requests, directory, decided: result.kind === 'decided' ? result.decided : null }
}

export const withRegistration = (text: string): ScenarioOptions => ({
  files: { head: { 'preregistration/ckpt-2.yml': text } },
})

export function diagnose(runs: unknown): string {
  return JSON.stringify({
    version: 1,
    candidate: 'ckpt-2',
    failed_runs: runs,
    cause: 'the template of the system prompt was doubled',
    evidence: ['run 101, review.csv'],
    mitigation: 'the server strips it',
    approver: '@alice',
    next_registration: 'a category for doubled prompts',
  })
}
