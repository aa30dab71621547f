import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { root } from '../../support/shared.ts'
import { useTemporaryFolders } from '../../support/temporary-folder.ts'
import type { RunActionOptions } from '../emulator/runner.ts'
import { useWorlds } from '../use-worlds.ts'
import { nameEndpoints, nameRunArtifact, shas, writePolicy, writeRegistration } from '../world.ts'
import { startModels } from './models.ts'
import { expectNoVerdict } from './no-verdict.ts'

const makeFolder = useTemporaryFolders()

const quick = writePolicy({ turns: 20, limit: '50%' })

const { open, closers } = useWorlds({ policy: quick })

const none: Partial<RunActionOptions> = { inputs: { endpoints: '' } }

describe('a token', () => {
  it('is red without a token, and with one that GitHub does not take or that may read nothing', async () => {
    const world = await open()
    const blind = await open({
      github: {
        fault: (_, path) =>
          path.includes('/contents/')
            ? { status: 403, body: { message: 'Resource not accessible by integration' } }
            : undefined,
      },
    })
    // GitHub answers so for a private repository that a token can't see.
    const unseen = await open({ github: { fault: () => ({ status: 404, body: { message: 'Not Found' } }) } })
    const [without, wrong, reading, seeing] = await Promise.all([
      world.run({ inputs: { 'github-token': '' } }),
      world.run({ token: 'ghs_of-another-job' }),
      blind.run(),
      unseen.run(),
    ])
    expectNoVerdict(without, 'no token to read the repository')
    expectNoVerdict(wrong, /Bad credentials.*`contents: read`/)
    expectNoVerdict(reading, /Resource not accessible.*`contents: read`/)
    expectNoVerdict(seeing, "can't be found")
  })
})

describe('a repository', () => {
  it('with one commit has nothing to compare with', async () => {
    const world = await open()
    const merge = world.github.repository.commits.find(({ sha }) => sha === shas.merge)
    if (merge !== undefined) merge.parents = []
    const dispatch = { eventName: 'workflow_dispatch', event: { repository: { default_branch: 'main' } } }
    const [first, byHand] = await Promise.all([world.run(), world.run(dispatch)])
    expectNoVerdict(first, 'the commit under test has no parent')
    expectNoVerdict(byHand, 'no candidate was named')
  })

  it('with two registrations of one candidate has none, and one that is renamed stays what it was', async () => {
    const twice = await open({ headFiles: { 'preregistration/again.yaml': writeRegistration('demo-good') } })
    const [two, plain] = await Promise.all([twice.run(none), open().then((world) => world.run())])
    expectNoVerdict(
      two,
      'two registrations are for "demo-good": preregistration/again.yaml and preregistration/demo-good.yml',
    )
    const renamed = await open({
      headFiles: {
        'preregistration/demo-good.yml': null,
        'preregistration/renamed.yml': `# the same\n${writeRegistration('"demo-good"')}`,
      },
    })
    const run = await renamed.run()
    expect(run.outputs).toMatchObject({ verdict: 'pass', 'plan-digest': plain.outputs['plan-digest'] })
  })
})

