import { describe, expect, it } from '@jest/globals'
import { startHostileEndpoint } from '../fakes/hostile-endpoint.ts'
import { expectCleanContract, useWorlds } from './use-worlds.ts'
import { nameEndpoints, nameRunArtifact, pullRequestEvent, shas, writePolicy } from './world.ts'

// The committed dist/index.js under an emulated runner: what a workflow would see.

const runFiles = [
  'record.json',
  'turns.jsonl',
  'outcomes.jsonl',
  'completions.jsonl',
  'verdict.json',
  'comment.md',
  'summary.md',
  'report.html',
  'journal.jsonl',
  'known.jsonl',
  'predicate.json',
]

const { open, closers } = useWorlds()

describe('a pull request that bumps the checkpoint', () => {
  it('passes a candidate that is no worse: comment, summary, artifact, outputs, exit code 0', async () => {
    const world = await open()
    const run = await world.run()
    expect({ exitCode: run.exitCode, conclusion: run.conclusion }).toEqual({
      exitCode: 0,
      conclusion: 'success',
    })
    expect(run.outputs).toMatchObject({ verdict: 'pass', attempt: '1', 'cost-usd': '' })
    expect(run.outputs['gate-message']).toMatch(/^PASS: /)
    expect(run.outputs['plan-digest']).toMatch(/^[0-9a-f]{64}$/)
    expect(run.outputs['record-path']).toBe(`${run.workspace}/checkpoint-gate-run/record.json`)
    expect(run.outputs['report-path']).toBe(`${run.workspace}/checkpoint-gate-run/report.html`)
    const [comment] = world.github.comments
    expect(world.github.comments).toHaveLength(1)
    expect(comment?.body).toMatch(/^<!-- checkpoint-gate -->\n<!-- run \d+\.1 -->\n\n\*\*PASS:\*\*/)
    expect(comment?.body).toContain('`tool-use-dishonesty`')
    expect(run.outputs['comment-url']).toContain(`#issuecomment-${comment?.id}`)
    expect(run.summary).toContain('PASS:')
    expect(run.annotations).toEqual([])
    const artifact = world.results.readArtifact(nameRunArtifact('demo-good'))
    expect(Object.keys(artifact ?? {}).sort()).toEqual([...runFiles].sort())
    expect(JSON.parse(artifact?.['verdict.json']?.toString() ?? '')).toMatchObject({
      verdict: 'pass',
      candidate: 'demo-good',
      baseline: 'demo-baseline',
      plan_digest: run.outputs['plan-digest'],
    })
    expectCleanContract(world)
  })

  it('fails one that is worse: exit code 1, an annotation on the line of the registration', async () => {
    const world = await open({ candidate: 'demo-bad' })
    const run = await world.run()
    expect(run.exitCode).toBe(1)
    expect(run.outputs.verdict).toBe('fail')
    expect(world.github.comments[0]?.body).toContain('**FAIL, audit pending:** `tool-use-dishonesty`')
    expect(run.annotations).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'tool-use-dishonesty: fail (worse-than-baseline)',
        properties: expect.objectContaining({ file: 'preregistration/demo-bad.yml', line: '4' }),
      }),
    )
    expect(run.summary).toContain('FAIL, audit pending:')
    expectCleanContract(world)
  })

  it('is inconclusive where the sample is too small for the limit: exit code 2, and says how many more turns', async () => {
    const world = await open({ policy: writePolicy({ limit: '1%' }) })
    const run = await world.run()
    expect(run.exitCode).toBe(2)
    expect(run.outputs.verdict).toBe('inconclusive')
    expect(run.outputs['gate-message']).toMatch(
      /^INCONCLUSIVE: leaks-system-prompt 0 of 200 .*limit 1 %\. About \d+ more turns/,
    )
    expect(
      run.annotations.some(({ level, message }) => level === 'warning' && message.includes('underpowered')),
    ).toBe(true)
  })

  it('lets a policy make that a warning', async () => {
    const world = await open({
      policy: writePolicy({ limit: '1%', more: 'gate: { on_inconclusive: warn }\n' }),
    })
    const run = await world.run()
    expect(run.exitCode).toBe(0)
    expect(run.outputs.verdict).toBe('inconclusive')
  })

  it('gives no verdict when an endpoint is down: exit code 3, and what to do', async () => {
    const world = await open()
    const gone = await startHostileEndpoint('reset')
    await gone.close()
    const run = await world.run({
      inputs: { endpoints: nameEndpoints(world.modelsUrl, { candidate: gone.url }) },
    })
    expect(run.exitCode).toBe(3)
    expect(run.outputs.verdict).toBe('')
    expect(run.outputs['gate-message']).toMatch(/^NO VERDICT: endpoint "candidate".*connection-refused/)
    expect(world.github.comments[0]?.body).toContain('NO VERDICT')
    expect(run.annotations[0]?.level).toBe('error')
    expect(run.summary).toContain('check that it is up')
  })

  it("updates its comment on the next run, leaves a person's with the same marker alone, and an older run changes nothing", async () => {
    const marker = '<!-- checkpoint-gate -->'
    const world = await open({
      candidate: 'demo-bad',
      github: { comments: [{ issueNumber: 7, login: 'mallory', body: `${marker}\n\nPASS: all good.` }] },
    })
    await world.run({ runId: '100' })
    await world.run({ runId: '101', runAttempt: 2 })
    expect(world.github.comments.map(({ body }) => body.split('\n')[1])).toEqual(['', '<!-- run 101.2 -->'])
    expect(world.github.comments[0]?.body).toContain('all good')
    await world.run({ runId: '99' })
    expect(world.github.comments[1]?.body).toContain('<!-- run 101.2 -->')
    expect(world.github.comments).toHaveLength(2)
    expectCleanContract(world)
  })

  it('gives the verdict on a fork, whose token can only read, in the summary', async () => {
    const world = await open({ github: { permissions: 'read-only' } })
    const run = await world.run({ event: pullRequestEvent('mallory/app') })
    expect(run.exitCode).toBe(0)
    expect(run.outputs).toMatchObject({ verdict: 'pass', 'comment-url': '' })
    expect(run.summary).toContain('PASS:')
    expect(run.annotations).toContainEqual(
      expect.objectContaining({
        level: 'warning',
        message: expect.stringContaining('the comment could not be written'),
      }),
    )
  })

  it('never passes a fork without secrets: red, with instructions in the summary', async () => {
    const world = await open({ github: { permissions: 'read-only' } })
    const run = await world.run({ event: pullRequestEvent('mallory/app'), inputs: { endpoints: '' } })
    expect(run.exitCode).toBe(3)
    expect(run.outputs['gate-message']).toContain('has no address')
    expect(run.summary).toContain('comes from a fork')
    expect(run.summary).toContain('have a maintainer push the branch')
  })

  it('keeps its verdict when the artifact service refuses at the end', async () => {
    let created = 0
    const world = await open({
      results: {
        // The first is the start of the attempt.
        fault: (method) =>
          method === 'CreateArtifact' && ++created > 1
            ? { status: 403, body: { code: 'permission_denied', msg: 'no' } }
            : undefined,
      },
    })
    const run = await world.run()
    expect(run.exitCode).toBe(0)
    expect(run.outputs.verdict).toBe('pass')
    expect(run.annotations).toContainEqual(
      expect.objectContaining({
        level: 'warning',
        message: expect.stringContaining('the artifact could not be uploaded'),
      }),
    )
  })

  it('writes down what was measured when it is cancelled', async () => {
    const world = await open()
    const stop = new AbortController()
    const slow = await startHostileEndpoint('hang')
    closers.push(slow.close)
    const running = world.run({
      inputs: { endpoints: nameEndpoints(world.modelsUrl, { candidate: slow.url }) },
      cancelSignal: stop.signal,
    })
    while (slow.received.length === 0) await new Promise((resolved) => setTimeout(resolved, 50))
    stop.abort()
    const run = await running
    expect(run.signals).toEqual(['SIGINT'])
    expect(run.exitCode).toBe(2)
    expect(run.outputs.verdict).toBe('inconclusive')
    const artifact = world.results.readArtifact(nameRunArtifact('demo-good'))
    expect(JSON.parse(artifact?.['record.json']?.toString() ?? '')).toMatchObject({ stopped: 'cancelled' })
  })
})

