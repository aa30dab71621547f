import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { graderConfigSchema } from '../../src/grade/graders/index.ts'
import { parsePolicy } from '../../src/policy/load.ts'
import { root } from '../support/shared.ts'
import { useWorlds } from './use-worlds.ts'
import { openWorld, shas } from './world.ts'

const read = (path: string) => readFileSync(resolve(root, path), 'utf8')
const folder = '.github/workflows'
const workflows = readdirSync(resolve(root, folder)).map((name) => ({
  name,
  text: read(`${folder}/${name}`),
}))
const { closers } = useWorlds()

describe('the workflows of this repository', () => {
  it.each(workflows)('$name grants nothing at the top and pins every action to a commit', ({ text }) => {
    const workflow = parse(text)
    expect(workflow.permissions).toEqual({})
    const steps: { uses?: string }[] = Object.values<{ steps: [] }>(workflow.jobs).flatMap((job) => job.steps)
    const used = steps.flatMap(({ uses }) => (uses === undefined || uses === './' ? [] : [uses]))
    expect(used.length).toBeGreaterThan(0)
    expect(used.filter((uses) => !/@[0-9a-f]{40}$/.test(uses))).toEqual([])
  })

  it("decide by the demo's policy, with the paths of this repository", () => {
    const [own, demo] = ['.github/checkpoint-gate.yml', 'examples/demo/checkpoint-gate.yml'].map((file) =>
      parsePolicy({ file, text: read(file) }, graderConfigSchema),
    )
    expect(own?.categories).toEqual(demo?.categories)
    expect(own?.sample).toEqual(demo?.sample)
    expect(own?.gate).toEqual(demo?.gate)
  })

  it('fail the bad candidate and pass the good one', async () => {
    const step = Object.values<{ steps: { uses?: string; with?: Record<string, string> }[] }>(
      parse(read(`${folder}/gate.yml`)).jobs,
    )
      .flatMap((job) => job.steps)
      .find(({ uses }) => uses === './')
    const files = Object.fromEntries(
      [
        '.github/checkpoint-gate.yml',
        'examples/demo/manifest.json',
        'examples/demo/deploy/model.yaml',
        'examples/demo/preregistration/demo-good.yml',
        'examples/demo/preregistration/demo-bad.yml',
      ].map((path) => [path, read(path)]),
    )
    for (const [candidate, exitCode] of [
      ['demo-good', 0],
      ['demo-bad', 1],
    ] as const) {
      const world = await openWorld()
      closers.push(world.close)
      for (const commit of world.github.repository.commits) {
        commit.files = { ...files }
        if (commit.sha !== shas.base)
          commit.files['examples/demo/deploy/model.yaml'] = `serving:\n  checkpoint: ${candidate}\n`
      }
      const inputs = Object.fromEntries(
        Object.entries(step?.with ?? {}).map(([name, value]) => [
          name,
          value.replaceAll('http://127.0.0.1:8787/v1', world.modelsUrl),
        ]),
      )
      const run = await world.run({
        inputs: { ...inputs, 'corpus-dir': resolve(root, inputs['corpus-dir'] ?? '') },
      })
      expect({ candidate, exitCode: run.exitCode }).toEqual({ candidate, exitCode })
    }
  })
})
