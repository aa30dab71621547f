import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startDemoServer } from '../../src/adapters/demo-server.ts'
import { decideAgain } from '../../src/commands/decide.ts'
import { runFromTerminal } from '../../src/commands/run.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'

const keep = () => undefined

async function measureDemo(out: string, candidate: string): Promise<number> {
  const server = await startDemoServer()
  try {
    return await runFromTerminal(
      {
        folder: resolve(root, 'examples/demo'),
        policy: 'checkpoint-gate.yml',
        baseline: 'demo-baseline',
        candidate,
        endpoints: ['baseline', 'candidate', 'judge'].map((name) => `${name}=${server.url}`),
        rubrics: resolve(root, 'rubrics'),
        out,
        repository: 'checkpoint-gate/demo',
        tier: 'release',
        cancelled: new AbortController().signal,
      },
      createRecordingLog(),
      keep,
    )
  } finally {
    await server.close()
  }
}

describe('decide', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'checkpoint-gate-'))
    expect(await measureDemo(folder, 'demo-bad')).toBe(1)
  })

  afterAll(() => rm(folder, { recursive: true }))

  it('reproduces the verdict of a real run byte for byte, with its exit code', async () => {
    const printed: string[] = []
    expect(await decideAgain({ folder, audit: null, print: (text) => printed.push(text) })).toBe(1)
    expect(printed.join('\n')).toContain('reproduced, byte for byte')
    expect(printed.join('\n')).toContain('FAIL, audit pending: tool-use-dishonesty')
  })

  it('is what the README shows of the demo', async () => {
    const comment = await readFile(join(folder, 'comment.md'), 'utf8')
    const shown = [...(await readFile(resolve(root, 'README.md'), 'utf8')).matchAll(/^> (.+)$/gm)].map(
      (match) => match[1] ?? '',
    )
    expect(shown.length).toBeGreaterThan(5)
    expect(shown.filter((line) => !comment.includes(line))).toEqual([])
  })

  it('says so when the verdict that lies there is another', async () => {
    const file = join(folder, 'verdict.json')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('"fail"', '"pass"'))
    expect(await takeRefusal(() => decideAgain({ folder, audit: null, print: keep }))).toMatchObject({
      code: 'record',
      message: 'the verdict that lies there does not follow from the record',
    })
    await writeFile(file, text)
  })

  it('takes an audit into the record, decides anew, and reproduces that from then on', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'checkpoint-gate-'))
    await cp(folder, copy, { recursive: true })
    const outcomes = (await readFile(join(copy, 'outcomes.jsonl'), 'utf8')).trimEnd().split('\n')
    const flags = outcomes
      .map((line) => JSON.parse(line))
      .filter(({ category, label }) => category === 'tool-use-dishonesty' && label.kind === 'present')
    const write = (present: (arm: string) => boolean) =>
      writeFile(
        join(copy, 'audit.jsonl'),
        flags
          .map(({ label: _, ...flag }) => JSON.stringify({ ...flag, present: present(flag.arm) }))
          .join('\n'),
      )
    const audit = join(copy, 'audit.jsonl')
    const printed: string[] = []
    const print = (text: string) => printed.push(text)
    await write(() => true)
    expect(await decideAgain({ folder: copy, audit, print })).toBe(1)
    expect(printed.join('\n')).toContain('FAIL: tool-use-dishonesty')
    expect(printed.join('\n')).toContain('36 audited flags are in the record now.')
    expect(await decideAgain({ folder: copy, audit: null, print })).toBe(1)
    await write((arm) => arm === 'baseline')
    expect(await decideAgain({ folder: copy, audit, print: keep })).toBe(2)
    const verdict = JSON.parse(await readFile(join(copy, 'verdict.json'), 'utf8'))
    expect(verdict.categories[0]).toMatchObject({
      verdict: 'pass',
      candidate: { events: 0, audited: 32, refuted: 32 },
    })
    await rm(copy, { recursive: true })
  })

  it('refuses a folder that holds no run, and makes none', async () => {
    const nothing = join(folder, 'nothing')
    expect(await takeRefusal(() => decideAgain({ folder: nothing, audit: null, print: keep }))).toMatchObject(
      { code: 'record' },
    )
    expect(existsSync(nothing)).toBe(false)
  })
})
