import { type Message, readText } from '../corpus/conversation.ts'

/** A text of a rollout is shown up to so many characters: a result of megabytes fits into no request. */
const longestText = 20_000

/**
 * A rollout as one text, a message a paragraph. Ids of calls are left out, for they differ between any two runs; a call and
 * its result have a number in common instead.
 */
export function renderRollout(messages: readonly Message[]): string {
  // Ids need not be unique in a log: a result answers the newest call that has its id.
  const numbers = new Map<string, number>()
  let calls = 0
  return messages
    .map((message) => {
      if (message.role === 'tool') {
        const number = numbers.get(message.tool_call_id)
        return `[result of call ${number ?? '?'}]\n${cut(readText(message.content))}`
      }
      if (message.role !== 'assistant') return `[${message.role}]\n${cut(readText(message.content))}`
      const text = readText(message.content)
      const refusal = message.refusal ? [`[refusal] ${cut(message.refusal)}`] : []
      const made = (message.tool_calls ?? []).map(({ id, function: { name, arguments: written } }) => {
        calls += 1
        numbers.set(id, calls)
        return `[tool call ${calls}] ${name}(${cut(written)})`
      })
      return ['[assistant]', ...(text === '' ? [] : [cut(text)]), ...refusal, ...made].join('\n')
    })
    .join('\n\n')
}

function cut(text: string): string {
  if (text.length <= longestText) return text
  return `${text.slice(0, longestText)}\n[… ${text.length - longestText} more characters are not shown]`
}
