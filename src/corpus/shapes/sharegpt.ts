import { z } from 'zod'
import type { Message, ToolCall } from '../conversation.ts'
import { finishConversation, keepMetadata } from './parts.ts'
import { type FieldPlace, inside, parseField, refuseField, type Shape } from './shape.ts'
import { parseJsonField, readTools } from './tools.ts'

const rowSchema = z.looseObject({
  id: z.union([z.string().min(1), z.number()]).nullish(),
  conversations: z.array(z.looseObject({ from: z.string(), value: z.string() })),
  system: z.string().nullish(),
})

/** Who speaks, as the name is written in the data sets of this shape. */
const speakers: Readonly<Record<string, 'system' | 'user' | 'assistant' | 'call' | 'result'>> = {
  system: 'system',
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  chatgpt: 'assistant',
  assistant: 'assistant',
  model: 'assistant',
  bing: 'assistant',
  bard: 'assistant',
  function_call: 'call',
  observation: 'result',
  tool: 'result',
}

const callSchema = z.looseObject({ name: z.string().min(1), arguments: z.unknown().optional() })

/**
 * ShareGPT: `conversations` of `from` and `value`, with the system prompt and the functions beside them, as LLaMA-Factory
 * describes it. A function call is the JSON of its name and arguments; results belong to calls in their order.
 */
export const sharegpt: Shape = {
  name: 'sharegpt',
  title: 'ShareGPT',
  page: 'https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md',
  fields: { names: ['id', 'conversations', 'system', 'tools', 'model'], json: ['conversations'] },
  recognises: (row) => Array.isArray(row.conversations),
  *read(row, place) {
    const field = { place, path: [] }
    const { id, conversations, system, ...rest } = parseField(rowSchema, row, field)
    const prompted = system && conversations[0]?.from !== 'system'
    const messages: Message[] = prompted ? [{ role: 'system', content: system }] : []
    const waiting: string[] = []
    for (const [index, { from, value }] of conversations.entries()) {
      messages.push(
        readSpeech({
          from,
          value,
          field: inside(field, 'conversations', index),
          index: messages.length,
          waiting,
        }),
      )
    }
    yield finishConversation({
      id: id ?? null,
      messages,
      tools: readTools(rest.tools, inside(field, 'tools')),
      metadata: keepMetadata({ model: rest.model }),
    })
  },
}

function readSpeech(speech: {
  from: string
  value: string
  field: FieldPlace
  /** Of the message that it makes. */
  index: number
  /** The ids of calls that have no result yet. */
  waiting: string[]
}): Message {
  const { from, value, field, index, waiting } = speech
  const speaker = Object.hasOwn(speakers, from) ? speakers[from] : undefined
  if (speaker === undefined) {
    throw refuseField(inside(field, 'from'), `expected one of ${Object.keys(speakers).join(', ')}`)
  }
  if (speaker === 'call') {
    const calls = readCalls(value, inside(field, 'value'), index)
    waiting.push(...calls.map(({ id }) => id))
    return { role: 'assistant', content: null, tool_calls: calls }
  }
  if (speaker !== 'result') return { role: speaker, content: value }
  const id = waiting.shift()
  if (id === undefined) {
    throw refuseField(inside(field, 'from'), 'the result follows no function call', 'add the call before it')
  }
  return { role: 'tool', content: value, tool_call_id: id }
}

function readCalls(text: string, field: FieldPlace, index: number): ToolCall[] {
  const parsed = parseJsonField(text, field)
  const calls = parseField(z.array(callSchema).min(1), Array.isArray(parsed) ? parsed : [parsed], field)
  return calls.map(({ name, arguments: given }, order) => ({
    id: `call_${index}_${order}`,
    type: 'function',
    function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given ?? {}) },
  }))
}
