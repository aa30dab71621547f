import type { Message, Tool } from '../conversation.ts'
import { readMessage, readMessages, Unreplayable } from './messages.ts'
import { finishConversation, isRecord } from './parts.ts'
import { type FieldPlace, inside, type Reading } from './shape.ts'
import { readTools } from './tools.ts'

/** What a log holds of one call of a model. */
export interface LoggedCall {
  id: string
  /** What the model was told before the messages of the input, where the log holds that apart. */
  prompt?: Message[]
  input: { value: unknown; field: FieldPlace }
  output: { value: unknown; field: FieldPlace }
  /** Functions that the log holds apart from the input. */
  tools: { value: unknown; field: FieldPlace }
  metadata: Parameters<typeof finishConversation>[0]['metadata']
  collectedAt: string | undefined
}

/**
 * A conversation of one logged call: the messages that were sent and the answer, which is its only turn.
 * @throws GateError for messages that are none, Unreplayable where nothing was sent or answered that can be replayed
 */
export function readCall(call: LoggedCall): Reading {
  const prompt = call.prompt ?? []
  const { messages: sent, tools } = readInput(call.input.value, call.input.field, prompt.length)
  const messages = [...prompt, ...sent]
  const answer = readOutput(call.output.value, call.output.field, messages.length)
  const offered = tools.length > 0 ? tools : readTools(call.tools.value, call.tools.field)
  return finishConversation({
    id: call.id,
    messages: [...messages, answer],
    tools: offered,
    metadata: call.metadata ?? {},
    collectedAt: call.collectedAt,
    singleCall: true,
  })
}

/** Messages alone, a request with them, or a text, each as a value or as JSON text. */
function readInput(
  given: unknown,
  field: FieldPlace,
  firstIndex: number,
): { messages: Message[]; tools: Tool[] } {
  const value = parseIf(given, (parsed) => isMessageList(parsed) || isRequest(parsed) || isMessage(parsed))
  if (typeof value === 'string' && value !== '') {
    return { messages: [{ role: 'user', content: value }], tools: [] }
  }
  if (isMessageList(value)) return { messages: readList(value, field, firstIndex), tools: [] }
  if (isMessage(value)) return { messages: readMessage(unwrap(value), field, firstIndex), tools: [] }
  if (!isRequest(value)) throw new Unreplayable('no messages were recorded')
  const key = Array.isArray(value.messages) ? 'messages' : 'input'
  const systemKey = value.instructions ? 'instructions' : 'system'
  const system = value[systemKey]
  const prompt = system
    ? readMessage({ role: 'system', content: system }, inside(field, systemKey), firstIndex)
    : []
  const messages = readList(value[key], inside(field, key), firstIndex + prompt.length)
  return { messages: [...prompt, ...messages], tools: readTools(value.tools, inside(field, 'tools')) }
}

/** LangChain logs a batch: a list of one list of messages. */
function readList(value: unknown, field: FieldPlace, firstIndex: number): Message[] {
  if (typeof value === 'string') return [{ role: 'user', content: value }]
  if (!Array.isArray(value)) throw new Unreplayable('no messages were recorded')
  if (value.length === 1 && Array.isArray(value[0])) return readList(value[0], inside(field, 0), firstIndex)
  return readMessages(
    value.map((message) => unwrap(message)),
    field,
    firstIndex,
  )
}

/** An answer: a message, a response with one, or a text. What it is otherwise, it is as JSON text: it is not sent. */
function readOutput(given: unknown, field: FieldPlace, index: number): Message {
  const value = parseIf(given, (parsed) => findAnswer(parsed) !== undefined)
  if (value === undefined || value === null || value === '') throw new Unreplayable('no answer was recorded')
  const answer = findAnswer(value)
  if (answer === undefined) {
    return { role: 'assistant', content: typeof value === 'string' ? value : JSON.stringify(value) }
  }
  const [message] = readMessage({ role: 'assistant', ...answer }, field, index)
  if (message?.role !== 'assistant') throw new Unreplayable('no answer was recorded')
  const empty = !message.content && !message.tool_calls && !message.refusal
  if (empty) throw new Unreplayable('no answer was recorded')
  return message
}

/** The answering message in what SDKs and LangChain log as an output. */
function findAnswer(value: unknown): Record<string, unknown> | undefined {
  if (Array.isArray(value)) return findAnswer(value.at(-1))
  if (!isRecord(value)) return undefined
  if (isMessage(value)) return unwrap(value)
  const [choice] = Array.isArray(value.choices) ? value.choices : []
  if (isRecord(choice) && isRecord(choice.message)) return choice.message
  const [generation] = Array.isArray(value.generations) ? value.generations.flat() : []
  if (isRecord(generation)) {
    return isRecord(generation.message) ? unwrap(generation.message) : { content: generation.text }
  }
  const list = value.messages ?? value.output ?? value.message
  return list === undefined ? undefined : findAnswer(list)
}

const langChainTypes = new Set(['human', 'ai', 'system', 'tool'])

/**
 * A message of LangChain as one of the chat API: its own serialization (`lc`, with the class as the last part of `id`), its
 * `{ type, data }`, or its fields flat with a `type`.
 */
function unwrap(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) return { role: undefined }
  if (value.type === 'constructor' && isRecord(value.kwargs)) {
    const className = Array.isArray(value.id) ? String(value.id.at(-1)) : ''
    const type = className.replace(/Message(Chunk)?$/, '').toLowerCase()
    return { ...value.kwargs, role: type === 'chat' ? value.kwargs.role : type }
  }
  if (value.role === undefined && langChainTypes.has(String(value.type))) {
    const fields = isRecord(value.data) ? value.data : value
    return { ...fields, role: value.type }
  }
  return value
}

function isMessage(value: unknown): boolean {
  if (!isRecord(value)) return false
  return typeof value.role === 'string' || unwrap(value).role !== undefined
}

function isMessageList(value: unknown): value is unknown[] {
  if (!Array.isArray(value)) return false
  const [first] = value.length === 1 && Array.isArray(value[0]) ? value[0] : value
  return isMessage(first)
}

function isRequest(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false
  return Array.isArray(value.messages) || Array.isArray(value.input) || typeof value.input === 'string'
}

/** JSON text as its value where that is what is looked for; any other text is a text. */
function parseIf(value: unknown, fits: (parsed: unknown) => boolean): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    const parsed: unknown = JSON.parse(value)
    return fits(parsed) ? parsed : value
  } catch {
    return value
  }
}
