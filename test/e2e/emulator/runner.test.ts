import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { bundleFixture } from './fixture/bundle.ts'
import { type ActionRun, defaultToken, type RunActionOptions, runAction } from './runner.ts'

const nowhere = 'http://127.0.0.1:9'
const runs: ActionRun[] = []
let fixture: Awaited<ReturnType<typeof bundleFixture>>

beforeAll(async () => {
  fixture = await bundleFixture()
})

afterAll(async () => {
  for (const run of runs) await run.remove()
  await fixture.remove()
})

async function runTask(task: string, options: Partial<RunActionOptions> = {}): Promise<ActionRun> {
  const run = await runAction({
    actionDir: fixture.actionDir,
    urls: { github: nowhere, results: nowhere },
    ...options,
    inputs: { task, ...options.inputs },
  })
  runs.push(run)
  return run
}

describe('runAction', () => {
  it('gives inputs with their defaults, and reads outputs, state and environment back', async () => {
    const event = { pull_request: { number: 7, head: { ref: 'bump' }, base: { ref: 'main' } } }
    const run = await runTask('report', { event, sha: 'a'.repeat(40) })
    expect(run).toMatchObject({ exitCode: 0, conclusion: 'success', signals: [], droppedAnnotations: [] })
    expect(run.outputs).toEqual({ answer: '7||\nsecond line' })
    expect(run.state).toEqual({ phase: 'main' })
    expect(run.env).toEqual({ EXPORTED: 'yes' })
    expect(run.log).toContain(`event pull_request of #7 at ${'a'.repeat(40)}`)
    expect(existsSync(run.workspace)).toBe(true)
    await run.remove()
    expect(existsSync(run.workspace)).toBe(false)
  })

  it('starts from a clean environment', async () => {
    const run = await runTask('report', { env: { API_KEY: 'x' } })
    const names = /^variables (.*)$/m.exec(run.log)?.[1]?.split(' ') ?? []
    const others = names.filter((name) => !/^(GITHUB|RUNNER|ACTIONS|INPUT)_/.test(name))
    expect(others).toEqual(['API_KEY', 'CI', 'EXPORTED', 'HOME', 'PATH'])
    expect(names.filter((name) => name.startsWith('INPUT_'))).toEqual([
      'INPUT_NO-DEFAULT',
      'INPUT_TASK',
      'INPUT_TOKEN',
      'INPUT_TWO_WORDS',
    ])
  })

  it('parses the properties of annotations', async () => {
    const run = await runTask('report')
    expect(run.annotations).toEqual([
      {
        level: 'notice',
        message: 'done',
        properties: { title: 'A title: one, two', file: 'gate.yml', line: '3' },
      },
    ])
  })

  it('warns about an input that the action does not declare, and passes it on', async () => {
    const run = await runTask('report', { inputs: { 'no-default': 'given', colour: 'red' } })
    expect(run.outputs.answer).toBe('7|given|\nsecond line')
    expect(run.annotations[0]).toMatchObject({ level: 'warning' })
    expect(run.annotations[0]?.message).toMatch(
      /^Unexpected input\(s\) 'colour', valid inputs are \['task', /,
    )
  })

  it('masks the log, the annotations and the summary, and keeps an unmasked log for leak tests', async () => {
    const run = await runTask('mask', { env: { API_KEY: 'sk-secret' }, secrets: ['sk-secret'] })
    expect(run.log).toContain('plain *** and ***')
    expect(run.log).toContain('base64 ***')
    expect(run.annotations[0]?.message).toBe('in a warning: ***')
    expect(run.summary).toBe('in the summary: ***')
    expect(run.rawLog).toContain('plain sk-secret and hunter2-and-more')
    expect(run.rawLog).not.toContain('add-mask')
    expect(run.masks).toEqual(expect.arrayContaining([defaultToken, 'sk-secret', 'hunter2-and-more']))
  })

  it('keeps ten annotations a level, cuts their messages, and drops a summary above 1 MiB', async () => {
    const run = await runTask('flood')
    const errors = run.annotations.filter(({ level }) => level === 'error')
    expect(errors).toHaveLength(10)
    expect(errors.map(({ message }) => message.length)).toEqual(Array(10).fill(4096))
    expect(run.annotations.at(-1)).toMatchObject({ level: 'warning', message: 'one warning' })
    expect(run.droppedAnnotations).toHaveLength(3)
    expect(run.droppedAnnotations.at(-1)?.message).toContain('upload aborted')
    expect(run.summaryBytes).toBe(1024 * 1024 + 1)
    expect(run.summary).toBe('')
    expect(run.conclusion).toBe('success')
  })

  it('obeys injected commands, so that a test can see them', async () => {
    const run = await runTask('inject')
    expect(run.commands).toEqual([
      { form: '##[', name: 'error', properties: { file: 'a', line: '2' }, data: 'legacy]here' },
      { form: '::', name: 'warning', properties: {}, data: 'after a carriage return' },
    ])
    expect(run.annotations.map(({ message }) => message)).toEqual(['legacy]here', 'after a carriage return'])
    expect(run.log).toContain('text ::error::not at the start')
  })

  it('fails with the exit code of the action', async () => {
    expect(await runTask('fail')).toMatchObject({ exitCode: 2, conclusion: 'failure', annotations: [] })
    const run = await runTask('no such task')
    expect(run).toMatchObject({ exitCode: 1, conclusion: 'failure' })
    expect(run.annotations[0]).toMatchObject({ level: 'error' })
  })

  it('cancels with SIGINT and still reads what the action wrote', async () => {
    const controller = new AbortController()
    const onLine = (line: string) => {
      if (line === 'waiting') controller.abort()
    }
    const run = await runTask('wait', { cancelSignal: controller.signal, onLine })
    expect(run).toMatchObject({ exitCode: 130, conclusion: 'cancelled', signals: ['SIGINT'] })
    expect(run.log).toContain('cleaning up')
    expect(run.outputs).toEqual({ answer: 'interrupted' })
  })

  it('cancels after a given time, and ends an action that never does', async () => {
    const cancelled = await runTask('wait', { cancelAfterMs: 20 })
    expect(cancelled.conclusion).toBe('cancelled')
    expect(cancelled.signals).toEqual(['SIGINT'])
    await expect(runTask('wait', { timeoutMs: 500 })).rejects.toThrow('did not end within 500 ms')
  })
})
