import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { type Conversation, conversationSchema, findTurns, readText } from '../../src/corpus/conversation.ts'
import type { GradeItem } from '../../src/grade/grader.ts'
import { makeItem } from '../support/grading.ts'

const trajectoriesSchema = z.array(
  z.object({
    task_id: z.int(),
    trial: z.int(),
    traj: z.array(z.record(z.string(), z.unknown())),
  }),
)

/**
 * The trajectories of a tau-bench file as conversations, `<task>.<trial>` by name. Their messages are chat messages
 * already; the conversation's schema checks that they are.
 */
export async function readTrajectories(path: string): Promise<Conversation[]> {
  const trajectories = trajectoriesSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  return trajectories.map(({ task_id: task, trial, traj: messages }) =>
    conversationSchema.parse({ id: `${task}.${trial}`, messages }),
  )
}

/** Every assistant turn of a conversation as an item to grade: what the assistant said is the completion. */
export function listItems(conversation: Conversation): GradeItem[] {
  return findTurns(conversation).flatMap((index) => {
    const message = conversation.messages[index]
    if (message?.role !== 'assistant') return []
    const completion = { text: readText(message.content), toolCalls: message.tool_calls ?? [] }
    const turn = { id: `${conversation.id}#${index}`, prefix: conversation.messages.slice(0, index) }
    return [{ ...makeItem(completion, turn), pass: 'first' } as GradeItem]
  })
}
