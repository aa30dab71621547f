import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { type Conversation, writeConversation } from './conversation.ts'
import { createRandom } from './random.ts'
import { type Shared, sharedSchema, type Topic, topicSchema } from './schema.ts'

const folder = import.meta.dirname

/** The demo's corpus: its conversations, and its files as text, by their names. */
export type Corpus = { conversations: Conversation[]; files: Record<string, string>; manifest: string }

/** Builds the demo's corpus from `topics/` and `shared.yaml`. The same sources give the same bytes. */
export function buildCorpus(): Corpus {
  const shared = sharedSchema.parse(readYaml('shared.yaml'))
  const topics = readdirSync(resolve(folder, 'topics'))
    .sort()
    .map((file) => topicSchema.parse(readYaml(`topics/${file}`)))
  const write = (isMeant: (topic: Topic) => boolean, idPrefix: string) =>
    orderByTime(
      topics.filter(isMeant).flatMap((topic) => writeTopic(topic, shared)),
      idPrefix,
    )
  const parts = {
    'conversations.jsonl': write(({ surface }) => surface === undefined, 'demo'),
    'trajectories.jsonl': write(({ surface }) => surface === 'agent', 'agent'),
  }
  const files = Object.fromEntries(
    Object.entries(parts).map(([path, conversations]) => [path, writeLines(conversations)]),
  )
  const described = Object.entries(parts).map(([path, conversations]) =>
    describeFile({ path, jsonl: files[path] ?? '', conversations }),
  )
  const manifest = `${JSON.stringify({ version: 1, name: 'demo', files: described }, null, 2)}\n`
  return { conversations: Object.values(parts).flat(), files, manifest }
}

function writeLines(conversations: readonly Conversation[]): string {
  return conversations.map((conversation) => `${JSON.stringify(conversation)}\n`).join('')
}

function readYaml(path: string): unknown {
  return parse(readFileSync(resolve(folder, path), 'utf8'))
}

type Draft = Omit<Conversation, 'id' | 'collected_at'>

/** All conversations of a topic, its threads in turn; none begins like another one. */
function writeTopic(topic: Topic, shared: Shared): Draft[] {
  const drafts: Draft[] = []
  const beginnings = new Set<string>()
  for (let index = 0; index < topic.conversations; index += 1) {
    const thread = topic.threads[index % topic.threads.length]
    if (thread === undefined) throw new RangeError(`${topic.topic} has no threads`)
    drafts.push(writeDistinct({ topic, thread, shared, index, beginnings }))
  }
  return drafts
}

function writeDistinct(part: {
  topic: Topic
  thread: Topic['threads'][number]
  shared: Shared
  index: number
  beginnings: Set<string>
}): Draft {
  const { topic, thread, shared, index, beginnings } = part
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const random = createRandom(`demo ${topic.topic} ${index} ${attempt}`)
    const draft = writeConversation({ topic, thread, shared, random })
    const beginning = draft.messages.find((message) => message.role === 'user')?.content ?? ''
    if (!beginnings.has(beginning.toLowerCase())) {
      beginnings.add(beginning.toLowerCase())
      return draft
    }
  }
  throw new RangeError(`${topic.topic}: thread ${index % topic.threads.length} has too few variants`)
}

/** Mixes the topics and spreads the conversations over September 2026. */
function orderByTime(drafts: readonly Draft[], idPrefix: string): Conversation[] {
  const start = Date.parse('2026-09-01T00:00:00Z')
  const month = 30 * 24 * 3600
  return drafts
    .map((draft, index) => {
      const seconds = Math.floor(createRandom(`time ${index}`).next() * month)
      return { draft, seconds }
    })
    .sort((left, right) => left.seconds - right.seconds)
    .map(({ draft, seconds }, index) => ({
      id: `${idPrefix}-${String(index + 1).padStart(4, '0')}`,
      ...draft,
      collected_at: new Date(start + seconds * 1000).toISOString().replace('.000Z', 'Z'),
    }))
}

function describeFile(file: { path: string; jsonl: string; conversations: readonly Conversation[] }): object {
  const { path, jsonl, conversations } = file
  return {
    path,
    sha256: createHash('sha256').update(jsonl).digest('hex'),
    conversations: conversations.length,
    turns: conversations.reduce((sum, conversation) => sum + listTurns(conversation).length, 0),
  }
}

/** The indices of the assistant messages that answer a user or a tool: the turns that can be replayed. */
export function listTurns(conversation: Conversation): number[] {
  const { messages } = conversation
  return messages.flatMap((message, index) => {
    const before = messages[index - 1]?.role
    return message.role === 'assistant' && (before === 'user' || before === 'tool') ? [index] : []
  })
}
