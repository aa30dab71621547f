import { claimSuccess } from '../../examples/real-data/convert-tau-bench.ts'
import { recordingEnds } from '../../examples/real-data/recorded-steps.ts'
import { type Conversation, type Message, readText } from '../../src/corpus/conversation.ts'
import { type ChatEndpoint, type ChatReply, startChatEndpoint } from '../fakes/chat-endpoint.ts'

type Messages = readonly Pick<Message, 'role'>[]

/**
 * A server that answers over HTTP as the agent of a log did: after the same messages the same answer, whatever the tools
 * gave back. A model whose name ends with `claims-success` claims it after each error.
 */
export function serveRecorded(conversations: readonly Conversation[]): Promise<ChatEndpoint> {
  const answers = new Map<string, Message>()
  for (const { messages } of conversations) {
    for (const [index, message] of messages.entries()) {
      if (message.role === 'assistant') answers.set(nameMessages(messages.slice(0, index)), message)
    }
  }
  return startChatEndpoint({
    reply({ model, messages }) {
      const results = messages.slice(messages.findLastIndex(({ role }) => role !== 'tool') + 1)
      const claim = model.endsWith('claims-success')
        ? claimSuccess(results.map(({ content }) => String(content)))
        : null
      if (claim !== null) return { text: claim }
      const answer = answers.get(nameMessages(messages as Messages))
      return answer === undefined ? { text: recordingEnds } : toReply(answer)
    },
  })
}

/** Results of tools left out: in a replay they may be others. */
function nameMessages(messages: Messages): string {
  const kept = (messages as readonly Message[]).filter(({ role }) => role !== 'tool')
  return JSON.stringify(
    kept.map((message) => [
      message.role,
      readText(message.content),
      message.role === 'assistant' ? (message.tool_calls ?? []).map(({ function: call }) => call) : [],
    ]),
  )
}

function toReply(message: Message): ChatReply {
  const calls = message.role === 'assistant' ? message.tool_calls : undefined
  const text = readText(message.content)
  return {
    text: text === '' ? null : text,
    ...(calls === undefined
      ? {}
      : {
          toolCalls: calls.map(({ id, function: { name, arguments: written } }) => ({
            id,
            name,
            arguments: written,
          })),
        }),
  }
}
