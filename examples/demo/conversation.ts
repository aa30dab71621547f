import { createHash } from 'node:crypto'
import type { Random } from './random.ts'
import type { Exchange, Shared, Thread, ToolDefinition, Topic } from './schema.ts'
import { fillJson, fillText, fixSlots, type SlotValues } from './template.ts'

const surfaces = ['chat', 'chat', 'chat', 'mobile', 'mobile', 'api'] as const
type Surface = (typeof surfaces)[number] | 'agent'

/** How often a conversation on a surface carries a system prompt. */
const systemPromptShare: Readonly<Record<Surface, number>> = {
  chat: 0.5,
  mobile: 0.45,
  api: 0.9,
  agent: 1,
}

const mostTurns = 5
const farewellShare = 0.15

type FunctionCall = { id: string; type: 'function'; function: { name: string; arguments: string } }

export type Message =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string | null; tool_calls?: FunctionCall[] }
  | { role: 'tool'; tool_call_id: string; content: string }

/** One line of `conversations.jsonl` or `trajectories.jsonl`. */
export type Conversation = {
  id: string
  messages: Message[]
  tools?: object[]
  metadata: { topic: string; surface: Surface; language: string }
  collected_at: string
}

type Filling = { values: SlotValues; random: Random }

/** Writes one conversation of a thread. Every choice in it comes from `random`. */
export function writeConversation(part: {
  topic: Topic
  thread: Thread
  shared: Shared
  random: Random
}): Omit<Conversation, 'id' | 'collected_at'> {
  const { topic, thread, shared, random } = part
  const surface = topic.surface ?? random.pick(surfaces)
  const filling = { values: fixSlots({ ...shared.slots, ...thread.slots }, random), random }
  const messages: Message[] = [
    ...writeSystemPrompt({ topic, shared, surface, filling }),
    ...chooseExchanges({ topic, thread, shared, random }).flatMap((exchange, index) =>
      writeExchange(exchange, { filling, style: { surface, topic, shared, isFirst: index === 0 } }),
    ),
  ]
  return {
    messages,
    ...(topic.tools === undefined ? {} : { tools: topic.tools.map(describeTool) }),
    metadata: { topic: topic.topic, surface, language: topic.language },
  }
}

function writeSystemPrompt(part: {
  topic: Topic
  shared: Shared
  surface: Surface
  filling: Filling
}): Message[] {
  const { topic, shared, surface, filling } = part
  if (filling.random.next() >= systemPromptShare[surface]) return []
  // The notes are in English.
  const notes = topic.language === 'en' ? shared.surface_notes[surface] : undefined
  const note = filling.random.pick(notes ?? [''])
  const content = fillText(`${filling.random.pick(topic.system)} ${note}`.trim(), filling)
  return [{ role: 'system', content }]
}

/** The opening, some of the follow-ups in their order, sometimes a farewell: at most `mostTurns` turns. */
function chooseExchanges(part: { topic: Topic; thread: Thread; shared: Shared; random: Random }): Exchange[] {
  const { topic, thread, shared, random } = part
  const [opening, ...followUps] = thread.exchanges
  if (opening === undefined) throw new RangeError(`${topic.topic} has an empty thread`)
  const followUpShare = random.pick([0, 0.5, 0.75, 1])
  const wanted = followUps.filter(() => random.next() < followUpShare)
  if (random.next() < farewellShare) wanted.push(random.pick(shared.farewells[topic.language] ?? []))
  const chosen = [opening]
  let turns = countTurns(opening)
  for (const exchange of wanted) {
    turns += countTurns(exchange)
    if (turns > mostTurns) break
    chosen.push(exchange)
  }
  return chosen
}

function countTurns(exchange: Exchange): number {
  return exchange.calls === undefined ? 1 : 2
}

type Style = { surface: Surface; topic: Topic; shared: Shared; isFirst: boolean }

function writeExchange(exchange: Exchange, how: { filling: Filling; style: Style }): Message[] {
  const { filling, style } = how
  const calls = (exchange.calls ?? []).map((call) => {
    const filled = JSON.stringify(fillJson(call.arguments, filling))
    const result = JSON.stringify(fillJson(call.result, filling))
    return { name: call.tool, arguments: filled, result, id: nameCall(filling.random) }
  })
  const toolMessages: Message[] =
    calls.length === 0 ? [] : [{ role: 'assistant', content: null, tool_calls: calls.map(shapeCall) }]
  for (const call of calls) {
    toolMessages.push({ role: 'tool', tool_call_id: call.id, content: call.result })
  }
  return [
    { role: 'user', content: typeLike(fillText(exchange.user, filling), { style, random: filling.random }) },
    ...toolMessages,
    { role: 'assistant', content: fillText(exchange.assistant, filling) },
  ]
}

/** What people type on a phone is shorter on capitals and full stops; in a chat they greet first. */
function typeLike(text: string, how: { style: Style; random: Random }): string {
  const { style, random } = how
  if (style.surface === 'mobile' && !text.includes('\n')) {
    return random.next() < 0.6 ? lowerFirst(text).replace(/\.$/, '') : text
  }
  if (style.surface === 'chat' && style.isFirst) {
    return random.pick(style.shared.greetings[style.topic.language] ?? ['']) + text
  }
  return text
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function nameCall(random: Random): string {
  const digest = createHash('sha256').update(String(random.next())).digest('hex')
  return `call_${digest.slice(0, 16)}`
}

function shapeCall(call: { id: string; name: string; arguments: string }): FunctionCall {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } }
}

function describeTool(tool: ToolDefinition): object {
  const { name, description, parameters, required } = tool
  return {
    type: 'function',
    function: {
      name,
      description,
      parameters: { type: 'object', properties: parameters, required, additionalProperties: false },
    },
  }
}
