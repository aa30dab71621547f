import { cp, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runFromTerminal } from '../../src/commands/run.ts'
import { outcomeLineSchema } from '../../src/record/schema.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { root } from '../support/shared.ts'

/** A folder with one of the example policies and its registrations, ready for a converted corpus. */
export async function prepareExample(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`))
  await cp(resolve(root, 'examples/real-data', name), folder, { recursive: true })
  return folder
}

/** Runs the gate there, as the command line does. */
export async function runExample(request: {
  folder: string
  out: string
  baseline: string
  candidate: string
  endpoints: string[]
}) {
  const { folder, out } = request
  const printed: string[] = []
  const exitCode = await runFromTerminal(
    {
      ...request,
      policy: 'checkpoint-gate.yml',
      rubrics: resolve(root, 'rubrics'),
      out: join(folder, out),
      repository: 'example/real-data',
      tier: 'release',
      cancelled: new AbortController().signal,
    },
    createRecordingLog(),
    (text) => printed.push(text),
  )
  const read = (file: string) => readFile(join(folder, out, file), 'utf8')
  const outcomes = (await read('outcomes.jsonl'))
    .trimEnd()
    .split('\n')
    .map((line) => outcomeLineSchema.parse(JSON.parse(line)))
  return {
    exitCode,
    printed: printed.join('\n'),
    outcomes,
    verdict: await read('verdict.json'),
    comment: await read('comment.md'),
  }
}
