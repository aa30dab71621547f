import { join } from 'node:path'
import { z } from 'zod'
import { isScript, readFolders, readJsonLines } from './read-source.ts'
import { type Conversation, type Message, writeCorpus } from './write-corpus.ts'

/** One message of a tree with all replies to it. Rank 0 is the best; prompts and unranked replies have none. */
export const nodeSchema = z.object({
  text: z.string().min(1),
  role: z.enum(['prompter', 'assistant']),
  deleted: z.boolean(),
  rank: z.int().min(0).nullish(),
  get replies() {
    return z.array(nodeSchema)
  },
})
export type Node = z.infer<typeof nodeSchema>

/** One line of en_100_tree.jsonl. */
export const treeSchema = z.object({ message_tree_id: z.string().min(1), prompt: nodeSchema })
export type Tree = z.infer<typeof treeSchema>

/**
 * The path from a tree's root to a leaf that takes the reply of lowest rank each time. A reply without a rank
 * comes after all ranked ones, and among equals the first in the file is taken. Deleted replies are passed
 * over.
 */
export function followBestRank(root: Node): Node[] {
  const path = [root]
  for (let next = chooseReply(root); next !== undefined; next = chooseReply(next)) path.push(next)
  return path
}

function chooseReply(node: Node): Node | undefined {
  // `toSorted` is stable: equals keep the order of the file.
  return node.replies
    .filter((reply) => !reply.deleted)
    .toSorted((first, second) => orderOf(first) - orderOf(second))[0]
}

function orderOf(reply: Node): number {
  return reply.rank ?? Number.MAX_SAFE_INTEGER
}

/**
 * One conversation a tree: its best-ranked path, without a prompt at the end that nobody answered, because
 * nothing of that can be replayed. Trees without any answer are counted in `unanswered`.
 */
export function convertOasst(trees: readonly Tree[]): {
  conversations: Conversation[]
  trailingPrompts: number
  unanswered: number
} {
  const conversations: Conversation[] = []
  let trailingPrompts = 0
  let unanswered = 0
  for (const tree of trees) {
    const messages = followBestRank(tree.prompt).map(toMessage)
    if (messages.at(-1)?.role === 'user') {
      messages.pop()
      if (messages.length === 0) unanswered += 1
      else trailingPrompts += 1
    }
    if (messages.length > 0) {
      conversations.push({
        id: `oasst-${tree.message_tree_id}`,
        messages,
        metadata: { dataset: 'oasst-en-100' },
      })
    }
  }
  return { conversations, trailingPrompts, unanswered }
}

function toMessage(node: Node): Message {
  return { role: node.role === 'prompter' ? 'user' : 'assistant', content: node.text }
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const path = join(folders.source, 'en_100_tree.jsonl')
  const { conversations, trailingPrompts, unanswered } = convertOasst(
    await readJsonLines({ path, schema: treeSchema }),
  )
  await writeCorpus({ folder: folders.output, name: 'oasst-en-100', conversations })
  console.log(`${conversations.length} conversations in ${folders.output}`)
  console.log(`${trailingPrompts} unanswered last prompts dropped, ${unanswered} trees without an answer`)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
