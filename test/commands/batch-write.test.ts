import { cp, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { startDemoServer } from '../../src/adapters/demo-server.ts'
import { writeBatchFiles } from '../../src/commands/batch-write.ts'
import { createRequest, createSources, runFromTerminal } from '../../src/commands/run.ts'
import { writeBatches } from '../../src/write-batches.ts'
import { createMemoryDirectory } from '../fakes/memory-directory.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { takeRefusal } from '../support/refusal.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

async function copyDemo(change: (policy: string) => string = (text) => text) {
  const folder = join(await makeFolder(), 'demo')
  await cp(resolve(root, 'examples/demo'), folder, { recursive: true })
  const file = join(folder, 'checkpoint-gate.yml')
  await writeFile(file, change(await readFile(file, 'utf8')))
  return {
    folder,
    policy: 'checkpoint-gate.yml',
    baseline: 'demo-baseline',
    candidate: 'demo-good',
    rubrics: resolve(root, 'rubrics'),
    repository: 'checkpoint-gate/demo',
    tier: 'release' as const,
  }
}

/** No tool calls are answered: a batch can't. */
const withoutTools = (text: string) => text.replace(/^tools:\n(?: .*\n)+/m, '')

/** Recordings are allowed, of 60 turns. */
const allowRecorded = (text: string) => {
  const changed = withoutTools(text)
    .replace(/^replay: \{/m, 'replay: { allow_recorded: true,')
    .replace('sample: { turns: 400,', 'sample: { turns: 60,')
  if (!changed.includes('turns: 60') || !changed.includes('allow_recorded'))
    throw new Error('the policy of the demo is another')
  return changed
}

interface Line {
  custom_id: string
  method: string
  url: string
  body: { model: string; messages: unknown[] }
}
const parse = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** Answers a file as vLLM's `run-batch` does, by asking a server for each line. */
async function answerAll(lines: readonly Line[], url: string): Promise<string> {
  const answered = await Promise.all(
    lines.map(async ({ custom_id: id, url: path, body }, index) => {
      const answer = await fetch(`${url}${path.replace('/v1', '')}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const response = {
        status_code: answer.status,
        request_id: `vllm-batch-${index}`,
        body: await answer.json(),
      }
      return JSON.stringify({ id: `vllm-${index}`, custom_id: id, response, error: null })
    }),
  )
  return answered.map((line) => `${line}\n`).join('')
}

describe('batch write', () => {
  it('goes round: what a runner answers offline is judged as what is asked live', async () => {
    const options = await copyDemo(allowRecorded)
    const server = await startDemoServer()
    try {
      const out = join(options.folder, 'batch')
      const printed: string[] = []
      const answers: string[] = []
      for (const arm of ['baseline', 'candidate'] as const) {
        await writeBatchFiles({ ...options, arm, out }, (text) => printed.push(text))
        const lines = parse(await readFile(join(out, `${arm}-1.jsonl`), 'utf8'))
        expect(lines).toHaveLength(60)
        expect(lines[0]).toMatchObject({ method: 'POST', url: '/v1/chat/completions' })
        const file = join(out, `${arm}-answers.jsonl`)
        await writeFile(file, await answerAll(lines, server.url))
        answers.push(`${arm}=recorded:${file}`)
      }
      expect(printed[0]).toMatch(/baseline-1\.jsonl: 60 requests, 0\.\d MB$/)
      const run = async (endpoints: string[], name: string) => {
        const directory = join(options.folder, name)
        const cancelled = new AbortController().signal
        const log = createRecordingLog()
        await runFromTerminal({ ...options, endpoints, out: directory, cancelled }, log, () => undefined)
        return JSON.parse(await readFile(join(directory, 'verdict.json'), 'utf8'))
      }
      const live = ['baseline', 'candidate', 'judge'].map((name) => `${name}=${server.url}`)
      const asked = await run(live, 'live')
      const read = await run([...answers, `judge=${server.url}`], 'recorded')
      expect(read.categories).toEqual(asked.categories)
      expect(asked.categories[0].candidate.graded).toBe(60)
    } finally {
      await server.close()
    }
  })

  it('refuses a policy by which tool calls are answered', async () => {
    const options = await copyDemo()
    const out = join(options.folder, 'batch')
    const error = await takeRefusal(() =>
      writeBatchFiles({ ...options, arm: 'candidate', out }, () => undefined),
    )
    expect(error).toMatchObject({
      code: 'policy',
      message: "a batch can't answer tool calls",
      where: { file: 'checkpoint-gate.yml', field: 'tools' },
    })
  })

  it('says when the policy allows no recordings', async () => {
    const options = await copyDemo(withoutTools)
    const printed: string[] = []
    const out = join(options.folder, 'batch')
    await writeBatchFiles({ ...options, arm: 'candidate', out }, (text) => printed.push(text))
    expect(printed.at(-1)).toContain('replay.allow_recorded: true')
  })

  it('writes as many files as limits ask for, and refuses a turn that fits into none', async () => {
    const options = await copyDemo(withoutTools)
    const directory = createMemoryDirectory()
    const write = async (limits: { requests: number; bytes: number }) =>
      writeBatches(await createRequest(options), {
        ports: createSources(options),
        ...{ arm: 'candidate' as const, directory, limits },
        describe: ({ model, messages }) => ({ url: '/v1/chat/completions', body: { model, messages } }),
      })
    const { files } = await write({ requests: 150, bytes: 10_000_000 })
    expect(files.map(({ name, requests }) => [name, requests])).toEqual([
      ['candidate-1.jsonl', 150],
      ['candidate-2.jsonl', 150],
      ['candidate-3.jsonl', 100],
    ])
    const lines = files.flatMap(({ name }) => parse(directory.files.get(name) ?? ''))
    expect(new Set(lines.map(({ custom_id: id }) => id)).size).toBe(400)
    const error = await takeRefusal(() => write({ requests: 150, bytes: 300 }))
    expect(error).toMatchObject({ code: 'corpus', message: expect.stringContaining('takes') })
  })
})