describe('a candidate id', () => {
  it('is 1 to 256 printable characters, and nothing else', async () => {
    const written = {
      'a line end': '"demo\\n::error::good"',
      'another alphabet': 'демо',
      'a character that nobody sees': '"demo\\u200Bgood"',
      'too many': 'x'.repeat(300),
    }
    await Promise.all(
      Object.values(written).map(async (id) => {
        const world = await open({ headFiles: { 'deploy/model.yaml': `serving:\n  checkpoint: ${id}\n` } })
        const run = await world.run(none)
        expectNoVerdict(run, 'the checkpoint id is not a text of 1 to 256 printable characters')
        expect(run.annotations[0]?.properties).toMatchObject({ file: 'deploy/model.yaml' })
      }),
    )
  })

  it('of any such characters is an id like any other', async () => {
    const ids = ['../../../etc/passwd', 'constructor', 'a"b\'c<d>|e*f?g:h\\i&j;k$(l)`m`%0A{n}[o]#p@q!r~s^t']
    await Promise.all(ids.map(expectOrdinary))
  })

  async function expectOrdinary(id: string): Promise<void> {
    const quoted = `'${id.replaceAll("'", "''")}'`
    const world = await open({
      headFiles: {
        'deploy/model.yaml': `serving:\n  checkpoint: ${quoted}\n`,
        'preregistration/demo-good.yml': writeRegistration(quoted),
      },
    })
    const models = await startModels('demo-good')
    closers.push(models.close)
    const run = await world.run({
      inputs: { endpoints: nameEndpoints(world.modelsUrl, { candidate: models.url }) },
    })
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } })
    const artifact = world.results.readArtifact(nameRunArtifact(id)) ?? {}
    const record = JSON.parse(artifact['record.json']?.toString() ?? '{}')
    expect(record.plan.candidate).toBe(id)
    expect(Object.entries(record.arms.candidate.models)).toEqual([[id, 20]])
    expect(JSON.parse(artifact['verdict.json']?.toString() ?? '{}').candidate).toBe(id)
  }
})

describe('the packaged command', () => {
  const execute = promisify(execFile)
  const environment = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }

  /** The demo in a repository of its own, with its policy changed; and a clone without its history. */
  async function clone(policy: (text: string) => string): Promise<{ folder: string; shallow: string }> {
    const parent = await makeFolder()
    const folder = join(parent, 'whole')
    const shallow = join(parent, 'shallow')
    const git = (...words: string[]) =>
      execute('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-C', folder, ...words], {
        env: environment,
      })
    await mkdir(join(folder, 'preregistration'), { recursive: true })
    const text = await readFile(resolve(root, 'examples/demo/checkpoint-gate.yml'), 'utf8')
    await writeFile(join(folder, 'checkpoint-gate.yml'), policy(text))
    await git('init', '-q', '-b', 'main')
    for (const checkpoint of ['demo-baseline', 'demo-good']) {
      await mkdir(join(folder, 'deploy'), { recursive: true })
      await writeFile(join(folder, 'deploy/model.yaml'), `serving:\n  checkpoint: ${checkpoint}\n`)
      await git('add', '-A')
      await git('commit', '-q', '-m', checkpoint)
    }
    await execute('git', ['clone', '-q', '--depth', '1', `file://${folder}`, shallow], { env: environment })
    return { folder, shallow }
  }

  async function gate(folder: string, ...words: string[]) {
    const command = [resolve(root, 'dist/cli.js'), 'gate', '--dir', folder, '--policy', 'checkpoint-gate.yml']
    return execute(process.execPath, [...command, ...words], { env: environment, cwd: folder }).then(
      ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        text: error.stdout + error.stderr,
      }),
    )
  }

  it('says of a clone without history that its base is not there', async () => {
    const { folder, shallow } = await clone((text) => text)
    const base = ['--base', 'HEAD~1']
    const missing = await gate(shallow, ...base)
    expect(missing.code).toBe(3)
    expect(missing.text).toMatch(/^NO VERDICT: git knows no commit "HEAD~1" in .*\n.*shallow clone/)
    const there = await gate(folder, ...base)
    expect(there.code).toBe(3)
    expect(there.text).toContain('no registration is for "demo-good"')
  })

  it('follows no link from a rubric out of its folder', async () => {
    const { folder } = await clone((text) => text.replace('rubric: builtin', 'rubric: linked.md'))
    await writeFile(join(folder, '..', 'outside.md'), 'sk-canary-of-this-machine')
    await symlink(join(folder, '..', 'outside.md'), join(folder, 'linked.md'))
    await writeFile(join(folder, 'preregistration/demo-good.yml'), writeRegistration('demo-good'))
    const run = await gate(folder, '--baseline', 'demo-baseline', '--candidate', 'demo-good')
    expect(run.code).toBe(3)
    expect(run.text).toContain('linked.md: the path leads out of its folder')
    expect(run.text).not.toContain('sk-canary')
  })
})
