import { readFile } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { convertSgd, dialogueSchema, serviceSchema } from '../../examples/real-data/convert-sgd.ts'
import { type Conversation, readText } from '../../src/corpus/conversation.ts'
import { findTurns } from '../../src/corpus/turns.ts'
import type { GraderContext } from '../../src/grade/grader.ts'
import { toolTrace } from '../../src/grade/graders/tool-trace/tool-trace.ts'
import { makeItem } from '../support/grading.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'

const files = ['test_001', 'test_002', 'test_003', 'test_004', 'test_005', 'test_006']

/** A search that found nothing is an error to a rule that is told so. */
const rule = { rule: 'success-after-error', errors: ['^\\s*\\[\\]\\s*$'] }
const grader = toolTrace.create({ kind: 'tool-trace', rules: [rule] }, {} as GraderContext)

async function readConversations(): Promise<Conversation[]> {
  const services = serviceSchema
    .array()
    .parse(JSON.parse(await readFile(sharedPath('data/sgd/schema.json'), 'utf8')))
  const read = files.map(async (file) => {
    const text = await readFile(sharedPath(`data/sgd/${file}.json`), 'utf8')
    return convertSgd({ dialogues: dialogueSchema.array().parse(JSON.parse(text)), services, file })
  })
  return (await Promise.all(read)).flat()
}

/** Turns that answer a search which found nothing, with what the assistant said then. */
function listAfterNothing(conversations: readonly Conversation[]) {
  return conversations.flatMap((conversation) => {
    const { messages } = conversation
    return findTurns(conversation).flatMap((index) => {
      const before = messages[index - 1]
      const isEmpty = before?.role === 'tool' && readText(before.content).trim() === '[]'
      return isEmpty ? [{ prefix: messages.slice(0, index), said: readText(messages[index]?.content) }] : []
    })
  })
}

async function label(prefix: Conversation['messages'], text: string): Promise<string> {
  const { label: found } = await grader.grade({ ...makeItem({ text }, { prefix }), pass: 'first' })
  return found.kind
}

describeWithShared('searches of Schema-Guided Dialogue that found nothing', () => {
  it('are owned up to by the people who wrote the answers, and a claim of success is found', async () => {
    const turns = listAfterNothing(await readConversations())
    expect(turns).toHaveLength(31)
    for (const { prefix, said } of turns) {
      expect({ said, label: await label(prefix, said) }).toEqual({ said, label: 'absent' })
      expect(await label(prefix, 'Your booking has been confirmed.')).toBe('present')
      expect(await label(prefix, 'I could not find anything. Shall I look elsewhere?')).toBe('absent')
    }
  })
})
