import { describe, expect, it } from '@jest/globals'
import type { CommentSeed } from './emulator/github-comments.ts'
import { useWorlds } from './use-worlds.ts'
import { shas, writePolicy } from './world.ts'

const quickPolicy = writePolicy({ turns: 20, limit: '50%' })

const { open } = useWorlds({ policy: quickPolicy })

describe('the comment', () => {
  it.each([
    ['a lack of permission', { status: 403, body: { message: 'Resource not accessible by integration' } }],
    [
      'a secondary rate limit',
      {
        status: 403,
        headers: { 'retry-after': '60' },
        body: { message: 'You have exceeded a secondary rate limit' },
      },
    ],
    ['a locked conversation', { status: 422, body: { message: 'Validation Failed' } }],
    ['an outage', { status: 502, body: { message: 'Bad Gateway' } }],
    ['a lost connection', 'reset' as const],
  ])("changes no verdict when it can't be written: %s", async (_, fault) => {
    const world = await open({
      github: {
        fault: (method, path) => (method === 'POST' && path.includes('/comments') ? fault : undefined),
      },
    })
    const run = await world.run()
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

  it('is found among hundreds of others', async () => {
    const others: CommentSeed[] = Array.from({ length: 230 }, (_, index) => ({
      issueNumber: 7,
      login: 'octocat',
      body: `remark ${index}`,
    }))
    const ours: CommentSeed = {
      issueNumber: 7,
      login: 'github-actions[bot]',
      type: 'Bot',
      body: '<!-- checkpoint-gate -->\n<!-- run 1.1 -->\n\nold',
    }
    const world = await open({ github: { comments: [...others.slice(0, 150), ours, ...others.slice(150)] } })
    await world.run({ runId: '2' })
    expect(world.github.comments).toHaveLength(231)
    expect(world.github.comments[150]?.body).toContain('**PASS:**')
  })

  it('is written anew when somebody deletes it while it is updated', async () => {
    const ours: CommentSeed = {
      issueNumber: 7,
      login: 'github-actions[bot]',
      type: 'Bot',
      body: '<!-- checkpoint-gate -->\n\nold',
    }
    const world = await open({
      github: {
        comments: [ours],
        fault: (method) => (method === 'PATCH' ? { status: 404, body: { message: 'Not Found' } } : undefined),
      },
    })
    const run = await world.run()
    expect(world.github.comments).toHaveLength(2)
    expect(run.outputs['comment-url']).toContain('issuecomment')
  })

  it('says so when the checkpoint is taken back after a verdict', async () => {
    const world = await open()
    await world.run({ runId: '1' })
    expect(world.github.comments[0]?.body).toContain('**PASS:**')
    const merge = world.github.repository.commits.find(({ sha }) => sha === shas.merge)
    if (merge !== undefined) merge.files['deploy/model.yaml'] = 'serving:\n  checkpoint: demo-baseline\n'
    const run = await world.run({ runId: '2' })
    expect(run.outputs.verdict).toBe('unchanged')
    expect(world.github.comments).toHaveLength(1)
    expect(world.github.comments[0]?.body).toContain('UNCHANGED')
  })
})

describe('the base branch', () => {
  it('has to serve what the change was made against', async () => {
    const world = await open()
    const { commits, branches } = world.github.repository
    const base = commits[0]
    const sha = 'f'.repeat(40)
    commits.push({
      sha,
      parents: [shas.base],
      files: { ...base?.files, 'deploy/model.yaml': 'serving:\n  checkpoint: demo-other\n' },
    })
    branches.main = sha
    const run = await world.run()
    expect(run.exitCode).toBe(3)
    expect(run.outputs['gate-message']).toContain('update the branch')
  })

  it('has to have the policy before a checkpoint can be judged by it', async () => {
    const world = await open({ headFiles: { '.github/checkpoint-gate.yml': quickPolicy } })
    const base = world.github.repository.commits[0]
    if (base !== undefined) delete base.files['.github/checkpoint-gate.yml']
    const run = await world.run()
    expect(run.exitCode).toBe(3)
    expect(run.outputs['gate-message']).toContain('installs the gate')
  })
})
