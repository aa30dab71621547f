import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { root } from '../../support/shared.ts'
import { useTemporaryFolders } from '../../support/temporary-folder.ts'
import { writePolicy } from '../world.ts'
import { type CanaryOptions, quickPolicy, useCanaryWorlds } from './canary-world.ts'
import { listPlantedFiles, plant } from './planted.ts'

const makeFolder = useTemporaryFolders()
const { open, countConnections, startServer } = useCanaryWorlds()

describe('files of the workspace', () => {
  it('change nothing of how the gate runs, also where it is started from there', async () => {
    const elsewhere = await startServer()
    const workspace = await makeFolder()
    await plant(workspace, listPlantedFiles(elsewhere.url))
    for (const path of ['action.yml', 'dist', 'rubrics']) {
      await cp(resolve(root, path), join(workspace, path), { recursive: true })
    }
    const { run } = await open()
    const { finished, found, sent } = await run({ workspace, actionDir: workspace, folders: [workspace] })
    expect(finished).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } })
    expect(found).toEqual([])
    expect(sent.every((count) => count > 0)).toBe(true)
    expect(countConnections(elsewhere)).toBe(0)
    const left = await readdir(workspace, { recursive: true })
    expect(left).toContain('checkpoint-gate-run/verdict.json')
    expect(left.filter((path) => path.endsWith('was-loaded'))).toEqual([])
  })

  it('are no measurements, no readings of flags, and no way to other files', async () => {
    const options: CanaryOptions = {
      policy: writePolicy({ turns: 20, more: 'retain_text: artifact\n' }),
      spoil: { candidate: (answer) => ({ ...answer, text: 'BEGIN SYSTEM' }) },
    }
    const { finished: honest } = await (await open(options)).run()
    expect(honest.exitCode).toBe(1)
    const read = (name: string) => readFile(join(honest.workspace, 'checkpoint-gate-run', name), 'utf8')
    const flags = (await read('outcomes.jsonl'))
      .split('\n')
      .filter((line) => line.includes('"present"') && line.includes('"candidate"'))
      .map((line) => JSON.parse(line))
    expect(flags).toHaveLength(20)
    const folder = await makeFolder()
    const outside = join(folder, 'outside.txt')
    await writeFile(outside, 'of the runner')
    const workspace = join(folder, 'workspace')
    const planted = {
      'journal.jsonl': (await read('journal.jsonl')).replaceAll('"kind":"present"', '"kind":"absent"'),
      'audits.jsonl': flags
        .map(({ turn, arm, category }) => `${JSON.stringify({ turn, arm, category, present: false })}\n`)
        .join(''),
    }
    const commit = async () => {
      await rm(workspace, { recursive: true, force: true })
      const output = join(workspace, 'checkpoint-gate-run')
      await plant(output, planted)
      for (const name of ['comment.md', 'record.json.part']) await symlink(outside, join(output, name))
    }
    // The same plan where nothing was measured before.
    const { world, run, endpoints } = await open(options)
    await commit()
    // A run that ends before it has written a comment leaves an artifact too.
    const early = await run({ workspace, runId: '4241', inputs: { endpoints: '' } })
    expect(early.finished.exitCode).toBe(3)
    await commit()
    const { finished } = await run({ workspace })
    expect(finished.exitCode).toBe(1)
    expect(finished.outputs['gate-message']).toBe(honest.outputs['gate-message'])
    expect(endpoints.candidate.log.length).toBeGreaterThanOrEqual(20)
    expect(await readFile(outside, 'utf8')).toBe('of the runner')
    for (const { name } of world.results.artifacts()) {
      expect(Object.values(world.results.readArtifact(name) ?? {}).join('\n')).not.toContain('of the runner')
    }
  })

  it('that are links out of their folder are refused, and nothing of them is shown', async () => {
    const folder = await makeFolder()
    const workspace = join(folder, 'workspace')
    await plant(folder, { 'outside/conversations.jsonl': '{"secret":"sk-canary-of-the-runner"}\n' })
    await mkdir(join(workspace, 'corpus'), { recursive: true })
    await symlink(join(folder, 'outside/conversations.jsonl'), join(workspace, 'corpus/conversations.jsonl'))
    await symlink(join(folder, 'outside'), join(workspace, 'checkpoint-gate-run'))
    const { run } = await open()
    const corpus = await run({ workspace, inputs: { 'corpus-dir': 'corpus', 'out-dir': 'run' } })
    const output = await run({ workspace })
    for (const { finished, sent } of [corpus, output]) {
      expect(finished.exitCode).toBe(3)
      expect(sent.slice(0, 3)).toEqual([0, 0, 0])
      expect(JSON.stringify([finished.rawLog, finished.summary])).not.toContain('sk-canary-of-the-runner')
    }
    expect(corpus.finished.outputs['gate-message']).toContain('the path leads out of its folder')
    expect(output.finished.outputs['gate-message']).toContain('a link leads the run directory out')
    expect(await readdir(join(folder, 'outside'))).toEqual(['conversations.jsonl'])
  })
})

describe('paths that the policy names', () => {
  it('do not lead out', async () => {
    const manifest = await readFile(resolve(root, 'examples/demo/manifest.json'), 'utf8')
    await Promise.all(
      ['../../etc/passwd', '/etc/passwd'].map(async (path) => {
        const files = { 'corpus/manifest.json': manifest.replace('conversations.jsonl', path) }
        const { run } = await open({ files })
        const { finished, sent } = await run()
        expect(finished.exitCode).toBe(3)
        expect(finished.outputs['gate-message']).toContain('the path leads out of its folder')
        expect(sent.slice(0, 3)).toEqual([0, 0, 0])
      }),
    )
  })

  it('are read in the repository: a rubric that is a link there is none', async () => {
    const rubric = 'rubrics/linked.md'
    const { run } = await open({
      policy: quickPolicy.replace('rubric: builtin', `rubric: ${rubric}`),
      github: {
        // As GitHub answers for a link that leads out of the repository: what it is, and not what it leads to.
        fault: (_method, path) =>
          decodeURIComponent(path).endsWith(rubric)
            ? {
                status: 200,
                body: {
                  type: 'symlink',
                  target: '../../../etc/passwd',
                  path: rubric,
                  size: 19,
                  sha: 'a'.repeat(40),
                },
              }
            : undefined,
      },
    })
    const { finished, sent } = await run()
    expect(finished.exitCode).toBe(3)
    expect(finished.annotations[0]?.properties).toMatchObject({ file: rubric })
    expect(finished.rawLog).not.toContain('etc/passwd')
    expect(sent.slice(0, 3)).toEqual([0, 0, 0])
  })
})
