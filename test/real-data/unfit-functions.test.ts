import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import {
  convertBfcl,
  convertMissing,
  listMissing,
  missingSchema,
  questionSchema,
} from '../../examples/real-data/convert-bfcl.ts'
import { readJsonLines } from '../../examples/real-data/read-source.ts'
import { writeCorpus } from '../../examples/real-data/write-corpus.ts'
import { openRunDirectory } from '../../src/adapters/run-directory.ts'
import { conversationSchema, toolSchema } from '../../src/corpus/conversation.ts'
import { readRecord } from '../../src/record/store.ts'
import { type ChatEndpoint, startChatEndpoint } from '../fakes/chat-endpoint.ts'
import { expectReconciled } from '../support/reconcile.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { prepareExample, runExample } from './run.ts'

/** Says that nothing fits; the candidate calls what is missing, or else the first that is offered, and says it is done. */
function serve(missing: ReadonlyMap<string, string>) {
  return startChatEndpoint({
    reply({ model, messages, body }) {
      if (model === 'served') return { text: 'None of my functions does that.' }
      const last = messages.at(-1)
      if (last?.role === 'tool') return { text: 'It is done.' }
      const [offered] = z.array(toolSchema).min(1).parse(body.tools)
      const name = missing.get(String(last?.content)) ?? offered?.function.name ?? ''
      return { toolCalls: [{ name, arguments: '{"x": 1}' }] }
    },
  })
}

describeWithShared('334 requests that no offered function fits, over HTTP', () => {
  let live: ChatEndpoint
  let folder = ''

  beforeAll(async () => {
    const read = (name: string) => sharedPath(`data/bfcl/BFCL_v4_${name}.json`)
    const lines = await readJsonLines({ path: read('multi_turn_miss_func'), schema: missingSchema })
    const conversations = [
      ...convertBfcl(await readJsonLines({ path: read('irrelevance'), schema: questionSchema }), []),
      ...convertMissing(lines),
    ]
    for (const conversation of conversations) conversationSchema.parse(conversation)
    folder = await prepareExample('bfcl')
    await writeCorpus({ folder, name: 'bfcl-v4-no-function-fits', conversations })
    const missing = lines.map((line) => [line.question[0]?.[0]?.content ?? '', listMissing(line)[0]] as const)
    live = await serve(
      new Map(missing.flatMap(([asked, name]) => (name === undefined ? [] : [[asked, name]]))),
    )
  })
  afterAll(() => live.close())

  it('flags every call, and counts those of functions that are missing', async () => {
    const endpoints = ['baseline', 'candidate'].map((name) => `${name}=${live.url}`)
    const arms = { folder, out: 'run', baseline: 'served', candidate: 'gpt-5-mini' }
    const { exitCode, verdict } = await runExample({ ...arms, endpoints })
    expect(exitCode).toBe(1)
    expectReconciled({ verdict: JSON.parse(verdict) }, 334)
    const [category] = JSON.parse(verdict).categories
    expect(category).toMatchObject({ baseline: { events: 0 }, candidate: { events: 334 } })
    const { summary } = await readRecord(await openRunDirectory(join(folder, 'run'), { make: false }))
    expect(summary.arms.baseline.answered).toEqual([])
    const answered = summary.arms.candidate.answered ?? []
    const count = (defect: string | null) =>
      answered.filter((row) => row.defect === defect).reduce((sum, { calls }) => sum + calls, 0)
    // 94 of functions that are missing, and 240 that don't fit what the offered ones take.
    expect([count('unknown-tool'), count('invalid-arguments'), count(null)]).toEqual([94, 240, 0])
    expect(answered.filter(({ source, calls, errors }) => source !== 'blocked' || errors !== calls)).toEqual(
      [],
    )
  }, 60_000)
})
