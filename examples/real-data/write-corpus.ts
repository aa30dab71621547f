import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One message of a conversation, as chat APIs take it. */
export interface Message {
  role: 'user' | 'assistant'
  content: string
}

/** One line of a corpus: a logged conversation with the assistant turns that a replay asks for again. */
export interface Conversation {
  id: string
  messages: Message[]
  metadata?: Record<string, string>
}

/** The file beside a corpus that says what it holds. `turns` counts the turns that can be replayed. */
export interface Manifest {
  version: 1
  name: string
  files: { path: string; sha256: string; conversations: number; turns: number }[]
}

/** The id of the assistant turn at this message index. */
export function nameTurn(conversationId: string, messageIndex: number): string {
  return `${conversationId}#${messageIndex}`
}

/** A conversation in which more than users and the assistant may speak. */
interface AnyConversation {
  id: string
  messages: readonly { role: string }[]
}

/** How many turns of a conversation can be replayed: assistant messages that directly follow a user's, or a tool's. */
export function countTurns({ messages }: AnyConversation): number {
  return messages.filter(
    ({ role }, index) => role === 'assistant' && ['user', 'tool'].includes(messages[index - 1]?.role ?? ''),
  ).length
}

/** JSON Lines text, one value a line, with a final newline. */
export function formatJsonLines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}

/**
 * Writes `conversations.jsonl` and its `manifest.json` into a folder, which is made if it is absent.
 * Conversations keep their order, so that the same source always gives the same bytes and digest.
 */
export async function writeCorpus(corpus: {
  folder: string
  name: string
  conversations: readonly AnyConversation[]
}): Promise<Manifest> {
  const path = 'conversations.jsonl'
  const text = formatJsonLines(corpus.conversations)
  const manifest: Manifest = {
    version: 1,
    name: corpus.name,
    files: [
      {
        path,
        sha256: createHash('sha256').update(text).digest('hex'),
        conversations: corpus.conversations.length,
        turns: corpus.conversations.reduce((sum, conversation) => sum + countTurns(conversation), 0),
      },
    ],
  }
  await mkdir(corpus.folder, { recursive: true })
  await writeFile(join(corpus.folder, path), text)
  await writeFile(join(corpus.folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

/** Writes one JSON Lines file into a folder, which is made if it is absent. */
export async function writeJsonLines(file: {
  folder: string
  name: string
  values: readonly object[]
}): Promise<void> {
  await mkdir(file.folder, { recursive: true })
  await writeFile(join(file.folder, file.name), formatJsonLines(file.values))
}
