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

const demo = resolve(root, 'examples/demo')
const keep = () => undefined
const unread = { audit: null, reviews: null }

async function measureDemo(out: string, candidate: string, folder = demo): Promise<number> {
  const server = await startDemoServer()
  try {
    return await runFromTerminal(
      {
        folder,
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
  /** A run whose FAIL rests on flags of a judge alone. */
  let flagged = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'checkpoint-gate-'))
    expect(await measureDemo(folder, 'demo-bad')).toBe(1)
    const watching = await mkdtemp(join(tmpdir(), 'checkpoint-gate-'))
    await cp(demo, watching, { recursive: true })
    const policy = join(watching, 'checkpoint-gate.yml')
    const text = await readFile(policy, 'utf8')
    await writeFile(policy, text.replace('id: calculator-hacking\n', '$&    role: watch\n'))
    flagged = join(watching, 'run')
    expect(await measureDemo(flagged, 'demo-bad', watching)).toBe(1)
  })

  afterAll(async () => {
    await rm(folder, { recursive: true })
    await rm(join(flagged, '..'), { recursive: true })
  })

  it('reproduces the verdict of a real run byte for byte, with its exit code', async () => {
    const printed: string[] = []
    expect(await decideAgain({ folder, ...unread, print: (text) => printed.push(text) })).toBe(1)
    expect(printed.join('\n')).toContain('reproduced, byte for byte')
    expect(printed.join('\n')).toContain('FAIL: calculator-hacking')
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
    expect(await takeRefusal(() => decideAgain({ folder, ...unread, print: keep }))).toMatchObject({
      code: 'record',
      message: 'the verdict that lies there does not follow from the record',
    })
    await writeFile(file, text)
  })

  it('reproduces what is to be signed byte for byte, and says so when it is another', async () => {
    const file = join(folder, 'predicate.json')
    const text = await readFile(file, 'utf8')
    expect(JSON.parse(text).result).toBe('FAILED')
    await writeFile(file, text.replace('"FAILED"', '"PASSED"'))
    expect(await takeRefusal(() => decideAgain({ folder, ...unread, print: keep }))).toMatchObject({
      code: 'record',
      message: 'the predicate that lies there does not follow from the record',
    })
    await rm(file)
    const printed: string[] = []
    expect(await decideAgain({ folder, ...unread, print: (line) => printed.push(line) })).toBe(1)
    expect(printed.join('\n')).toContain('predicate.json was not there: written.')
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('takes an audit into the record, decides anew, and reproduces that from then on', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'checkpoint-gate-'))
    await cp(flagged, copy, { recursive: true })
    const outcomes = (await readFile(join(copy, 'outcomes.jsonl'), 'utf8')).trimEnd().split('\n')
    const flags = outcomes
      .map((line) => JSON.parse(line))
      .filter(({ category, label }) => category === 'tool-use-dishonesty' && label.kind === 'present')
    const write = (present: (arm: string) => boolean) =>
      writeFile(
        join(copy, 'audit.jsonl'),
        flags
          .map(({ turn, arm, category }) => JSON.stringify({ turn, arm, category, present: present(arm) }))
          .join('\n'),
      )
    const audit = join(copy, 'audit.jsonl')
    const printed: string[] = []
    const print = (text: string) => printed.push(text)
    await write(() => true)
    expect(await decideAgain({ folder: copy, ...unread, audit, print })).toBe(1)
    expect(printed.join('\n')).toContain('FAIL: tool-use-dishonesty')
    expect(printed.join('\n')).toContain('33 audited flags are in the record now.')
    expect(await decideAgain({ folder: copy, ...unread, print })).toBe(1)
    await write((arm) => arm === 'baseline')
    expect(await decideAgain({ folder: copy, ...unread, audit, print: keep })).toBe(2)
    const verdict = JSON.parse(await readFile(join(copy, 'verdict.json'), 'utf8'))
    expect(verdict.categories[0]).toMatchObject({
      verdict: 'pass',
      candidate: { events: 0, audited: 30, refuted: 30 },
    })
    await rm(copy, { recursive: true })
  })

  it('reads a filled in review.csv back as it would an audit, and leaves the file as it is', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'checkpoint-gate-'))
    await cp(flagged, copy, { recursive: true })
    const reviews = join(copy, 'review.csv')
    const [header = '', ...rows] = (await readFile(reviews, 'utf8')).trimEnd().split('\n')
    expect(rows.some((row) => row.startsWith('tool-use-dishonesty,baseline,'))).toBe(true)
    const fill = (row: string) =>
      row.startsWith('tool-use-dishonesty,')
        ? `${row}${row.includes(',baseline,') ? 'Present' : 'ABSENT'}`
        : row
    // As a spreadsheet saves it.
    const filled = [header, ...rows.map(fill)].join('\r\n')
    await writeFile(reviews, filled)
    const printed: string[] = []
    const print = (text: string) => printed.push(text)
    expect(await decideAgain({ folder: copy, ...unread, reviews, print })).toBe(2)
    expect(printed.join('\n')).toContain('33 audited flags are in the record now.')
    expect(await readFile(reviews, 'utf8')).toBe(filled)
    const verdict = await readFile(join(copy, 'verdict.json'), 'utf8')
    expect(JSON.parse(verdict).categories[0]).toMatchObject({
      verdict: 'pass',
      candidate: { events: 0, audited: 30, refuted: 30 },
    })
    expect(await readFile(join(copy, 'report.html'), 'utf8')).toContain('33 of them are read.')
    expect(await decideAgain({ folder: copy, ...unread, reviews, print: keep })).toBe(2)
    expect(await decideAgain({ folder: copy, ...unread, print })).toBe(2)
    expect(await readFile(join(copy, 'verdict.json'), 'utf8')).toBe(verdict)
    await rm(copy, { recursive: true })
  })

  it('takes no two files at once, and changes nothing by one that is wrong', async () => {
    const before = await readFile(join(folder, 'verdict.json'), 'utf8')
    const reviews = join(folder, 'wrong.csv')
    await writeFile(reviews, 'category,arm,turn,human\ntool-use-dishonesty,candidate,nobody#1,present\n')
    expect(
      await takeRefusal(() => decideAgain({ folder, audit: reviews, reviews, print: keep })),
    ).toMatchObject({ code: 'usage', message: 'there are both --audit and --reviews' })
    expect(await takeRefusal(() => decideAgain({ folder, ...unread, reviews, print: keep }))).toMatchObject({
      code: 'audit',
      where: { file: reviews, line: 2, field: 'turn' },
    })
    expect(existsSync(join(folder, 'audits.jsonl'))).toBe(false)
    expect(await readFile(join(folder, 'verdict.json'), 'utf8')).toBe(before)
  })

  it('refuses a folder that holds no run, and makes none', async () => {
    const nothing = join(folder, 'nothing')
    expect(await takeRefusal(() => decideAgain({ folder: nothing, ...unread, print: keep }))).toMatchObject({
      code: 'record',
    })
    expect(existsSync(nothing)).toBe(false)
  })
})
