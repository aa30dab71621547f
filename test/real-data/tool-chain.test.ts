import { expect, it } from '@jest/globals'
import { z } from 'zod'
import { convertSgd, dialogueSchema, serviceSchema } from '../../examples/real-data/convert-sgd.ts'
import { readJson } from '../../examples/real-data/read-source.ts'
import type { Conversation } from '../../src/corpus/conversation.ts'
import { createToolChain } from '../../src/tools/chain.ts'
import { findDefect } from '../../src/tools/defect.ts'
import { createRecordedEnvironment } from '../../src/tools/recorded-environment.ts'
import { makeTurn } from '../support/grading.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import {
  type AnswerCounts,
  type CountedAnswer,
  countAnswers,
  describeAnswer,
} from '../tools/answer-counts.ts'
import { buildDatabase } from '../tools/call-conversations.ts'
import { readTrajectories } from './convert-tau-bench.ts'

const settings = {
  environments: ['recorded' as const, 'blocked' as const],
  perTool: [],
  similar: { threshold: 0.5, examples: 3 },
  limits: { steps: 20, tokens: null, minutes: 10, resultBytes: 64 * 1024 },
}

function listCalls({ messages }: Conversation) {
  return messages.flatMap((message) => (message.role === 'assistant' ? (message.tool_calls ?? []) : []))
}

/** Makes each call of a trajectory again, in order, as a candidate that does what production did. */
async function replay(
  past: readonly Conversation[],
  heldOut: readonly Conversation[],
): Promise<AnswerCounts> {
  const database = await buildDatabase(past)
  const recorded = createRecordedEnvironment({ settings, database, seed: 's', readOwn: () => null })
  const chain = createToolChain({ settings, environments: [recorded], database, similar: null, seed: 's' })
  const counted: CountedAnswer[] = []
  for (const conversation of heldOut) {
    const tools = chain.open({
      turn: makeTurn({ id: `${conversation.id}#1`, tools: null }),
      arm: 'candidate',
    })
    for (const call of listCalls(conversation)) {
      const answer = await tools.answer(call)
      if (answer.kind === 'answered') counted.push(describeAnswer(call.function.name, answer))
    }
  }
  return countAnswers(counted)
}

describeWithShared('the chain over 50 trajectories of an airline agent', () => {
  it('answers 197 of their 290 calls as 100 others were answered, and blocks the rest', async () => {
    const all = await readTrajectories(sharedPath('data/tau-bench/gpt-4o-airline.trials-0-2.json'))
    const isHeldOut = ({ metadata }: Conversation) => metadata?.trial === 2
    const counts = await replay(
      all.filter((each) => !isHeldOut(each)),
      all.filter(isHeldOut),
    )
    const sum = (read: (each: AnswerCounts[number]) => number) =>
      counts.reduce((total, each) => total + read(each), 0)
    expect(sum(({ calls }) => calls)).toBe(290)
    expect(sum(({ sources }) => sources.recorded)).toBe(197)
    expect(sum(({ sources }) => sources.blocked)).toBe(93)
    // Those that were blocked, and the recorded ones that failed then too.
    expect(sum(({ errors }) => errors)).toBe(93 + 8)
    expect(sum(({ defects }) => Object.values(defects).reduce((total, each) => total + each, 0))).toBe(0)
  })
})

describeWithShared('1,257 calls that were made of services with schemas', () => {
  it('have no defect', async () => {
    const services = await readJson({
      path: sharedPath('data/sgd/schema.json'),
      schema: z.array(serviceSchema),
    })
    const defects = []
    let calls = 0
    for (const number of [1, 2, 3, 4, 5, 6]) {
      const file = `test_00${number}`
      const path = sharedPath(`data/sgd/${file}.json`)
      const dialogues = await readJson({ path, schema: z.array(dialogueSchema) })
      for (const conversation of convertSgd({ dialogues, services, file })) {
        const offered = conversation.tools ?? []
        for (const call of listCalls(conversation)) {
          calls += 1
          defects.push(findDefect(call, { offered, isKnown: () => false }))
        }
      }
    }
    expect(calls).toBe(1257)
    expect(defects.filter((defect) => defect !== null)).toEqual([])
  })
})
