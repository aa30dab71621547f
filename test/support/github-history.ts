import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest } from '@jest/globals'
import type { GitHubApi } from '../../src/adapters/github/api.ts'
import { GateError } from '../../src/errors.ts'
import { nameAttempt } from '../../src/history/attempt.ts'
import type { Artifacts, Baselines, History, HistoryKey } from '../../src/ports.ts'
import { runtimeToken } from '../e2e/emulator/environment.ts'
import {
  type ArtifactRow,
  type FakeGitHub,
  type GitHubOptions,
  type PushRow,
  type RunRow,
  startGitHub,
} from '../e2e/emulator/github.ts'
import { type ResultsService, startResults } from '../e2e/emulator/results.ts'
import { defaultToken } from '../e2e/emulator/runner.ts'
import { createFakeClock, type FakeClock } from '../fakes/fake-clock.ts'

/**
 * Commits of the stand-in's repository: `before` is what `base` comes after, with other workflows; `head` has those of
 * `base`, `edited` others; `merged` is the merge of `head` into `before`, and `mergedElsewhere` into `edited`.
 */
export const shas = {
  before: 'a'.repeat(40),
  base: 'b'.repeat(40),
  head: 'd'.repeat(40),
  edited: 'e'.repeat(40),
  merged: '1'.repeat(40),
  mergedElsewhere: '2'.repeat(40),
}

/** What attempts are kept under, unless a test says otherwise. */
export const key: HistoryKey = { pointerFile: 'deploy/model.yaml', candidate: 'ckpt-42' }

const workflow = '.github/workflows/gate.yml'

const repository = {
  owner: 'octo',
  name: 'app',
  visibility: 'private' as const,
  defaultBranch: 'main',
  commits: [
    { sha: shas.before, parents: [], files: { [workflow]: 'on: push' } },
    { sha: shas.base, parents: [shas.before], files: { [workflow]: 'on: pull_request' } },
    { sha: shas.head, parents: [shas.base], files: { [workflow]: 'on: pull_request', 'a.txt': 'a' } },
    { sha: shas.edited, parents: [shas.base], files: { [workflow]: 'on: push' } },
    { sha: shas.merged, parents: [shas.before, shas.head], files: { [workflow]: 'on: push', 'a.txt': 'a' } },
    { sha: shas.mergedElsewhere, parents: [shas.edited, shas.head], files: { [workflow]: 'on: push' } },
  ],
  branches: { main: shas.base },
}

/** Where a test is, for one that goes by its run's id and its attempt. */
export interface At {
  id: number
  attempt?: number
}

/** What a test may change at any time. */
interface Stage {
  runs: RunRow[]
  pushes: PushRow[]
  /** What GitHub says of an artifact, in place of what it is. */
  describe: (row: ArtifactRow) => ArtifactRow
  /** Artifacts beside those that were uploaded. */
  more: ArtifactRow[]
  fault: NonNullable<GitHubOptions['fault']>
  results: ResultsService
  clock: FakeClock
  /** RUNNER_TEMP. */
  folder: string
}

/**
 * The adapter with GitHub's own clients, against stand-ins for the REST API and the artifact service. Everything that
 * either got is held against GitHub's description of its API after each test.
 */