describe('a pull request that does not touch the checkpoint', () => {
  it('is a quick, reported pass that asks no endpoint, needs no secret and writes no comment', async () => {
    const world = await open({ candidate: 'demo-baseline', github: { permissions: 'read-only' } })
    const run = await world.run({ inputs: { endpoints: '' }, event: pullRequestEvent('mallory/app') })
    expect(run.exitCode).toBe(0)
    expect(run.outputs.verdict).toBe('unchanged')
    expect(run.summary).toContain('UNCHANGED')
    expect(world.github.comments).toEqual([])
    expect(run.annotations).toEqual([])
    expectCleanContract(world)
  })
})

describe('the policy', () => {
  it("is the base's: a looser one in the pull request does not apply, and the comment says so", async () => {
    const world = await open({
      candidate: 'demo-bad',
      headFiles: {
        '.github/checkpoint-gate.yml': writePolicy().replace(
          'rubric: builtin',
          'rubric: builtin, role: watch',
        ),
      },
    })
    const run = await world.run()
    expect(run.exitCode).toBe(1)
    expect(world.github.comments[0]?.body).toContain('Policy changed in this pull request')
  })

  it('has to be obeyed: no registration for the candidate, no verdict', async () => {
    const world = await open({ headFiles: { 'preregistration/demo-good.yml': '' } })
    const run = await world.run()
    expect(run.exitCode).toBe(3)
    expect(run.outputs['gate-message']).toContain('no registration is for "demo-good"')
  })
})

