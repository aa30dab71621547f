import { z } from 'zod'
import { convertTauBench, trajectorySchema } from '../../examples/real-data/convert-tau-bench.ts'
import { readJson } from '../../examples/real-data/read-source.ts'
import { type Conversation, readText } from '../../src/corpus/conversation.ts'
import { findTurns } from '../../src/corpus/turns.ts'
import type { GradeItem } from '../../src/grade/grader.ts'
import { makeItem } from '../support/grading.ts'

/** The trajectories of a tau-bench file as conversations, `<task>.<trial>` by name. */
export async function readTrajectories(path: string): Promise<Conversation[]> {
  return convertTauBench(await readJson({ path, schema: z.array(trajectorySchema) }))
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
