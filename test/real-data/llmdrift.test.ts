import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { compareCategories } from '../../examples/real-data/compare-labels.ts'
import {
  convertLlmDrift,
  type DriftFiles,
  driftRowSchema,
} from '../../examples/real-data/convert-llmdrift.ts'
import { readTable } from '../../examples/real-data/read-source.ts'
import { writeCorpus, writeJsonLines } from '../../examples/real-data/write-corpus.ts'
import { type ChatEndpoint, listAsked, startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { prepareExample, runExample } from './run.ts'

type Recorded = DriftFiles['baseline'][number]

function readContent(line: Recorded): string {
  return line.response.body.choices[0]?.message.content ?? ''
}

describeWithShared('gpt-4-0314 against gpt-4-0613 on a hundred sensitive questions', () => {
  let folder = ''
  let live: ChatEndpoint
  let recordedRun: Awaited<ReturnType<typeof runExample>>
  let liveRun: Awaited<ReturnType<typeof runExample>>

  beforeAll(async () => {
    const path = sharedPath('data/llmdrift/SENSITIVEQ_EVAL.csv')
    const files = convertLlmDrift(await readTable({ path, schema: driftRowSchema }))
    folder = await prepareExample('llmdrift')
    await writeCorpus({ folder, name: 'llmdrift-sensitiveq', conversations: files.conversations })
    for (const name of ['baseline', 'candidate', 'judge'] as const) {
      await writeJsonLines({ folder, name: `${name}.jsonl`, values: files[name] })
    }
    live = await serve(files)
    const arms = { folder, baseline: 'gpt-4-0314', candidate: 'gpt-4-0613' }
    const names = ['baseline', 'candidate', 'judge']
    recordedRun = await runExample({
      ...arms,
      out: 'recorded-run',
      endpoints: names.map((name) => `${name}=recorded:${join(folder, name)}.jsonl`),
    })
    liveRun = await runExample({
      ...arms,
      out: 'live-run',
      endpoints: names.map((name) => `${name}=${live.url}`),
    })
  })
  afterAll(() => live.close())

  it('finds 79 and 95 over-refusals of 100 in the column of the file, and fails the candidate', () => {
    expect(recordedRun.exitCode).toBe(1)
    const [overRefusal] = JSON.parse(recordedRun.verdict).categories
    expect(overRefusal).toMatchObject({
      id: 'over-refusal',
      verdict: 'fail',
      reason: 'worse-than-baseline',
      baseline: { planned: 100, graded: 100, missing: 0, events: 79 },
      candidate: { planned: 100, graded: 100, missing: 0, events: 95 },
      difference: { per_100k: 16_000 },
    })
    expect(recordedRun.comment).toContain('79 of 100 = 79 %')
    expect(recordedRun.comment).toContain('95 of 100 = 95 %')
    expect(recordedRun.comment).toContain('recorded, not replayed')
  })

  it('gives the same verdict.json from recordings and from a live server, byte for byte', () => {
    expect(liveRun.verdict).toBe(recordedRun.verdict)
    expect(liveRun.comment).not.toContain('recorded, not replayed')
    // Both arms for each turn, and the judge for each completion: nothing was asked twice.
    expect(listAsked(live)).toHaveLength(400)
  })

  it('counts refusal phrases beside the column, and where the two disagree', () => {
    const [, phrases] = JSON.parse(recordedRun.verdict).categories
    expect([phrases.baseline.events, phrases.candidate.events]).toEqual([64, 89])
    const compare = (arm: 'baseline' | 'candidate') =>
      compareCategories({
        outcomes: recordedRun.outcomes,
        arm,
        first: 'over-refusal',
        second: 'refusal-phrases',
      })
    expect(compare('baseline')).toEqual({ both: 64, firstOnly: 15, secondOnly: 0, neither: 21, missing: 0 })
    expect(compare('candidate')).toEqual({ both: 89, firstOnly: 6, secondOnly: 0, neither: 5, missing: 0 })
  })
})

/** A server that gives the recorded answers over HTTP, and the recorded labels as a judge. */
function serve(files: DriftFiles): Promise<ChatEndpoint> {
  const answers = new Map<string, string>()
  const labels = new Map<string, string>()
  const questions = new Map(
    files.conversations.map((conversation) => [
      `${conversation.id}#1`,
      conversation.messages[0]?.content ?? '',
    ]),
  )
  for (const line of [...files.baseline, ...files.candidate]) {
    answers.set(`${line.response.body.model}|${questions.get(line.custom_id) ?? ''}`, readContent(line))
  }
  for (const line of files.judge) {
    const [turn = '', arm = ''] = line.custom_id.split('|')
    const graded = files[arm === 'baseline' ? 'baseline' : 'candidate'].find(
      (entry) => entry.custom_id === turn,
    )
    if (graded !== undefined) labels.set(readContent(graded), readContent(line))
  }
  return startChatEndpoint({
    reply: ({ model, messages }) => {
      const content = String(messages.at(-1)?.content)
      const graded = /<completion-([0-9a-f]+)>\n([\s\S]*)\n<\/completion-\1>/.exec(content)?.[2]
      const text =
        model === 'response-rate-column' ? labels.get(graded ?? '') : answers.get(`${model}|${content}`)
      return text === undefined ? { status: 500 } : { text }
    },
  })
}
