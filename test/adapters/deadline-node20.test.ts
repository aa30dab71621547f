import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { startHostileEndpoint } from '../fakes/hostile-endpoint.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

// The Node that started npm: the system's own, 20 or newer, where the garbage collector once took the deadlines.
const systemNode = process.env.npm_node_execpath ?? process.execPath
const makeFolder = useTemporaryFolders()

describe('the packaged command under the system Node', () => {
  it.each(['hang', 'drip'] as const)('keeps its deadline with an endpoint that can only %s', async (mode) => {
    const folder = join(await makeFolder(), 'demo')
    await cp(resolve(root, 'examples/demo'), folder, { recursive: true })
    const file = join(folder, 'checkpoint-gate.yml')
    const policy = (await readFile(file, 'utf8')).replace(
      'concurrency: 32',
      'concurrency: 8, timeout_s: 0.3, max_attempts: 1',
    )
    await writeFile(file, policy)
    const endpoint = await startHostileEndpoint(mode)
    const words = [
      '--expose-gc',
      resolve(root, 'dist/cli.js'),
      'gate',
      '--dir',
      folder,
      '--policy',
      'checkpoint-gate.yml',
      '--out',
      join(folder, 'run'),
    ]
    const names = ['baseline', 'candidate', 'judge'].flatMap((name) => [
      '--endpoint',
      `${name}=${endpoint.url}`,
    ])
    const checkpoints = ['--baseline', 'demo-baseline', '--candidate', 'demo-good']
    const ended = await new Promise<{ code: unknown; stderr: string }>((done) => {
      execFile(systemNode, [...words, ...names, ...checkpoints], { timeout: 25_000 }, (error, _, stderr) =>
        done({ code: error?.code ?? 0, stderr }),
      )
    })
    await endpoint.close()
    expect(ended.stderr).toContain('answered none of the first 5 requests (timeout)')
    expect(ended.code).toBe(3)
  })
})
