import { afterEach, describe, expect, it } from '@jest/globals'
import { openWorld, pullRequestEvent, shas, type World, writeRegistration } from '../world.ts'
import { bundleFixture } from './fixture/bundle.ts'

// The world that tests of the action share, with the fixture in place of the action.

const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function open(): Promise<World> {
  const world = await openWorld()
  closers.push(world.close)
  return world
}

describe('the world', () => {
  it('knows each run of the action, and dates what it leaves', async () => {
    const fixture = await bundleFixture()
    closers.push(fixture.remove)
    const world = await open()
    world.runs.push({ id: 77, workflowId: 2 })
    const run = (options: Parameters<World['run']>[0]) =>
      world.run({ actionDir: fixture.actionDir, ...options, inputs: { task: 'artifact' } })
    await run({})
    await run({ runAttempt: 2 })
    await run({ runId: '77', event: pullRequestEvent('mallory/app') })
    await run({ runId: '78', eventName: 'push', event: { ref: 'refs/heads/main' }, sha: shas.base })
    expect(world.runs).toMatchObject([
      { id: 77, workflowId: 2, headRepositoryId: 99, headSha: shas.head },
      { id: 4242, runAttempt: 2, headRepositoryId: 1, headSha: shas.head, headBranch: 'bump' },
      { id: 78, event: 'push', headSha: shas.base, headBranch: 'main' },
    ])
    const times = world.results.artifacts().map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted())
    expect(new Set(times).size).toBe(3)
  })

  it('takes pushes to the pull request, new ones and back to an old one', async () => {
    const world = await open()
    const path = 'preregistration/demo-good.yml'
    const edited = world.push({ files: { [path]: null, 'a.txt': 'a' } })
    const back = world.push({ to: shas.head, type: 'force_push' })
    const find = (sha: string) => world.github.repository.commits.find((commit) => commit.sha === sha)
    expect(find(edited.sha)).toMatchObject({ parents: [shas.head], files: { 'a.txt': 'a' } })
    expect(find(edited.sha)?.files[path]).toBeUndefined()
    expect(find(edited.merge)?.parents).toEqual([shas.base, edited.sha])
    expect(find(back.merge)).toMatchObject({
      parents: [shas.base, shas.head],
      files: { [path]: writeRegistration('demo-good') },
    })
    expect(world.pushes).toMatchObject([
      { type: 'branch_creation', after: shas.head },
      { type: 'push', before: shas.head, after: edited.sha, at: edited.at },
      { type: 'force_push', before: edited.sha, after: shas.head, at: back.at },
    ])
    expect(world.github.repository.branches.bump).toBe(shas.head)
  })
})
