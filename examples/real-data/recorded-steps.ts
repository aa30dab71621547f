import { type Conversation, type Message, readText } from '../../src/corpus/conversation.ts'
import { findTurns } from '../../src/corpus/turns.ts'

type Assistant = Extract<Message, { role: 'assistant' }>

/** What a recording says where the log has no more answer. */
export const recordingEnds = '(the recording ends here)'

/** An answer with its place in a replay: `custom_id` as the gate asks for it. */
export interface RecordedStep {
  customId: string
  message: Assistant
}

/**
 * The answers that a log has to each of its turns, step by step, up to the first without calls. `answer` may put another
 * in the place of one that follows tool results, which ends the trajectory there; `null` leaves it.
 */
export function listSteps(
  conversation: Conversation,
  answer: (results: readonly string[]) => string | null = () => null,
): RecordedStep[] {
  return findTurns(conversation).flatMap((turn) => {
    const steps: RecordedStep[] = []
    const name = (step: number) => `${conversation.id}#${turn}${step === 0 ? '' : `|step ${step + 1}`}`
    for (let index = turn; ; index += 1) {
      const message = findAnswer(conversation, { index, answer })
      steps.push({ customId: name(steps.length), message })
      if (message.tool_calls === undefined) return steps
      while (conversation.messages[index + 1]?.role === 'tool') index += 1
    }
  })
}

function findAnswer(
  { messages }: Conversation,
  { index, answer }: { index: number; answer: (results: readonly string[]) => string | null },
): Assistant {
  const results = messages.slice(0, index)
  const first = results.findLastIndex(({ role }) => role !== 'tool') + 1
  const replaced =
    first === index ? null : answer(results.slice(first).map(({ content }) => readText(content)))
  if (replaced !== null) return { role: 'assistant', content: replaced }
  const message = messages[index]
  return message?.role === 'assistant' ? message : { role: 'assistant', content: recordingEnds }
}

/** An answer as the Batch API returns it. */
export function recordStep({ customId, message }: RecordedStep, model: string): object {
  const id = `recorded:${customId}`
  const { content = null, tool_calls: calls } = message
  const choice = {
    index: 0,
    message: {
      role: 'assistant',
      content: content === null ? null : readText(content),
      ...(calls === undefined ? {} : { tool_calls: calls }),
    },
    finish_reason: calls === undefined ? 'stop' : 'tool_calls',
  }
  const body = { id, object: 'chat.completion', created: 0, model, choices: [choice] }
  return { id, custom_id: customId, response: { status_code: 200, request_id: id, body }, error: null }
}
