import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import { describeWithShared, root, sharedPath } from '../support/shared.ts'

const run = promisify(execFile)

const conversationSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/),
  messages: z.array(z.strictObject({ role: z.enum(['user', 'assistant']), content: z.string().min(1) })),
  metadata: z.record(z.string(), z.string()),
})
const manifestSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1),
  files: z.tuple([
    z.strictObject({
      path: z.literal('conversations.jsonl'),
      sha256: z.string(),
      conversations: z.int(),
      turns: z.int(),
    }),
  ]),
})

describeWithShared('a converter on the command line', () => {
  let output = ''
  beforeAll(async () => {
    output = await mkdtemp(join(tmpdir(), 'real-data-'))
  })
  afterAll(() => rm(output, { recursive: true }))

  it.each([
    ['llmdrift', 'llmdrift', 100, 100, ['baseline.jsonl', 'candidate.jsonl', 'judge.jsonl']],
    ['xstest', 'xstest-gpt4', 450, 450, ['completions.jsonl', 'judge.jsonl', 'served.jsonl']],
    ['hh-rlhf', 'hh-rlhf', 2264, 5631, []],
    ['oasst', 'oasst-en100', 100, 142, []],
  ])(
    'writes the corpus that its manifest describes: %s',
    async (name, source, conversations, turns, more) => {
      const folder = join(output, name)
      const script = join(root, 'examples', 'real-data', `convert-${name}.ts`)
      await run(process.execPath, ['--no-warnings', script, sharedPath(`data/${source}`), folder])

      expect(await readdir(folder)).toEqual([...more, 'conversations.jsonl', 'manifest.json'].sort())
      const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')))
      const bytes = await readFile(join(folder, 'conversations.jsonl'))
      expect(manifest.files[0]).toEqual({
        path: 'conversations.jsonl',
        sha256: createHash('sha256').update(bytes).digest('hex'),
        conversations,
        turns,
      })
      const lines = bytes.toString('utf8').trimEnd().split('\n')
      const read = lines.map((line) => conversationSchema.parse(JSON.parse(line)))
      expect(new Set(read.map((conversation) => conversation.id)).size).toBe(conversations)
    },
  )
})