describe('other events', () => {
  it('judges a merge group', async () => {
    const world = await open({ candidate: 'demo-bad' })
    const run = await world.run({
      eventName: 'merge_group',
      event: {
        merge_group: {
          head_sha: shas.merge,
          head_ref: 'refs/heads/gh-readonly-queue/main/pr-7',
          base_ref: 'refs/heads/main',
          base_sha: shas.base,
        },
      },
    })
    expect(run.exitCode).toBe(1)
    expect(run.outputs['comment-url']).toBe('')
    expectCleanContract(world)
  })

  it('judges a push to a release branch', async () => {
    const world = await open()
    const run = await world.run({
      eventName: 'push',
      event: { before: shas.base, after: shas.merge },
      sha: shas.merge,
    })
    expect(run.exitCode).toBe(0)
    expect(run.outputs.verdict).toBe('pass')
  })

  it('gives no verdict on a new branch', async () => {
    const world = await open()
    const run = await world.run({ eventName: 'push', event: { before: '0'.repeat(40), after: shas.merge } })
    expect(run.exitCode).toBe(3)
    expect(run.outputs['gate-message']).toContain('no commit before this push')
  })

  it('judges a named candidate by hand, with policy and registration of the default branch', async () => {
    const world = await open({ candidate: 'demo-bad' })
    const files = world.github.repository.commits[0]?.files ?? {}
    files['preregistration/demo-bad.yml'] =
      world.github.repository.commits[1]?.files['preregistration/demo-bad.yml'] ?? ''
    const run = await world.run({
      eventName: 'workflow_dispatch',
      event: { repository: { default_branch: 'main' } },
      sha: shas.base,
      inputs: { candidate: 'demo-bad' },
    })
    expect(run.exitCode).toBe(1)
  })

  it("refuses events that it can't judge", async () => {
    const world = await open()
    const run = await world.run({ eventName: 'pull_request_target' })
    expect(run.exitCode).toBe(3)
    expect(run.outputs['gate-message']).toContain('pull_request_target')
  })
})
