import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { openRecording } from '../../src/adapters/recorded-client.ts'
import { parseLabelledSet } from '../../src/grade/labelled-set.ts'
import { describeWithShared, root, sharedPath } from '../support/shared.ts'

const run = promisify(execFile)

describeWithShared('A script that writes labelled sets', () => {
  let output = ''
  beforeAll(async () => {
    output = await mkdtemp(join(tmpdir(), 'labelled-'))
  })
  afterAll(() => rm(output, { recursive: true }))

  it.each([
    ['xstest', 'xstest-gpt4', 1, 450, ['judge.jsonl']],
    ['pandalm', 'pandalm', 10, 999, ['judge.jsonl']],
    ['llmbar', 'llmbar', 5, 419, ['judge-ChatGPT-0301.jsonl', 'judge-ChatGPT.jsonl', 'judge-GPT-4.jsonl']],
    ['tm4', 'taskmaster', 3, 224 + 1315 + 541, []],
  ])('gives what the gate reads: %s', async (name, source, sets, items, recordings) => {
    const folder = join(output, name)
    const script = join(root, 'examples', 'real-data', `label-${name}.ts`)
    await run(process.execPath, ['--no-warnings', script, sharedPath(`data/${source}`), folder])
    const files = await readdir(folder)
    expect(files.filter((file) => file.startsWith('judge')).toSorted()).toEqual(recordings)
    for (const file of recordings) await openRecording(join(folder, file))
    const labelled = await Promise.all(
      files
        .filter((file) => !file.startsWith('judge'))
        .map(async (file) =>
          parseLabelledSet({ file, text: await readFile(join(folder, file), 'utf8'), sha256: '' }),
        ),
    )
    expect(labelled).toHaveLength(sets)
    expect(labelled.reduce((sum, set) => sum + set.items.length, 0)).toBe(items)
  })
})
