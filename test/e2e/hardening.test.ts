import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { isGateStep, listDocBlocks, listEvents, type Workflow } from '../support/doc-blocks.ts'
import { useWorlds } from './use-worlds.ts'
import { nameRunArtifact, pullRequestEvent, shas, type World } from './world.ts'

// The steps that docs/hardening.md and docs/attestation.md show, carried out by the packaged action.

const { open } = useWorlds()

interface Recipe {
  workflow: Workflow
  job: Workflow['jobs'][string]
  inputs: Record<string, string>
  env: Record<string, string>
}

/** A job of the first workflow of a page that holds a text, its step's inputs and keys as the runner would fill them in. */
function takeRecipe(request: { page: string; holding: string; job?: string; world: World }): Recipe {
  const { page, holding, job: jobName = 'checkpoint-gate', world } = request
  const block = listDocBlocks(page).find(
    ({ language, text }) => language === 'yaml' && text.includes(holding),
  )
  const workflow: Workflow = parse(block?.text ?? '')
  const job = workflow.jobs[jobName]
  const step = job?.steps.find(isGateStep)
  if (job === undefined || step === undefined) throw new Error(`${page} has no gate step with "${holding}"`)
  const fill = (value: string) =>
    value
      .replaceAll(/https:\/\/[\w.]+\/v1/g, world.modelsUrl)
      .replaceAll(/\$\{\{ inputs\.candidate \}\}/g, 'demo-good')
      .replaceAll(/\$\{\{ secrets\.(\w+) \}\}/g, 'key-of-$1')
  const fillAll = (values: Record<string, string> = {}) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fill(value)]))
  return { workflow, job, inputs: fillAll(step.with), env: fillAll(step.env) }
}

const hardening = 'docs/hardening.md'
const group = {
  merge_group: { head_sha: shas.merge, base_ref: 'refs/heads/main', base_sha: shas.base, head_ref: 'queue' },
}

describe('the recipes of docs/hardening.md', () => {
  it.each([
    ['pull_request', pullRequestEvent()],
    ['merge_group', group],
  ])('judge from a required workflow, on %s', async (eventName, event) => {
    const world = await open()
    const { workflow, inputs, env } = takeRecipe({ page: hardening, holding: '# acme/gates:', world })
    expect(listEvents(workflow)).toContain(eventName)
    const run = await world.run({ eventName, event, inputs, env })
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } })
    expect(world.github.comments).toHaveLength(eventName === 'pull_request' ? 1 : 0)
  })

  it('see without keys, corpus and endpoints whether the checkpoint is the same', async () => {
    const unchanged = await open({ candidate: 'demo-baseline', github: { permissions: 'read-only' } })
    const look = takeRecipe({ page: hardening, holding: 'look:', job: 'look', world: unchanged })
    expect(look.job.permissions).toEqual({ contents: 'read' })
    expect(look.env).toEqual({})
    const without = { ...look.inputs, endpoints: '', 'corpus-dir': '.' }
    const same = await unchanged.run({ inputs: without })
    expect(same).toMatchObject({ exitCode: 0, outputs: { verdict: 'unchanged' } })
    const changed = await open({ github: { permissions: 'read-only' } })
    const other = await changed.run({ inputs: without })
    expect(other.outputs.verdict).toBe('')
    // What lets the second job run: neither a verdict nor this step's failure.
    expect(look.workflow.jobs['checkpoint-gate']?.if).toMatch(
      /^\$\{\{ !cancelled\(\) && needs\.look\.outputs\.verdict != 'unchanged' \}\}$/,
    )
  })

  it('measure with a token that can only read, and leave the comment to another job', async () => {
    const world = await open({ candidate: 'demo-bad', github: { permissions: 'read-only' } })
    const { workflow, job, inputs, env } = takeRecipe({ page: hardening, holding: '\n  post:', world })
    expect(Object.values(job.permissions ?? {})).not.toContain('write')
    const run = await world.run({ inputs, env })
    expect(run).toMatchObject({ exitCode: 1, outputs: { verdict: 'fail', 'comment-url': '' } })
    expect(run.annotations).toContainEqual(
      expect.objectContaining({
        level: 'warning',
        message: expect.stringContaining('comment could not be written'),
      }),
    )
    const name = nameRunArtifact('demo-bad')
    const comment = world.results.readArtifact(name)?.['comment.md']?.toString() ?? ''
    expect(comment).toMatch(/^<!-- checkpoint-gate -->\n\n\*\*FAIL/)
    expect(run.outputs.artifact).toBe(name)
    const download = workflow.jobs.post?.steps[0]?.with ?? {}
    const post = workflow.jobs.post?.steps[1]?.run ?? ''
    expect(post).toContain(`--body-file ${download.path}/comment.md`)
  })

  it('judge what is pushed to a release branch against what was there before', async () => {
    const world = await open()
    const { workflow, inputs, env } = takeRecipe({ page: hardening, holding: 'name: release\n', world })
    expect(workflow.on).toEqual({ push: { branches: ['release/*'] } })
    const push = { eventName: 'push', inputs, env }
    const run = await world.run({ ...push, event: { before: shas.base, after: shas.merge } })
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } })
    const first = await world.run({ ...push, event: { before: '0'.repeat(40), after: shas.merge } })
    expect(first).toMatchObject({ exitCode: 3, outputs: { verdict: '' } })
  })

  it('judge a named candidate by hand, and refuse pull_request_target', async () => {
    const world = await open()
    const files = world.github.repository.commits[0]?.files ?? {}
    const registration = 'preregistration/demo-good.yml'
    files[registration] = world.github.repository.commits[1]?.files[registration] ?? ''
    const { inputs, env } = takeRecipe({ page: hardening, holding: 'workflow_dispatch:', world })
    const event = { repository: { default_branch: 'main' } }
    const run = await world.run({ eventName: 'workflow_dispatch', event, sha: shas.base, inputs, env })
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } })
    expect(world.github.comments).toEqual([])
    const target = await world.run({ eventName: 'pull_request_target', inputs, env })
    expect(target).toMatchObject({ exitCode: 3, outputs: { verdict: '' } })
    expect(target.outputs['gate-message']).toContain('pull_request_target')
  })
})

describe('the workflow of docs/attestation.md', () => {
  it('leaves what is to be signed in the artifact, for the job that signs', async () => {
    const world = await open()
    const page = 'docs/attestation.md'
    const { workflow, inputs, env } = takeRecipe({ page, holding: 'name: release-gate\n', world })
    const event = { before: shas.base, after: shas.merge }
    const run = await world.run({ eventName: 'push', event, inputs, env })
    const name = nameRunArtifact('demo-good')
    const predicate = JSON.parse(world.results.readArtifact(name)?.['predicate.json']?.toString() ?? '{}')
    expect(predicate).toMatchObject({
      result: 'PASSED',
      failedTests: [],
      checkpointGate: { candidate: 'demo-good', tier: 'release', trustAnchor: 'base' },
    })
    expect(predicate.configuration).toContainEqual({
      name: 'plan',
      digest: { sha256: run.outputs['plan-digest'] },
    })
    expect(predicate.configuration).toContainEqual({
      name: 'commits/candidate',
      digest: { gitCommit: shas.merge },
    })
    const [download, , attest] = workflow.jobs.attest?.steps ?? []
    expect(run.outputs.artifact).toBe(name)
    expect(attest?.with?.['predicate-path']).toBe(`${download?.with?.path}/predicate.json`)
  })
})
