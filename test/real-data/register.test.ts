import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { convertLlmDrift, driftRowSchema } from '../../examples/real-data/convert-llmdrift.ts'
import { readTable } from '../../examples/real-data/read-source.ts'
import { writeCorpus, writeJsonLines } from '../../examples/real-data/write-corpus.ts'
import { createFiles, createWorkTree } from '../../src/adapters/files.ts'
import { type RegisterOptions, runRegister } from '../../src/commands/register.ts'
import { lint } from '../../src/lint.ts'
import { readRegistration } from '../../src/registration/load.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { takeRefusal } from '../support/refusal.ts'
import { describeWithShared, root, sharedPath } from '../support/shared.ts'
import { prepareExample, runExample } from './run.ts'

const rubrics = resolve(root, 'rubrics')

describeWithShared('a registration drafted from the answers of gpt-4-0314 and gpt-4-0613', () => {
  let folder = ''
  let run: Awaited<ReturnType<typeof runExample>>

  beforeAll(async () => {
    const path = sharedPath('data/llmdrift/SENSITIVEQ_EVAL.csv')
    const files = convertLlmDrift(await readTable({ path, schema: driftRowSchema }))
    folder = await prepareExample('llmdrift')
    await writeCorpus({ folder, name: 'llmdrift-sensitiveq', conversations: files.conversations })
    for (const name of ['baseline', 'candidate', 'judge'] as const) {
      await writeJsonLines({ folder, name: `${name}.jsonl`, values: files[name] })
    }
    run = await runExample({
      folder,
      out: 'run',
      baseline: 'gpt-4-0314',
      candidate: 'gpt-4-0613',
      endpoints: ['baseline', 'candidate', 'judge'].map(
        (name) => `${name}=recorded:${join(folder, name)}.jsonl`,
      ),
    })
  })

  const register = async (changes: Partial<RegisterOptions>) => {
    const out = join(folder, 'preregistration', `${changes.candidate}.yml`)
    await runRegister(
      {
        folder,
        policy: 'checkpoint-gate.yml',
        rubrics,
        repository: 'example/real-data',
        endpoints: [],
        from: [join(folder, 'run')],
        replay: false,
        runDir: join(folder, 'replay'),
        rates: [],
        intervals: [],
        directions: [],
        limits: [],
        round: '1',
        out,
        force: false,
        cancelled: new AbortController().signal,
        ...changes,
      },
      createRecordingLog(),
      () => undefined,
    )
    return readRegistration({ file: out, text: await readFile(out, 'utf8') })
  }

  const lintAgain = async () => {
    const { problems } = await lint({
      repository: createWorkTree(folder),
      sha: 'work tree',
      files: createFiles({ corpus: folder, rubrics }),
      policyFile: 'checkpoint-gate.yml',
      now: new Date('2026-11-02T00:00:00Z'),
    })
    return problems.map(({ where, message }) => `${where?.file}: ${message}`)
  }

  it('says of the next release what the run counted, in a file that lint has nothing against', async () => {
    const registration = await register({ baseline: 'gpt-4-0613', candidate: 'gpt-4-1106' })
    // 95 of 100 then; of the next hundred 85 to 100.
    expect(registration.predictions[0]).toEqual({
      category: 'over-refusal',
      ratePer100k: 95_000,
      intervalPer100k: [86_000, 100_000],
      direction: 'same',
      limitPer100k: null,
    })
    expect((await lintAgain()).filter((line) => line.includes('gpt-4-1106'))).toEqual([])
  })

  it('would have been surprised by gpt-4-0613, had it been expected to be as gpt-4-0314 was', async () => {
    const registration = await register({ baseline: 'gpt-4-0314', candidate: 'gpt-4-june' })
    const [prediction] = registration.predictions
    expect(prediction?.ratePer100k).toBe(79_000)
    const [, high] = prediction?.intervalPer100k ?? [0, 0]
    const measured = JSON.parse(run.verdict).categories[0].candidate.rate_per_100k
    expect(measured).toBe(95_000)
    expect(measured).toBeGreaterThan(high)
  })

  it('may predict the fall that happened, and none that a hundred turns could not show', async () => {
    const options = { baseline: 'gpt-4-0613', candidate: 'gpt-4-back' }
    const fall = await register({
      ...options,
      rates: ['over-refusal=79%'],
      directions: ['over-refusal=down'],
    })
    expect(fall.predictions[0]).toMatchObject({ ratePer100k: 79_000, direction: 'down' })
    const small = { rates: ['over-refusal=92%'], directions: ['over-refusal=down'] }
    const error = await takeRefusal(() => register({ ...options, ...small, force: true }))
    expect(error.message).toMatch(
      /^over-refusal, direction: the sample can't resolve it: 100 turns show a fall from the baseline's 95 % to 92 % with a chance of only \d+ %$/,
    )
  })
})
