import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { workflowArtifacts } from '../../src/adapters/github/workflow.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import { runtimeToken } from './emulator/environment.ts'
import type { RunRow } from './emulator/github.ts'
import type { ActionRun, RunActionOptions } from './emulator/runner.ts'
import type { PushOptions } from './push.ts'
import { nameRunArtifact, pullRequestEvent, type World, writePolicy, writeRegistration } from './world.ts'

// Worlds in which one candidate after another is compared with the same baseline.

/** A policy that lets the baseline be reused. */
export const letReuse = writePolicy().replace('max_attempts: 2', 'max_attempts: 2, reuse_baseline_days: 7')

/** The action has the machine's time, by which answers are old: GitHub has it too. */
export const sameClock = { tick: () => new Date().toISOString().replace(/\.\d+/, '') }

/** The name under which a run has kept its baseline. */
export function keptName(world: World): string {
  const found = world.results.artifacts().find(({ name }) => name.startsWith('checkpoint-gate-baseline-'))
  if (found === undefined) throw new Error('no baseline was kept')
  return found.name
}

/** What the second candidate's record says of its baseline. */
export function readReused(world: World) {
  const files = world.results.readArtifact(nameRunArtifact('demo-bad'))
  const record: RecordSummary = JSON.parse(files?.['record.json']?.toString() ?? '')
  const { reused } = record.arms.baseline
  if (reused === undefined) throw new Error('the record says nothing of it')
  return { reused, record }
}

/** The same pull request with another candidate. */
export function nextCandidate(world: World, options: Partial<RunActionOptions>): Promise<ActionRun> {
  const pushed = world.push({
    files: {
      'deploy/model.yaml': 'serving:\n  checkpoint: demo-bad\n',
      'preregistration/demo-bad.yml': writeRegistration('demo-bad'),
    },
  })
  return world.run({ sha: pushed.merge, event: pullRequestEvent('octo/app', pushed.sha), ...options })
}

/** What was parsed of JSON, as far as a forgery changes it. */
type Json = Record<string, object>

/** What somebody makes of what the first run has kept. */
export interface Forgery {
  header?: (header: Json) => object
  /** Of each unit. */
  units?: (unit: Json) => object
  lines?: (lines: string[]) => string[]
  /** The workflow run that uploads it. */
  row?: Partial<RunRow>
  /** What its commit is. */
  push?: PushOptions
}

/** Runs the first candidate, and puts something else in the place of what it has kept. */
export async function afterFirst(world: World, forgery: Forgery): Promise<void> {
  await world.run({ runId: '101' })
  const name = keptName(world)
  const files = world.results.readArtifact(name)
  const row = world.results.artifacts().find((artifact) => artifact.name === name)
  if (files === undefined || row === undefined) throw new Error('nothing was kept')
  world.results.deleteArtifact(row.id)
  const {
    header = (same: Json) => same,
    units = (same: Json) => same,
    lines = (same: string[]) => same,
  } = forgery
  const ofRun = world.runs.find(({ id }) => id === 101)
  const headSha = forgery.push === undefined ? ofRun?.headSha : world.push(forgery.push).sha
  // The run that uploads it is one of its own, and says so.
  world.runs.push({ id: 150, runAttempt: 1, ...(headSha === undefined ? {} : { headSha }), ...forgery.row })
  const own = { ...JSON.parse(files['baseline.json']?.toString() ?? ''), run: { id: '150', attempt: 1 } }
  const texts = (files['baseline.jsonl']?.toString() ?? '').trimEnd().split('\n')
  const changed = lines(texts.map((line) => JSON.stringify(units(JSON.parse(line)))))
  await forge(world, {
    runId: 150,
    name,
    files: { 'baseline.json': JSON.stringify(header(own)), 'baseline.jsonl': `${changed.join('\n')}\n` },
  })
}

/** Uploads an artifact as any step of a workflow run can. */
export async function forge(
  world: World,
  artifact: { runId: number; name: string; files: Record<string, string> },
): Promise<void> {
  const { runId, name, files } = artifact
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-gate-'))
  const environment = { ...process.env }
  // What the client says to the job's log.
  const quiet = jest.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    process.env.ACTIONS_RESULTS_URL = world.results.url
    process.env.ACTIONS_RUNTIME_TOKEN = runtimeToken({ runId: String(runId), runAttempt: 1 })
    process.env.GITHUB_SERVER_URL = 'https://github.com'
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
    await workflowArtifacts.upload({
      name,
      folder,
      files: Object.keys(files).map((file) => join(folder, file)),
    })
  } finally {
    quiet.mockRestore()
    process.env = environment
    await rm(folder, { recursive: true })
  }
}
