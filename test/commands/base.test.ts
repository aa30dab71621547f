import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type DemoServer, startDemoServer } from '../../src/adapters/demo-server.ts'
import { runFromTerminal } from '../../src/commands/run.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()
const policyFile = 'checkpoint-gate.yml'

let server: DemoServer
beforeAll(async () => {
  server = await startDemoServer()
})
afterAll(() => server.close())

/** The demo in a repository of its own: committed with the baseline's checkpoint, and how to commit more. */
async function build(): Promise<{ folder: string; write: Write; commit: () => Promise<void> }> {
  const folder = join(await makeFolder(), 'demo')
  await cp(resolve(root, 'examples/demo'), folder, { recursive: true })
  const git = (...words: string[]) =>
    promisify(execFile)(
      'git',
      [
        '-C',
        folder,
        '-c',
        'user.name=A',
        '-c',
        'user.email=a@example.com',
        '-c',
        'commit.gpgsign=false',
        ...words,
      ],
      { env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } },
    )
  const write: Write = async (path, text) => {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const commit = async () => {
    await git('add', '-A')
    await git('commit', '-q', '-m', 'more')
  }
  await git('init', '-q', '-b', 'main')
  const policy = await readFile(join(folder, policyFile), 'utf8')
  await write(policyFile, policy.replace(/turns: \d+/, 'turns: 20'))
  await commit()
  await git('tag', 'base')
  return { folder, write, commit }
}

type Write = (path: string, text: string) => Promise<void>

async function gate(folder: string, candidate = 'demo-good') {
  const printed: string[] = []
  const exitCode = await runFromTerminal(
    {
      folder,
      policy: policyFile,
      base: 'base',
      baseline: 'demo-baseline',
      candidate,
      endpoints: ['baseline', 'candidate', 'judge'].map((name) => `${name}=${server.url}`),
      rubrics: resolve(root, 'rubrics'),
      repository: 'checkpoint-gate/demo',
      tier: 'release',
      out: join(folder, '..', 'out'),
      cancelled: new AbortController().signal,
    },
    createRecordingLog(),
    (text) => printed.push(text),
  )
  return { exitCode, text: printed.join('\n').replaceAll(/\s+/g, ' ') }
}

const registration = 'preregistration/demo-good.yml'
const uncommitted = 'The registration is not committed'

describe('the gate against a base, on a terminal', () => {
  it('says nothing of what is committed, and that a registration is not', async () => {
    const { folder, write } = await build()
    expect((await gate(folder)).text).not.toMatch(/not committed|Policy changed|No trust anchor/)
    await write(registration, `${await readFile(join(folder, registration), 'utf8')}# changed\n`)
    expect((await gate(folder)).text).toContain(uncommitted)
  })

  it('says so too of a registration that git does not know', async () => {
    const { folder, commit } = await build()
    await rename(join(folder, registration), join(folder, 'preregistration/new.yml'))
    expect((await gate(folder)).text).toContain(uncommitted)
    await commit()
    expect((await gate(folder)).text).not.toContain(uncommitted)
  })

  it('decides by the policy of the base, and lists what the work tree changes', async () => {
    const { folder, write } = await build()
    const policy = await readFile(join(folder, policyFile), 'utf8')
    await write(policyFile, policy.replace('turns: 20', 'turns: 10'))
    const { text } = await gate(folder)
    expect(text).toContain("Policy changed in this change; the base's policy decided.")
    expect(text).toContain('sample.turns: 20 → 10')
    expect(text).toContain('of 20')
  })

  it('is invalid with exit code 2 where a workflow is edited as well, committed or not', async () => {
    const { folder, write, commit } = await build()
    await write('.github/workflows/gate.yml', 'on: push')
    const loose = await gate(folder)
    expect(loose).toMatchObject({ exitCode: 2 })
    expect(loose.text).toMatch(/^INVALID: this change edits \.github\/workflows\/gate\.yml together/)
    await commit()
    expect((await gate(folder)).exitCode).toBe(2)
    expect(await gate(folder, 'demo-baseline')).toMatchObject({
      exitCode: 0,
      text: expect.stringMatching(/^UNCHANGED: .* It edits \.github\/workflows\/gate\.yml\./),
    })
  })
})
