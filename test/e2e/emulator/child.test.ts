import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { runChild, runnerGraces } from './child.ts'

let folder: string | undefined

afterEach(async () => {
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Runs a script, cancelling it once it has said "ready". */
async function runScript(script: string, graces = runnerGraces) {
  folder = await mkdtemp(join(tmpdir(), 'child-'))
  const main = join(folder, 'main.mjs')
  await writeFile(main, script)
  const lines: string[] = []
  const controller = new AbortController()
  const end = await runChild({
    node: process.execPath,
    main,
    cwd: folder,
    env: {},
    readLine: (line) => {
      lines.push(line)
      if (line === 'ready') controller.abort()
    },
    cancel: controller.signal,
    timeoutMs: 20_000,
    graces,
  })
  return { ...end, lines }
}

describe('runChild', () => {
  it('splits lines at line feeds, carriage returns and pairs, across chunks', async () => {
    const { lines, exitCode } = await runScript(`
      const write = (text) => new Promise((resolve) => process.stdout.write(text, () => setTimeout(resolve, 20)))
      await write('one\\r')
      await write('\\ntwo\\rthree\\n\\nfo')
      await write('ur \\u00e9\\r')
      process.exitCode = 3
    `)
    expect(lines).toEqual(['one', 'two', 'three', '', 'four é'])
    expect(exitCode).toBe(3)
  })

  it('sends SIGTERM and then SIGKILL to a process that ignores the first signal', async () => {
    const stubborn = `
      for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => console.log(signal))
      console.log('ready')
      setInterval(() => {}, 1000)
    `
    const end = await runScript(stubborn, { interruptMs: 200, terminateMs: 200 })
    expect(end).toMatchObject({ signals: ['SIGINT', 'SIGTERM', 'SIGKILL'], exitCode: 137 })
    expect(end.lines).toEqual(['ready', 'SIGINT', 'SIGTERM'])
  })

  it('sends no further signal to a process that ends by itself', async () => {
    const polite = `
      process.on('SIGINT', () => setTimeout(() => process.exit(0), 20))
      console.log('ready')
      setInterval(() => {}, 1000)
    `
    expect(await runScript(polite)).toMatchObject({ signals: ['SIGINT'], exitCode: 0 })
  })

  it('waits as long as the runner does', () => {
    expect(runnerGraces).toEqual({ interruptMs: 7500, terminateMs: 2500 })
  })

  it('reports a program that is not there', async () => {
    const missing = runChild({
      node: '/nonexistent/node',
      main: 'main.mjs',
      cwd: tmpdir(),
      env: {},
      readLine: () => {},
      cancel: AbortSignal.any([]),
      timeoutMs: 1000,
    })
    await expect(missing).rejects.toThrow('ENOENT')
  })
})
