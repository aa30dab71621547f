import { cp, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type DemoServer, startDemoServer } from '../../src/adapters/demo-server.ts'
import { createFiles, createWorkTree } from '../../src/adapters/files.ts'
import { type RegisterOptions, runRegister } from '../../src/commands/register.ts'
import { runFromTerminal } from '../../src/commands/run.ts'
import { predictEvents } from '../../src/estimate/prediction-limits.ts'
import { lint } from '../../src/lint.ts'
import { readRegistration } from '../../src/registration/load.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()
const rubrics = resolve(root, 'rubrics')
const turns = 200

/** A copy of the demo, with fewer turns and wider limits. */
async function copyDemo(): Promise<string> {
  const folder = join(await makeFolder(), 'demo')
  await cp(resolve(root, 'examples/demo'), folder, { recursive: true })
  const file = join(folder, 'checkpoint-gate.yml')
  const policy = (await readFile(file, 'utf8'))
    .replace('turns: 400', `turns: ${turns}`)
    .replace('limit: 6%', 'limit: 12%')
    .replace('limit: 2%', 'limit: 8%')
    .replace('limit: 1%', 'limit: 4%')
  await writeFile(file, policy)
  return folder
}

function choose(folder: string, changes: Partial<RegisterOptions> = {}): RegisterOptions {
  return {
    folder,
    policy: 'checkpoint-gate.yml',
    baseline: 'demo-good',
    candidate: 'demo-next',
    rubrics,
    repository: 'checkpoint-gate/demo',
    endpoints: [],
    from: [],
    replay: false,
    runDir: join(folder, 'replay'),
    rates: [],
    intervals: [],
    directions: [],
    limits: [],
    round: '1',
    force: false,
    cancelled: new AbortController().signal,
    ...changes,
  }
}

async function register(options: RegisterOptions) {
  const printed: string[] = []
  const log = createRecordingLog()
  const exitCode = await runRegister(options, log, (text) => printed.push(text))
  const text = printed.join('\n')
  return { exitCode, text, log, registration: text === '' ? null : readRegistration({ file: 'x.yml', text }) }
}

async function lintFolder(folder: string): Promise<string[]> {
  const { problems } = await lint({
    repository: createWorkTree(folder),
    sha: 'work tree',
    files: createFiles({ corpus: folder, rubrics }),
    policyFile: 'checkpoint-gate.yml',
    now: new Date('2026-11-02T00:00:00Z'),
  })
  return problems.map(({ message, where }) => `${where?.file}: ${message}`)
}

