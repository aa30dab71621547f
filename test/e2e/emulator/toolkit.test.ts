import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { describeWithShared } from '../../support/shared.ts'
import { bundleFixture } from './fixture/bundle.ts'
import { type FakeGitHub, type GitHubOptions, startGitHub } from './github.ts'
import { type ResultsService, startResults } from './results.ts'
import { type ActionRun, type RunActionOptions, runAction } from './runner.ts'

// The fixture uses @actions/core, @actions/github and @actions/artifact for real: what passes here is what
// they send and understand.

const sha = 'a'.repeat(40)

let fixture: Awaited<ReturnType<typeof bundleFixture>>
let github: FakeGitHub
let results: ResultsService

beforeAll(async () => {
  fixture = await bundleFixture()
})

const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

afterAll(() => fixture.remove())

async function open(options: Partial<GitHubOptions> = {}) {
  results = await startResults()
  closers.push(results.close)
  github = await startGitHub({
    repository: {
      owner: 'octo',
      name: 'app',
      visibility: 'private',
      defaultBranch: 'main',
      commits: [{ sha, parents: [], files: {} }],
      branches: { main: sha },
    },
    artifacts: results.artifacts,
    ...options,
  })
  closers.push(github.close)
}

async function runTask(task: string, options: Partial<RunActionOptions> = {}): Promise<ActionRun> {
  const run = await runAction({
    actionDir: fixture.actionDir,
    urls: { github: github.url, results: results.url },
    event: { pull_request: { number: 7 } },
    ...options,
    inputs: { task },
  })
  closers.push(run.remove)
  return run
}

const problems = () =>
  github.log.flatMap(({ problem, responseProblem }) => [problem, responseProblem].filter(Boolean))

describe('the toolkit under the emulator', () => {
  it('creates a comment, then updates it, and leaves others alone', async () => {
    await open({ comments: [{ issueNumber: 7, body: '<!-- marker --> by hand', login: 'ann' }] })
    const first = await runTask('comment')
    expect(first.conclusion).toBe('success')
    const second = await runTask('comment', { runAttempt: 2 })
    expect(second.outputs).toEqual(first.outputs)
    expect(github.comments).toMatchObject([
      { login: 'ann', body: '<!-- marker --> by hand', updates: 0 },
      { login: 'github-actions[bot]', type: 'Bot', body: '<!-- marker --> attempt 2', updates: 1 },
    ])
    expect(github.log.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'PATCH'])
    expect(problems()).toEqual([])
  })

  it('gets 403 with a read-only token', async () => {
    await open({ permissions: 'read-only' })
    const run = await runTask('comment')
    expect(run).toMatchObject({ exitCode: 1, conclusion: 'failure' })
    expect(run.annotations[0]?.message).toContain('Resource not accessible by integration')
    expect(github.comments).toEqual([])
  })

  it('gets 401 with a token that GitHub does not know', async () => {
    await open()
    const run = await runTask('comment', { token: 'ghs_somebodyElse' })
    expect(run.annotations[0]?.message).toContain('Bad credentials')
  })

  it('uploads an artifact, lists it and reads it back', async () => {
    await open()
    const run = await runTask('artifact')
    expect(run.annotations).toEqual([])
    const answer = JSON.parse(run.outputs.answer ?? '')
    expect(answer.names).toEqual(['record-r1'])
    const record = JSON.stringify({ text: 'y'.repeat(100_000) })
    expect(await readFile(join(answer.downloadPath, 'record.json'), 'utf8')).toBe(record)
    const files = results.readArtifact('record-r1')
    expect(Object.keys(files ?? {}).sort()).toEqual(['empty.txt', 'record.json'])
    expect(files?.['record.json']?.toString()).toBe(record)
    expect(results.artifacts()).toMatchObject([
      { name: 'record-r1', runId: 4242, digest: `sha256:${answer.digest}` },
    ])
    expect(results.readArtifact('record-r2')).toBeUndefined()
  })

  it('is refused an artifact name of another attempt of the same run, not of another run', async () => {
    await open()
    await runTask('artifact')
    const again = await runTask('artifact', { runAttempt: 2 })
    expect(again.conclusion).toBe('failure')
    expect(again.annotations.at(-1)?.message).toContain('(409)')
    const other = await runTask('artifact', { runId: '4243' })
    expect(other.conclusion).toBe('success')
    expect(results.artifacts().map(({ runId }) => runId)).toEqual([4242, 4243])
  })
})

describeWithShared('the contract under the emulator', () => {
  it('records a bad body as a problem', async () => {
    await open()
    const run = await runTask('wrong')
    expect(run.conclusion).toBe('failure')
    expect(github.log[0]).toMatchObject({ method: 'POST', status: 422 })
    expect(problems()).toEqual([expect.stringContaining("must have required property 'body'")])
  })
})
