import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { nameAttempt } from '../../src/history/attempt.ts'
import { isGateStep, listDocBlocks, type WorkflowJob } from '../support/doc-blocks.ts'
import { expectCleanContract, useWorlds } from './use-worlds.ts'
import { type World, writePolicy } from './world.ts'

// The workflow of docs/shards.md, its jobs carried out one by one by the packaged action.

interface ShardedJob extends WorkflowJob {
  strategy?: { 'fail-fast': boolean; matrix: { shard: number[] } }
}

const [block] = listDocBlocks('docs/shards.md')
const jobs: Record<string, ShardedJob> = parse(block?.text ?? '').jobs
const shards = jobs.replay?.strategy?.matrix.shard ?? []

/** A step's inputs, with what stands for the matrix filled in; endpoints are those of the test. */
function inputsOf(job: ShardedJob | undefined, shard: number | null): Record<string, string> {
  const step = job?.steps.find(isGateStep)
  const { endpoints, ...inputs } = step?.with ?? {}
  const fill = (text: string) => text.replaceAll(/\$\{\{ matrix\.shard \}\}/g, String(shard))
  return {
    ...Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, fill(value)])),
    // The job that decides has none, and needs none.
    ...(endpoints === undefined ? { endpoints: '' } : {}),
  }
}

const nameOf = (suffix: string, attempt = 1) =>
  `${nameAttempt({ pointerFile: 'deploy/model.yaml', candidate: 'demo-good' }, attempt)}${suffix}`
const shardOf = (index: number, attempt = 1) => nameOf(`-shard-${index}-of-4-wave-1-of-1`, attempt)

const policy = writePolicy({ turns: 200, more: 'gate: { early_stopping: off }\n' })
const { open } = useWorlds({ policy })

function runShard(world: World, index: number, more: object = {}) {
  return world.run({ runId: '101', inputs: inputsOf(jobs.replay, index), ...more })
}

function decide(world: World, more: object = {}) {
  return world.run({ runId: '101', inputs: inputsOf(jobs['checkpoint-gate'], null), ...more })
}

const readVerdict = (world: World, name: string) =>
  world.results.readArtifact(name)?.['verdict.json']?.toString()

describe('the workflow with a matrix', () => {
  it('gives the verdict of one job, its shards run at the same time', async () => {
    expect(shards).toEqual([1, 2, 3, 4])
    const alone = await open()
    await alone.run({ runId: '101' })
    const world = await open()
    const ran = await Promise.all(shards.map((index) => runShard(world, index)))
    expect(ran.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0])
    expect(ran.map(({ outputs }) => outputs.artifact)).toEqual(shards.map((index) => shardOf(index)))
    expect(ran[2]?.outputs['gate-message']).toBe('Shard 3 of 4: all that it was to ask was asked.')
    expect(Object.keys(world.results.readArtifact(shardOf(3)) ?? {})).toEqual(['journal.jsonl', 'shard.json'])
    expect(world.github.comments).toEqual([])

    const decided = await decide(world)
    expect(decided.outputs).toMatchObject({ verdict: 'pass', attempt: '1', artifact: nameOf('-end') })
    expect(decided.exitCode).toBe(0)
    expect(readVerdict(world, nameOf('-end'))).toBe(readVerdict(alone, nameOf('-end')))
    expect(world.github.comments).toHaveLength(1)
    expectCleanContract(world)

    const later = await world.run({ runId: '102', inputs: { endpoints: '' } })
    expect(later.outputs).toMatchObject({ verdict: 'pass', artifact: nameOf('-standing') })
  })

  it('measures a lost shard alone when the failed jobs are run again', async () => {
    const world = await open()
    for (const index of [1, 2, 4]) await runShard(world, index)
    const broken = await runShard(world, 3, {
      inputs: { ...inputsOf(jobs.replay, 3), endpoints: 'baseline=http://127.0.0.1:9/v1' },
    })
    expect(broken.exitCode).toBe(3)
    const first = await decide(world)
    expect(first.outputs.verdict).toBe('inconclusive')
    expect(first.exitCode).not.toBe(0)
    expect(first.log).toContain('3 of 4 shards have left what they measured')
    expect(first.log).toContain('100 completions are missing')

    const again = await runShard(world, 3, { runAttempt: 2 })
    expect(again.log).toContain('100 completions to ask for')
    const second = await decide(world, { runAttempt: 2 })
    expect(second.outputs).toMatchObject({ verdict: 'pass', attempt: '2', artifact: nameOf('-end', 2) })
    const record = JSON.parse(
      world.results.readArtifact(nameOf('-end', 2))?.['record.json']?.toString() ?? '',
    )
    const asked = JSON.parse(world.results.readArtifact(nameOf('-end', 1))?.['record.json']?.toString() ?? '')
    // What the first attempt took is counted once.
    expect(record.cost.requests).toBeGreaterThan(asked.cost.requests)
    expect(record.cost.requests).toBeLessThan(asked.cost.requests * 1.5)
    expectCleanContract(world)
  })

  it('has no verdict where no shard has left anything, or one was given another number', async () => {
    const world = await open()
    const nothing = await decide(world)
    expect(nothing.outputs.verdict).toBe('')
    expect(nothing.exitCode).toBe(3)
    expect(nothing.log).toContain('no shard of this run has left anything')
    await runShard(world, 1)
    const other = await decide(world, { runId: '101', inputs: { shards: '3', endpoints: '' } })
    expect(other.exitCode).toBe(3)
    expect(other.log).toContain('it is one of 4 shards, and not of 3')
  })

  it('asks nothing where the checkpoint is the same, and the job that decides says so', async () => {
    const world = await open({
      headFiles: { 'deploy/model.yaml': 'serving:\n  checkpoint: demo-baseline\n' },
    })
    const shard = await runShard(world, 1)
    expect(shard.exitCode).toBe(0)
    expect(shard.log).toContain('Nothing to measure')
    const decided = await decide(world)
    expect(decided.outputs.verdict).toBe('unchanged')
  })
})
