import { describe, expect, it } from '@jest/globals'
import { runMerge } from '../../src/gate.ts'
import { requireShards } from '../../src/shards/report.ts'
import { nameShard, parseShard, parseShardCount, parseSuffix, suffixShard } from '../../src/shards/shard.ts'
import { createMemoryDirectory } from '../fakes/memory-directory.ts'
import { createScenario, type ScenarioOptions } from '../support/gate-scenario.ts'
import { createLeft, measureAll, measureOne, mergeAll } from '../support/in-shards.ts'

const options: ScenarioOptions = { turns: 100 }

describe('what is merged', () => {
  it('has to be of the same plan, and the difference is named', async () => {
    const { left } = await measureAll({ layout: { of: 2, waves: 1 }, options })
    const other = await measureAll({
      layout: { of: 2, waves: 1 },
      options: { ...options, policy: { judge: { model: 'judge-2', second_grading: '0%' } } },
    })
    left.kept.set('2/1', other.left.kept.get('2/1') as never)
    await expect(mergeAll({ left, of: 2, options })).rejects.toMatchObject({
      code: 'shard',
      message: 'shard 2 of 2 has measured something else: what differs is the judge and the other graders',
      remedy: expect.stringContaining('the same inputs'),
    })
  })

  it('has to be of the same number of shards, tier and sample', async () => {
    const { left } = await measureAll({ layout: { of: 2, waves: 1 }, options })
    await expect(mergeAll({ left, of: 3, options })).rejects.toThrow(
      'shard 1 of 2 has measured something else: it is one of 2 shards, and not of 3',
    )
    const smoke = {
      ...options,
      request: { run: { attempt: 1, id: '7', event: 'cli', tier: 'smoke' as const } },
    }
    await expect(mergeAll({ left, of: 2, options: smoke })).rejects.toThrow(
      'its tier is release, and not smoke',
    )
  })

  it('has to be something', async () => {
    await expect(mergeAll({ left: createLeft(), of: 2, options })).rejects.toMatchObject({
      code: 'shard',
      message: 'no shard of this run has left anything that it measured',
    })
  })

  it('is missing where a journal is damaged, and the run says so', async () => {
    const { left } = await measureAll({ layout: { of: 2, waves: 1 }, options })
    const directory = left.kept.get('2/1')?.directory
    const lines = directory?.files.get('journal.jsonl')?.split('\n') ?? []
    directory?.files.set('journal.jsonl', [...lines.slice(0, 5), '{"torn', ...lines.slice(5)].join('\n'))
    const { decided, scenario } = await mergeAll({ left, of: 2, options })
    expect(decided.verdict.categories[0]?.candidate).toMatchObject({ graded: 50, missing: 50 })
    expect(scenario.log.lines.join('\n')).toContain("shard 2 of 2: its journal can't be read")
  })
})

describe('directories of shards', () => {
  it('are refused where no shard has ended, or the same one twice', async () => {
    const { left } = await measureAll({ layout: { of: 2, waves: 1 }, options })
    const one = left.kept.get('1/1')?.directory ?? createMemoryDirectory()
    await expect(requireShards([createMemoryDirectory()])).rejects.toThrow('no shard has ended here')
    await expect(requireShards([one, { ...one, path: 'copy' }])).rejects.toThrow(
      'shard 1 of 2 was measured twice, in run and in copy',
    )
  })
})

describe('the names of shards', () => {
  it('are read as they are written', () => {
    const shard = { index: 2, of: 8, wave: 1, waves: 3 }
    expect(parseShard('2/8', '1/3')).toEqual(shard)
    expect(parseShard(' 2/8 ')).toEqual({ index: 2, of: 8, wave: 1, waves: 1 })
    expect(parseSuffix(suffixShard(shard))).toEqual(shard)
    expect(nameShard(shard)).toBe('shard 2 of 8, wave 1 of 3')
    expect(parseShardCount('')).toBeNull()
    expect(parseShardCount('12')).toBe(12)
  })

  it.each(['', '0/8', '9/8', '2', '2/8/3', '1/257', 'a/b', '-1/2', '1.5/2'])('refuse %j', (text) => {
    expect(() => parseShard(text)).toThrow('is not a shard')
  })

  it.each(['0', '257', '1e2', 'two', '-3'])('refuse the number %j', (text) => {
    expect(() => parseShardCount(text)).toThrow('is not a number of shards')
  })

  it.each(['-shard-3-of-2-wave-1-of-1', '-shard-1-of-2', '-end', '-shard-1-of-2-wave-2-of-1'])(
    'are not found in %j',
    (suffix) => {
      expect(parseSuffix(suffix)).toBeNull()
    },
  )
})

describe('a shard', () => {
  it('asks nothing where nothing changed', async () => {
    const { measured } = await measureAll({
      layout: { of: 2, waves: 1 },
      options: { ...options, files: { head: { 'checkpoint.txt': 'ckpt-1' } } },
    })
    expect(measured.map(({ result }) => result.kind)).toEqual(['unchanged', 'unchanged'])
    expect(createScenario(options).connected).toEqual([])
  })
})

describe('a directory of a shard', () => {
  it('takes no other shard, no whole run and no merge', async () => {
    const { left } = await measureAll({ layout: { of: 2, waves: 1 }, options })
    const directory = left.kept.get('1/1')?.directory
    if (directory === undefined) throw new Error('the shard has left nothing')
    const second = { index: 2, of: 2, wave: 1, waves: 1 }
    await expect(
      measureOne({ left: createLeft(), shard: second, options: { ...options, directory } }),
    ).rejects.toThrow('the directory holds shard 1 of 2')
    await expect(createScenario({ ...options, directory }).run()).rejects.toThrow(
      'the directory holds shard 1 of 2',
    )
    const merging = createScenario({ ...options, directory })
    await expect(runMerge(merging.request, { ...merging.ports, shards: left }, 2)).rejects.toThrow(
      'the directory holds shard 1 of 2',
    )
  })
})
