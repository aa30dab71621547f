import { describe, expect, it } from '@jest/globals'
import { nameAttempt } from '../../src/history/attempt.ts'
import { startHostileEndpoint } from '../fakes/hostile-endpoint.ts'
import type { ActionRun } from './emulator/runner.ts'
import { expectCleanContract, useWorlds } from './use-worlds.ts'
import {
  nameEndpoints,
  pullRequestEvent,
  shas,
  type World,
  type WorldOptions,
  writePolicy,
  writeRegistration,
} from './world.ts'

// What later runs of the packaged action make of earlier ones, by GitHub's own artifacts, runs and pushes.

/** A run that has to ask anything ends without a verdict. */
const unreachable = { endpoints: '' }

const { open, closers } = useWorlds()

function nameOf(candidate: string, attempt: number, suffix = ''): string {
  return `${nameAttempt({ pointerFile: 'deploy/model.yaml', candidate }, attempt)}${suffix}`
}

function readJson(world: World, name: string, file: string) {
  return JSON.parse(world.results.readArtifact(name)?.[file]?.toString() ?? 'null')
}

/** A run on what the branch is at after a push. */
function runAt(world: World, pushed: { sha: string; merge: string }, options: Record<string, unknown> = {}) {
  return world.run({ sha: pushed.merge, event: pullRequestEvent('octo/app', pushed.sha), ...options })
}

const lastComment = (world: World) => world.github.comments.at(-1)?.body ?? ''

