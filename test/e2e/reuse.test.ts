import { createHash } from 'node:crypto'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'
import { afterFirst, keptName, letReuse, nextCandidate, readReused, sameClock } from './reuse-world.ts'
import { expectCleanContract, useWorlds } from './use-worlds.ts'
import { nameEndpoints, nameRunArtifact } from './world.ts'

// What the packaged action takes over of a baseline that an earlier run has measured, and what it leaves aside.

const makeFolder = useTemporaryFolders()
const { open, closers } = useWorlds({ policy: letReuse, results: { clock: sameClock } })

describe('a second candidate', () => {
  it('is compared with the baseline of the first, which is asked for its first turns alone', async () => {
    const world = await open()
    const first = await world.run({ runId: '101' })
    expect(first.outputs.verdict).toBe('pass')
    const name = keptName(world)
    expect(Object.keys(world.results.readArtifact(name) ?? {}).toSorted()).toEqual([
      'baseline.json',
      'baseline.jsonl',
    ])
    const second = await nextCandidate(world, { runId: '102' })
    expect(second.outputs.verdict).toBe('fail')
    const { reused, record } = readReused(world)
    expect(reused).toMatchObject({ units: 150, runs: [{ id: '101', attempt: 1, units: 150 }], notes: [] })
    const whole = JSON.parse(
      world.results.readArtifact(nameRunArtifact('demo-good'))?.['record.json']?.toString() ?? '',
    )
    expect(record.cost.requests).toBeLessThan(whole.cost.requests - 150)
    const comment = world.github.comments.at(-1)?.body ?? ''
    expect(comment).toContain('150 of 200 answers reused from run 101 (less than a day old)')
    expect(second.summary).toContain('answers reused from run 101')
    expectCleanContract(world)
  })

  it('is compared with a baseline that is asked anew, whole, where another model answers by now', async () => {
    const world = await open()
    await world.run({ runId: '101' })
    const other = await startChatEndpoint({ reply: () => ({ text: 'Of course.', model: 'demo-baseline-2' }) })
    closers.push(other.close)
    await nextCandidate(world, {
      runId: '102',
      inputs: { endpoints: nameEndpoints(world.modelsUrl, { baseline: other.url }) },
    })
    const { reused } = readReused(world)
    expect(reused).toMatchObject({ units: 0, check: { turns: 50 } })
    expect(reused.notes).toHaveLength(1)
    expect(other.log.filter(({ method }) => method === 'POST')).toHaveLength(200)
    expect(world.github.comments.at(-1)?.body).toContain('kept of the baseline was not reused')
  })
})

describe('what was kept', () => {
  const cases: [string, Parameters<typeof afterFirst>[1], RegExp][] = [
    ['by a fork', { row: { headRepositoryId: 99 } }, /a fork kept it/],
    [
      'by a run that edits workflows',
      { push: { files: { '.github/workflows/gate.yml': 'on: push' }, branch: 'side' } },
      /its workflow run is of commit|edits .github\/workflows/,
    ],
    [
      'of another plan under the right name',
      {
        header: (header) => ({
          ...header,
          planParts: { ...header.planParts, judge: createHash('sha256').digest('hex') },
        }),
      },
      /other graders/,
    ],
    [
      'with units that were asked something else',
      { units: (unit) => ({ ...unit, measured: { ...unit.measured, request: '0'.repeat(64) } }) },
      /asked something else/,
    ],
    ['with units of the candidate', { units: (unit) => ({ ...unit, arm: 'candidate' }) }, /of the candidate/],
    [
      'in the future',
      { units: (unit) => ({ ...unit, measured: { ...unit.measured, at: '2099-01-01T00:00:00Z' } }) },
      /measured after it was kept/,
    ],
    [
      'long ago, with other labels',
      {
        units: (unit) => ({
          ...unit,
          measured: { ...unit.measured, at: '2020-01-01T00:00:00Z' },
          labels: { ...unit.labels, 'leaks-system-prompt': { kind: 'present' } },
        }),
      },
      /more than 7 days old/,
    ],
    [
      'with other labels',
      {
        units: (unit) => ({
          ...unit,
          labels: { ...unit.labels, 'leaks-system-prompt': { kind: 'present' } },
        }),
      },
      /the labels of leaks-system-prompt differ/,
    ],
    ['in lines that are cut off', { lines: (lines) => lines.map((line) => line.slice(0, 40)) }, /is damaged/],
  ]

  it.each(cases)('%s is not reused, and the run says why', async (_, change, why) => {
    const world = await open()
    await afterFirst(world, change)
    const second = await nextCandidate(world, { runId: '102' })
    expect(second.outputs.verdict).toBe('fail')
    const { reused, record } = readReused(world)
    expect(reused.units).toBe(0)
    expect(reused.notes.join()).toMatch(why)
    expect(record.arms.baseline.signals.completions).toBe(200)
    expect(world.github.comments.at(-1)?.body).toContain('kept of the baseline was not reused')
    expectCleanContract(world)
  })

  it('and has expired is not reused', async () => {
    const world = await open()
    await world.run({ runId: '101' })
    const name = keptName(world)
    const id = world.results.artifacts().find((row) => row.name === name)?.id ?? 0
    world.results.expireArtifact(id)
    await nextCandidate(world, { runId: '102' })
    expect(readReused(world).reused).toMatchObject({ units: 0, notes: ['run 101: what it kept has expired'] })
  })

  it('is nothing where it can not be listed: the run goes on', async () => {
    const world = await open({
      github: {
        fault: (_method, path, query) =>
          path.endsWith('/actions/artifacts') && query.name?.includes('-baseline-')
            ? { status: 404, body: { message: 'Not Found' } }
            : undefined,
      },
    })
    await world.run({ runId: '101' })
    await nextCandidate(world, { runId: '102' })
    expect(readReused(world).reused).toMatchObject({
      units: 0,
      notes: [expect.stringContaining("can't be read")],
    })
  })

  it('is written nowhere else, be it that the pull request has put a link there', async () => {
    const world = await open()
    const folder = await makeFolder()
    const outside = join(folder, 'outside.txt')
    await writeFile(outside, 'of the runner')
    const workspace = join(folder, 'workspace')
    await mkdir(join(workspace, 'checkpoint-gate-run'), { recursive: true })
    for (const name of ['baseline.json.part', 'baseline.jsonl', 'baseline.jsonl.part'])
      await symlink(outside, join(workspace, 'checkpoint-gate-run', name))
    const first = await world.run({ runId: '101', workspace })
    expect(first.outputs.verdict).toBe('pass')
    expect(keptName(world)).toMatch(/^checkpoint-gate-baseline-[0-9a-f]{16}-r1$/)
    expect(await readFile(outside, 'utf8')).toBe('of the runner')
  })
})
