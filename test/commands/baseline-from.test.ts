import { cp, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type DemoServer, startDemoServer } from '../../src/adapters/demo-server.ts'
import { decideAgain } from '../../src/commands/decide.ts'
import { runFromTerminal } from '../../src/commands/run.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

let server: DemoServer
beforeAll(async () => {
  server = await startDemoServer()
})
afterAll(() => server.close())

/** The demo with 80 turns, whose policy lets the baseline be reused, or not. */
async function build(replay = ', reuse_baseline_days: 7'): Promise<string> {
  const folder = join(await makeFolder(), 'demo')
  await cp(resolve(root, 'examples/demo'), folder, { recursive: true })
  const policy = await readFile(join(folder, 'checkpoint-gate.yml'), 'utf8')
  const changed = policy
    .replace(/turns: \d+/, 'turns: 80')
    .replace(/replay: \{(.*?) \}/, `replay: {$1${replay} }`)
  await writeFile(join(folder, 'checkpoint-gate.yml'), changed)
  return folder
}

async function gate(folder: string, options: { candidate: string; out: string; baselineFrom?: string }) {
  const printed: string[] = []
  await runFromTerminal(
    {
      folder,
      policy: 'checkpoint-gate.yml',
      baseline: 'demo-baseline',
      endpoints: ['baseline', 'candidate', 'judge'].map((name) => `${name}=${server.url}`),
      rubrics: resolve(root, 'rubrics'),
      repository: 'checkpoint-gate/demo',
      tier: 'release',
      cancelled: new AbortController().signal,
      ...options,
      out: join(folder, '..', options.out),
    },
    createRecordingLog(),
    (text) => printed.push(text),
  )
  return printed.join('\n').replaceAll(/\s+/g, ' ')
}

describe('--baseline-from', () => {
  it('reuses what a run has kept in its directory, and says so; decide gives the same bytes', async () => {
    const folder = await build()
    const first = join(folder, '..', 'first')
    await gate(folder, { candidate: 'demo-good', out: 'first' })
    const text = await gate(folder, { candidate: 'demo-bad', out: 'second', baselineFrom: first })
    expect(text).toContain('30 of 80 answers reused from an earlier run (less than a day old)')
    const verdict = join(folder, '..', 'second', 'verdict.json')
    const written = await readFile(verdict, 'utf8')
    await decideAgain({
      folder: join(folder, '..', 'second'),
      audit: null,
      reviews: null,
      print: () => undefined,
    })
    expect(await readFile(verdict, 'utf8')).toBe(written)
  })

  it('is refused where the run has kept nothing, or the policy lets nothing be reused', async () => {
    const folder = await build('')
    const missing = gate(folder, { candidate: 'demo-good', out: 'out', baselineFrom: folder })
    await expect(missing).rejects.toThrow('has kept no baseline')
    await writeFile(join(folder, 'baseline.json'), '{}')
    const forbidden = gate(folder, { candidate: 'demo-good', out: 'out', baselineFrom: folder })
    await expect(forbidden).rejects.toMatchObject({
      code: 'policy',
      where: { file: 'checkpoint-gate.yml', field: 'replay.reuse_baseline_days' },
    })
  })

  it('asks everything where what lies there is damaged', async () => {
    const folder = await build()
    await writeFile(join(folder, 'baseline.json'), '{}')
    const text = await gate(folder, { candidate: 'demo-good', out: 'out', baselineFrom: folder })
    expect(text).toContain('the folder: what it says of itself is damaged')
  })
})
