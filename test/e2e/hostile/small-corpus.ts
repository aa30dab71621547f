import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { root } from '../../support/shared.ts'

/** A corpus in one file, and the manifest that describes it. */
export type SmallCorpus = { folder: string; manifest: string }

/** The first conversations of the demo's corpus, a line each. */
export async function readConversations(count: number): Promise<string[]> {
  const text = await readFile(resolve(root, 'examples/demo/conversations.jsonl'), 'utf8')
  return text.split('\n').slice(0, count)
}

/** Writes conversations into a folder, and says in a manifest what they are. */
export async function writeCorpus(folder: string, lines: readonly string[]): Promise<SmallCorpus> {
  const text = lines.map((line) => `${line}\n`).join('')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'conversations.jsonl'), text)
  const file = {
    path: 'conversations.jsonl',
    sha256: createHash('sha256').update(text).digest('hex'),
    conversations: lines.length,
    turns: lines.reduce((sum, line) => sum + countTurns(line), 0),
  }
  return { folder, manifest: JSON.stringify({ version: 1, name: 'small', files: [file] }) }
}

function countTurns(line: string): number {
  const { messages } = JSON.parse(line) as { messages: { role: string }[] }
  return messages.filter(
    ({ role }, index) => role === 'assistant' && ['user', 'tool'].includes(messages[index - 1]?.role ?? ''),
  ).length
}