describe('a second run on the same candidate', () => {
  it('publishes the standing verdict and asks nothing, on the pull request and in the merge queue', async () => {
    const world = await open()
    const first = await world.run({ runId: '101' })
    expect(first.outputs).toMatchObject({ verdict: 'pass', attempt: '1' })
    expect(readJson(world, nameOf('demo-good', 1), 'attempt.json')).toMatchObject({
      candidate: 'demo-good',
      planDigest: first.outputs['plan-digest'],
    })

    const pushed = world.push({ files: { 'README.md': 'nothing to do with it' } })
    const second = await runAt(world, pushed, { runId: '102', inputs: unreachable })
    expect(second.outputs).toMatchObject({ verdict: 'pass', attempt: '1' })
    expect(second.exitCode).toBe(0)
    expect(second.outputs.artifact).toBe(nameOf('demo-good', 1, '-standing'))
    expect(lastComment(world)).toContain('Standing verdict of run 101')
    expect(readJson(world, nameOf('demo-good', 1, '-standing'), 'verdict.json')).toEqual(
      readJson(world, nameOf('demo-good', 1, '-end'), 'verdict.json'),
    )

    const queued = await world.run({
      runId: '103',
      eventName: 'merge_group',
      event: {
        merge_group: {
          head_sha: pushed.merge,
          head_ref: 'refs/heads/gh-readonly-queue/main/pr-7',
          base_ref: 'refs/heads/main',
        },
      },
      sha: pushed.merge,
      inputs: unreachable,
    })
    expect(queued.outputs.verdict).toBe('pass')
    expectCleanContract(world)
  })

  it('continues one that was cancelled, and counts it', async () => {
    const world = await open()
    const stop = new AbortController()
    const slow = await startHostileEndpoint('hang')
    closers.push(slow.close)
    const running = world.run({
      runId: '101',
      inputs: { endpoints: nameEndpoints(world.modelsUrl, { candidate: slow.url }) },
      cancelSignal: stop.signal,
    })
    while (slow.received.length === 0) await new Promise((resolved) => setTimeout(resolved, 50))
    stop.abort()
    const first = await running
    expect(first.outputs.verdict).toBe('inconclusive')
    const second = await world.run({ runId: '101', runAttempt: 2 })
    expect(second.outputs).toMatchObject({ verdict: 'pass', attempt: '2' })
    expect(lastComment(world)).toContain('Continued from run 101')
    expect(readJson(world, nameOf('demo-good', 2, '-end'), 'record.json').history).toMatchObject({
      number: 2,
      continued: { id: '101', attempt: 1 },
      attempts: [{ run: { id: '101', attempt: 1 }, complete: false }],
    })
  })

  it.each([
    ['a fork', { headRepositoryId: 99 }],
    ['another workflow', { workflowId: 777 }],
  ])('does not see what %s left', async (_, row) => {
    const world = await open()
    world.runs.push({ id: 101, ...row })
    await world.run({ runId: '101' })
    const second = await world.run({ runId: '102', inputs: unreachable })
    expect(second.exitCode).toBe(3)
    expect(second.outputs['gate-message']).toContain('has no address')
  })

  it('does not take the word of a run of another commit than the one that was judged, and shows it', async () => {
    const world = await open()
    const other = world.push({ files: { '.github/workflows/gate.yml': 'on: push' }, branch: 'side' })
    world.runs.push({ id: 101, headSha: other.sha })
    await world.run({ runId: '101' })
    const second = await world.run({ runId: '102' })
    expect(second.outputs).toMatchObject({ verdict: 'pass', attempt: '2' })
    expect(lastComment(world)).toMatch(/can't stand for another run.*its workflow run is of commit/)
  })

  it('does not take the word of a pull request into a branch that nobody reviews', async () => {
    const world = await open()
    const side = world.push({
      files: { '.github/workflows/gate.yml': 'on: push' },
      branch: 'side',
      to: shas.base,
    })
    world.github.repository.branches.side = side.sha
    const into = world.push({ branch: 'side', files: { '.github/workflows/gate.yml': 'on: push' } })
    const merge = world.github.repository.commits.at(-1)
    if (merge === undefined) throw new Error('no merge')
    // The pull request's branch, merged into that one.
    merge.parents = [into.sha, shas.head]
    merge.files = { ...merge.files, ...world.github.repository.commits[1]?.files }
    const event = pullRequestEvent()
    Object.assign(event.pull_request as object, {
      base: { ref: 'side', sha: into.sha, repo: { full_name: 'octo/app' } },
    })
    const first = await world.run({ runId: '101', sha: merge.sha, event })
    expect(first.outputs.verdict).toBe('pass')
    const second = await world.run({ runId: '102' })
    expect(second.outputs).toMatchObject({ verdict: 'pass', attempt: '2' })
    expect(lastComment(world)).toMatch(/which is not in the history of the base/)
  })

  it('takes it where the base has moved on by itself since, workflows and all', async () => {
    const world = await open()
    await world.run({ runId: '101' })
    world.push({ branch: 'main', files: { '.github/workflows/docs.yml': 'on: push' } })
    const pushed = world.push({ files: { 'README.md': 'more' } })
    const second = await runAt(world, pushed, { runId: '102', inputs: unreachable })
    expect(second.outputs).toMatchObject({ verdict: 'pass', attempt: '1' })
    expectCleanContract(world)
  })
})

describe('a FAIL', () => {
  const failed = async (options: WorldOptions = {}) => {
    const world = await open({ candidate: 'demo-bad', ...options })
    const first = await world.run({ runId: '101' })
    expect(first.exitCode).toBe(1)
    return world
  }
  const diagnosis = `version: 1
candidate: demo-bad
failed_runs: [101]
cause: the tool's output was cut
evidence: [review.csv of run 101]
mitigation: the server no longer cuts it
approver: '@alice'
next_registration: a category for cut outputs
`

  it('stays red under a plan that was made easier, and says what differs', async () => {
    const world = await failed()
    world.push({
      branch: 'main',
      files: { '.github/checkpoint-gate.yml': writePolicy({ turns: 100, limit: '4%' }) },
    })
    const pushed = world.push({
      files: { '.github/checkpoint-gate.yml': writePolicy({ turns: 100, limit: '4%' }) },
    })
    const second = await runAt(world, pushed, { runId: '102', inputs: unreachable })
    expect(second.exitCode).toBe(1)
    expect(second.outputs.verdict).toBe('fail')
    expect(lastComment(world)).toMatch(/a new plan never clears a FAIL/)
    expect(lastComment(world)).toMatch(/the limits in force/)
  })

  it('is accepted by a diagnosis on the base, stays a FAIL, and is green', async () => {
    const world = await failed()
    const own = world.push({ files: { 'diagnoses/demo-bad.yml': diagnosis } })
    const red = await runAt(world, own, { runId: '102', inputs: unreachable })
    expect(red.exitCode).toBe(1)
    world.push({ branch: 'main', files: { 'diagnoses/demo-bad.yml': diagnosis } })
    const pushed = world.push({ files: { 'README.md': 'updated' } })
    const green = await runAt(world, pushed, { runId: '103', inputs: unreachable })
    expect({ exitCode: green.exitCode, verdict: green.outputs.verdict }).toEqual({
      exitCode: 0,
      verdict: 'fail',
    })
    expect(green.outputs['gate-message']).toMatch(/^FAIL.*, diagnosed, accepted by .?@?alice/)
    expect(lastComment(world)).not.toContain('**PASS')
    expectCleanContract(world)
  })

  it('is accepted by its owner in the pull request only where policy says so', async () => {
    const policy = writePolicy({ more: 'accept_diagnosis: owner-review\n' })
    const files = { '.github/CODEOWNERS': '/diagnoses/ @Alice @acme/team\n' }
    const world = await failed({ policy, files })
    const pushed = world.push({ files: { 'diagnoses/demo-bad.yml': diagnosis } })
    const approve = (login: string, commit: string) =>
      world.github.reviews.push({ pull: 7, login, state: 'APPROVED', commit })
    approve('mallory', pushed.sha)
    approve('alice', shas.head)
    const red = await runAt(world, pushed, { runId: '102', inputs: unreachable })
    expect(red.exitCode).toBe(1)
    approve('alice', pushed.sha)
    const green = await runAt(world, pushed, { runId: '103', inputs: unreachable })
    expect(green.exitCode).toBe(0)
    expectCleanContract(world)
  })
})

describe('a registration', () => {
  const amended = writeRegistration('demo-good').replace('rate: 1%', 'rate: 2%')
  const file = 'preregistration/demo-good.yml'
  const expectRefused = (run: ActionRun, reason: RegExp) => {
    expect(run.exitCode).toBe(2)
    expect(run.outputs.verdict).toBe('invalid')
    expect(run.outputs['gate-message']).toMatch(reason)
  }

  it('that is edited after results is red, also when it was force-pushed', async () => {
    const world = await open()
    await world.run({ runId: '101' })
    for (const type of ['push', 'force_push'] as const) {
      const pushed = world.push({ files: { [file]: amended }, type })
      expectRefused(
        await runAt(world, pushed, { runId: '102', inputs: unreachable }),
        /^INVALID: .*registration/,
      )
    }
    expect(lastComment(world)).toMatch(/run 101 PASS/)
    expectCleanContract(world)
  })

  it('that was force-pushed away and back is red, and the reason is said', async () => {
    const world = await open()
    await world.run({ runId: '101' })
    world.push({ files: { [file]: amended }, type: 'force_push' })
    const back = world.push({ to: shas.head, type: 'force_push' })
    const run = await runAt(world, back, { runId: '102', inputs: unreachable })
    expectRefused(run, /pushed away/)
  })

  it('first added after results of the same candidate is on time only where no request was made', async () => {
    const world = await open({ headFiles: { [file]: null } })
    const refused = await world.run({ runId: '101' })
    expect(refused.outputs['gate-message']).toContain('no registration is for')
    expect(world.results.artifacts()).toEqual([])
    const pushed = world.push({ files: { [file]: writeRegistration('demo-good') } })
    const run = await runAt(world, pushed, { runId: '102' })
    expect(run.outputs).toMatchObject({ verdict: 'pass', attempt: '1' })
  })

  it('may be amended on the base with a reason, and the trail is shown', async () => {
    const world = await open()
    await world.run({ runId: '101' })
    const text = `${amended}amendments:\n  - { number: 1, date: 2026-11-20, reason: "the corpus has grown" }\n`
    world.push({ branch: 'main', files: { [file]: text } })
    const pushed = world.push({ files: { [file]: text } })
    const run = await runAt(world, pushed, { runId: '102' })
    expect(run.outputs).toMatchObject({ verdict: 'pass', attempt: '2' })
    expect(lastComment(world)).toContain('the corpus has grown')
    expect(lastComment(world)).toMatch(/run 101 PASS under another plan/)
  })
})

describe('a history that can not be read or kept', () => {
  it('without `actions: read` ends the run before anything is asked, unless it is optional', async () => {
    const options = { github: { permissions: 'no-actions' as const } }
    const world = await open(options)
    const run = await world.run({ runId: '101' })
    expect(run.exitCode).toBe(3)
    expect(run.outputs['gate-message']).toContain('actions: read')
    expect(run.summary).toContain('history: optional')

    const optional = await open({ ...options, policy: writePolicy({ more: 'history: optional\n' }) })
    const allowed = await optional.run({ runId: '101' })
    expect(allowed.outputs).toMatchObject({ verdict: 'pass', attempt: '' })
    expect(lastComment(optional)).toContain('attempts on this candidate are not known')
  })

  it('with the artifact service down nothing passes, unless it is optional', async () => {
    const results = { fault: () => ({ status: 403, body: { code: 'permission_denied', msg: 'no' } }) }
    const world = await open({ results })
    const run = await world.run({ runId: '101' })
    expect(run.exitCode).toBe(2)
    expect(run.outputs.verdict).toBe('inconclusive')
    expect(lastComment(world)).toContain('could not be kept')
    const optional = await open({ results, policy: writePolicy({ more: 'history: optional\n' }) })
    expect((await optional.run({ runId: '101' })).outputs.verdict).toBe('pass')
  })
})

it('names the artifacts of a candidate with an odd id by its hash alone', async () => {
  const candidate = 'acme/ckpt 42 ✓'
  const world = await open({
    candidate,
    headFiles: {
      'preregistration/odd.yml': writeRegistration(`"${candidate}"`),
      [`preregistration/${candidate}.yml`]: null,
    },
  })
  const run = await world.run({ runId: '101', inputs: { endpoints: nameEndpoints(world.modelsUrl) } })
  expect(run.outputs.verdict).not.toBe('pass')
  for (const { name } of world.results.artifacts())
    expect(name).toMatch(/^checkpoint-gate-[0-9a-f]{16}-r1(-end)?$/)
})