describe('register', () => {
  let server: DemoServer
  let folder: string
  let run: string

  beforeAll(async () => {
    server = await startDemoServer()
  })
  afterAll(() => server.close())

  const measure = async (arms: { baseline: string; candidate: string }, out: string) => {
    const names = ['baseline', 'candidate', 'judge']
    const endpoints = names.map((name) => `${name}=${server.url}`)
    const options = { ...choose(folder, arms), tier: 'release' as const, endpoints, out }
    await runFromTerminal(options, createRecordingLog(), () => undefined)
  }

  beforeEach(async () => {
    folder = await copyDemo()
    run = join(folder, 'run')
  })

  it('drafts the same as what is served, from the run in which that was the candidate', async () => {
    await measure({ baseline: 'demo-baseline', candidate: 'demo-good' }, run)
    const verdict = JSON.parse(await readFile(join(run, 'verdict.json'), 'utf8'))
    const { exitCode, text, registration, log } = await register(choose(folder, { from: [run] }))
    expect(exitCode).toBe(0)
    expect(registration).toMatchObject({ candidate: 'demo-next', round: 1, amendments: [], withdrawn: false })
    expect(registration?.predictions.map(({ category }) => category)).toEqual(
      verdict.categories.map(({ id }: { id: string }) => id),
    )
    const [first] = verdict.categories
    const prediction = registration?.predictions[0]
    expect(prediction).toMatchObject({ category: first.id, direction: 'same', limitPer100k: null })
    expect(prediction?.ratePer100k).toBe(Number(first.candidate.rate_per_100k.toPrecision(3)))
    const { events } = first.candidate
    const { lower, upper } = predictEvents({ events, trials: turns, next: turns, alpha: 0.025 })
    expect(prediction?.intervalPer100k).toEqual([(lower / turns) * 100_000, (upper / turns) * 100_000])
    expect(text).toContain(`# planned: ${turns} turns of 720 conversations\n`)
    expect(text).toContain(`${events} of ${turns} turns, `)
    expect(text).toContain(`demo-good as the candidate of ${run}`)
    expect(text).toMatch(/# verdict, at the prediction: pass .+ %, fail .+ %, inconclusive .+ %/)
    expect(text).toMatch(/# limit: \S+ % is the smallest that this sample can pass/)
    expect(text).toMatch(/# worse than the baseline: found with a chance of 80 % from \S+ % on/)
    expect(text).toMatch(/# smallest rate: without a single event 200 turns still allow 1\.5 %/)
    expect(log.lines.join('\n')).toContain('Commit it as preregistration/demo-next.yml')
    // Of the other arm too.
    const served = await register(choose(folder, { from: [run], baseline: 'demo-baseline' }))
    expect(served.text).toContain('demo-baseline as the baseline of')
  })

  it('writes a file that lint has nothing against, and never over another', async () => {
    await measure({ baseline: 'demo-baseline', candidate: 'demo-good' }, run)
    const out = join(folder, 'preregistration/demo-next.yml')
    const options = choose(folder, { from: [run], out })
    expect(await register(options)).toMatchObject({ exitCode: 0, text: '' })
    const text = await readFile(out, 'utf8')
    expect(readRegistration({ file: out, text }).candidate).toBe('demo-next')
    expect((await lintFolder(folder)).filter((line) => line.includes('demo-next'))).toEqual([])
    const there = await takeRefusal(() => register(options))
    expect(there).toMatchObject({ code: 'usage', message: 'the file is there already', where: { file: out } })
    const twice = await takeRefusal(() => register({ ...options, out: join(folder, 'elsewhere.yml') }))
    expect(twice).toMatchObject({
      message: '"demo-next" is registered already',
      where: { file: 'preregistration/demo-next.yml' },
    })
    await register({ ...options, force: true, round: '2' })
    expect(await readFile(out, 'utf8')).toContain('\nround: 2\n')
  })

  it('measures what is served first, with --replay, and its run can be taken again', async () => {
    const endpoints = ['baseline', 'judge'].map((name) => `${name}=${server.url}`)
    const { text, registration, log } = await register(choose(folder, { replay: true, endpoints }))
    expect(text).toContain('demo-good as both arms, the mean of the two, of')
    expect(registration?.predictions).toHaveLength(6)
    const replay = join(folder, 'replay')
    expect(JSON.parse(await readFile(join(replay, 'aa.json'), 'utf8')).checkpoint).toBe('demo-good')
    expect(log.lines.join('\n')).toContain(`The replay is in ${replay}`)
    const again = await register(choose(folder, { from: [replay] }))
    expect(again.registration).toEqual(registration)
  })

  it('takes each category from the latest run that has it', async () => {
    await measure({ baseline: 'demo-bad', candidate: 'demo-good' }, run)
    const later = join(folder, 'later')
    await measure({ baseline: 'demo-good', candidate: 'demo-bad' }, later)
    const { text } = await register(choose(folder, { from: [later, run] }))
    expect(text).toContain(`demo-good as the baseline of ${later}`)
    expect(text).not.toContain(`of ${run}\n`)
  })

  it('takes what is told in place of the past, and refuses what the turns can not resolve', async () => {
    await measure({ baseline: 'demo-baseline', candidate: 'demo-good' }, run)
    const options = choose(folder, { from: [run] })
    const told = await register({
      ...options,
      rates: ['fabricated-facts=14%'],
      directions: ['fabricated-facts=up'],
      limits: ['over-refusal=11%'],
      intervals: ['tool-use-dishonesty=0%..9%'],
    })
    const find = (category: string) =>
      told.registration?.predictions.find((entry) => entry.category === category)
    expect(find('fabricated-facts')).toMatchObject({ ratePer100k: 14_000, direction: 'up' })
    expect(find('over-refusal')?.limitPer100k).toBe(11_000)
    expect(find('tool-use-dishonesty')?.intervalPer100k).toEqual([0, 9000])
    expect(told.text).toContain('# told, in part or in full, when it was drafted')

    const narrow = await takeRefusal(() =>
      register({ ...options, rates: ['over-refusal=2%'], intervals: ['over-refusal=1.9%..2.1%'] }),
    )
    expect(narrow.message).toMatch(
      /^over-refusal, interval: the sample can't resolve it: at the predicted 2 %/,
    )
    const down = await takeRefusal(() =>
      register({
        ...options,
        rates: ['over-refusal=0.1%'],
        directions: ['over-refusal=down', 'fabricated-facts=up'],
      }),
    )
    expect(down.message).toMatch(
      /^over-refusal, direction: .*\n {2}also fabricated-facts, direction: `up` is predicted/,
    )
    expect(down.remedy).toMatch(/^over-refusal: predict `same`.*\n {4}fabricated-facts: predict `same`/)
    const looser = await takeRefusal(() => register({ ...options, limits: ['over-refusal=13%'] }))
    expect(looser.message).toBe("over-refusal: the limit 13 % is looser than the policy's 12 %")
  })

  it('says what its limit can not pass, and is red about it', async () => {
    const { exitCode, text, log } = await register(
      choose(folder, { rates: ['over-refusal=9%', 'leaks-system-prompt=0%'] }),
    )
    expect(exitCode).toBe(3)
    expect(text).toContain('# PROBLEM: not measurable: at the predicted 9 % it passes its limit of 12 %')
    expect(log.lines.join('\n')).toMatch(/over-refusal is not measurable: .*; draw at least \d+ turns/)
    expect(text).not.toContain('category: fabricated-facts')
  })

  it('leaves out what other graders labelled, and says so', async () => {
    await measure({ baseline: 'demo-baseline', candidate: 'demo-good' }, run)
    const file = join(folder, 'checkpoint-gate.yml')
    await writeFile(file, (await readFile(file, 'utf8')).replace('model: demo-judge', 'model: another-judge'))
    const { text, registration } = await register(choose(folder, { from: [run] }))
    expect(registration?.predictions.map(({ category }) => category)).toEqual([
      'leaks-system-prompt',
      'calculator-hacking',
    ])
    expect(text).toContain('# nothing is predicted of over-refusal: other graders labelled it')
  })

  it.each([
    [{}, 'there is nothing to draft from'],
    [{ endpoints: ['judge=http://127.0.0.1:1'] }, 'a draft asks no endpoint'],
    [{ rates: ['over-refusal'] }, '--rate: "over-refusal" is no category=value'],
    [{ rates: ['over-refusal=2'] }, '--rate: "2" is not a rate'],
    [{ intervals: ['over-refusal=2%'] }, '--interval: "2%" is no interval'],
    [{ intervals: ['over-refusal=2%..1%'] }, '--interval: the interval ends before it begins'],
    [{ directions: ['over-refusal=lower'] }, '--direction: "lower" is not up, down or same'],
    [{ rates: ['refusal=2%'] }, 'the policy has no category "refusal"'],
    [{ directions: ['over-refusal=down'] }, 'nothing was measured of "over-refusal"'],
    [{ rates: ['over-refusal=2%'], round: '0' }, '"0" is not a round'],
    [{ rates: ['over-refusal=2%'], candidate: 'demo-good' }, 'on both sides'],
  ])('refuses %j', async (changes, message) => {
    expect((await takeRefusal(() => register(choose(folder, changes)))).message).toContain(message)
  })

  it('refuses a run of another checkpoint', async () => {
    await measure({ baseline: 'demo-baseline', candidate: 'demo-good' }, run)
    const error = await takeRefusal(() => register(choose(folder, { from: [run], baseline: 'demo-bad' })))
    expect(error).toMatchObject({
      message: 'the run measured "demo-good" against "demo-baseline", and "demo-bad" is served',
      where: { file: run },
    })
  })
})