export function useGitHubHistory() {
  let stage: Stage
  let github: FakeGitHub
  let openGitHub: (request: { token: string; repository: string }) => GitHubApi
  let artifacts: Artifacts
  const environment = { ...process.env }

  beforeAll(async () => {
    github = await startGitHub({
      repository,
      artifacts: () => [...stage.results.artifacts().map((row) => stage.describe(row)), ...stage.more],
      runs: () => stage.runs,
      pushes: () => stage.pushes,
      fault: (method, path, query) => stage.fault(method, path, query),
    })
    // Read once, when the client's module is loaded.
    process.env.GITHUB_API_URL = github.url
    process.env.GITHUB_SERVER_URL = 'https://github.com'
    ;({ openGitHub } = await import('../../src/adapters/github/api.ts'))
    artifacts = (await import('../../src/adapters/github/workflow.ts')).workflowArtifacts
  })
  afterAll(async () => {
    process.env = environment
    await github.close()
  })
  beforeEach(async () => {
    const [results, folder] = await Promise.all([startResults(), mkdtemp(join(tmpdir(), 'checkpoint-gate-'))])
    stage = {
      ...{ runs: [], pushes: [], describe: (row) => row, more: [], fault: () => undefined },
      ...{ results, folder, clock: createFakeClock() },
    }
    process.env.ACTIONS_RESULTS_URL = results.url
    github.log.length = 0
    // What the clients say to the job's log.
    jest.spyOn(process.stdout, 'write').mockReturnValue(true)
  })
  afterEach(async () => {
    jest.restoreAllMocks()
    await stage.results.close()
    await rm(stage.folder, { recursive: true })
    const problems = github.log.flatMap(({ problem, responseProblem }) => [problem, responseProblem])
    expect(problems.filter((problem) => problem !== undefined)).toEqual([])
  })

  /** The history as a workflow run sees it, and the artifact service as well. */
  const openAs = ({ id, attempt = 1 }: At, headBranch: string | null = 'bump'): History => {
    process.env.ACTIONS_RUNTIME_TOKEN = runtimeToken({ runId: String(id), runAttempt: attempt })
    if (!stage.runs.some((run) => run.id === id))
      stage.runs.push({ id, headSha: shas.head, runAttempt: attempt })
    return openGitHub({ token: defaultToken, repository: 'octo/app' }).openHistory({
      run: { id, attempt },
      headBranch,
      policySha: shas.base,
      temporaryFolder: stage.folder,
      clock: stage.clock,
      shared: false,
    })
  }
  const upload = async (name: string, files: Record<string, string>): Promise<void> => {
    const place = await mkdtemp(join(stage.folder, 'upload-'))
    const paths = Object.keys(files).map((file) => join(place, file))
    for (const [file, text] of Object.entries(files)) await writeFile(join(place, file), text)
    await artifacts.upload({ name, folder: place, files: paths })
    await rm(place, { recursive: true })
  }
  return {
    stage: () => stage,
    log: () => github.log,
    listAsked: () => github.log.map(({ method, path }) => `${method} ${path.replace('/repos/octo/app', '')}`),
    openAs,
    /** The one that asks, after all others. */
    openNow: () => openAs({ id: 9000 }),
    /** What runs have kept of their baselines, as the one that asks sees it. */
    openBaselinesNow(): Baselines {
      openAs({ id: 9000 })
      return openGitHub({ token: defaultToken, repository: 'octo/app' }).openBaselines({
        run: { id: 9000, attempt: 1 },
        policySha: shas.base,
        temporaryFolder: stage.folder,
        clock: stage.clock,
      })
    },
    upload,
    async begin(at: At, text = writeStart(at)): Promise<void> {
      await openAs(at).begin(key, text)
    },
    async end(at: At, record = '{"verdict":"fail"}'): Promise<void> {
      openAs(at)
      await upload(`${nameAttempt(key, at.attempt ?? 1)}-end`, { 'record.json': record })
    },
    /** The id of the newest artifact whose name ends so. */
    findId(ending: string): number {
      const found = stage.results.artifacts().findLast(({ name }) => name.endsWith(ending))
      if (found === undefined) throw new Error(`the test has no artifact "…${ending}"`)
      return found.id
    },
  }
}

/** What an attempt says of itself, as far as the adapter reads it. */
export function writeStart(at: At, commits: { policy?: string; candidate?: string } = {}): string {
  return JSON.stringify({ run: at.id, commits: { policy: shas.base, candidate: shas.head, ...commits } })
}

/** A failure as GitHub answers it. */
export const fail = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: { message: status === 403 ? 'Resource not accessible by integration' : 'it is down' },
})

/** What a GateError says. */
export async function readError(work: Promise<unknown>): Promise<{ code: string; text: string }> {
  try {
    await work
  } catch (error) {
    if (error instanceof GateError) return { code: error.code, text: `${error.message} → ${error.remedy}` }
    throw error
  }
  throw new Error('it did not reject')
}
